"""Every key that transformers writes into config.json of the supported architectures, with its default values.

  python config_keys.py --out test/fixtures/config-keys.json

Models have four layers, so that lists of layers are short; everything else is as the class has it.
"""

import argparse
import json

import transformers
from transformers import (
    Gemma2Config,
    Gemma3TextConfig,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    GptOssConfig,
    GraniteConfig,
    LlamaConfig,
    MistralConfig,
    MixtralConfig,
    Olmo2Config,
    Olmo3Config,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
    Qwen3MoeConfig,
    SmolLM3Config,
)

CLASSES = {
    LlamaConfig: "LlamaForCausalLM",
    MistralConfig: "MistralForCausalLM",
    Qwen2Config: "Qwen2ForCausalLM",
    Qwen3Config: "Qwen3ForCausalLM",
    GemmaConfig: "GemmaForCausalLM",
    Gemma2Config: "Gemma2ForCausalLM",
    Gemma3TextConfig: "Gemma3ForCausalLM",
    Phi3Config: "Phi3ForCausalLM",
    Olmo2Config: "Olmo2ForCausalLM",
    Olmo3Config: "Olmo3ForCausalLM",
    SmolLM3Config: "SmolLM3ForCausalLM",
    GraniteConfig: "GraniteForCausalLM",
    Qwen3MoeConfig: "Qwen3MoeForCausalLM",
    MixtralConfig: "MixtralForCausalLM",
    GptOssConfig: "GptOssForCausalLM",
    GPTNeoXConfig: "GPTNeoXForCausalLM",
    GPT2Config: "GPT2LMHeadModel",
}

cli = argparse.ArgumentParser()
cli.add_argument("--out", required=True)
args = cli.parse_args()
configs = []
for kind, name in CLASSES.items():
    layers = {"n_layer": 4} if kind is GPT2Config else {"num_hidden_layers": 4}
    configs.append(json.loads(kind(**layers, architectures=[name]).to_json_string(use_diff=False)))
record = {"madeBy": "scripts/reference/config_keys.py", "madeWith": f"transformers {transformers.__version__}"}
with open(args.out, "w") as file:
    json.dump(record | {"configs": configs}, file, indent=1, sort_keys=True)
    file.write("\n")

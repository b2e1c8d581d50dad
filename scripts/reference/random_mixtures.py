"""Random configurations of mixtures of experts, with the logits that transformers computes from them.

  python random_mixtures.py --out test/fixtures/random-mixtures.json

Weights are not stored: each is a sine of its index and its name (`values`), under the names of the files that
transformers writes. What a configuration changes of the family's is beside it, for a reader that refuses it by name.
"""

import argparse
import json
import math
import os
import random
import tempfile

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, GptOssConfig, MixtralConfig, Qwen3MoeConfig, __version__

from fixture import short, write

SMALL = dict(
    vocab_size=19, hidden_size=8, intermediate_size=6, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, head_dim=4, max_position_embeddings=32, bos_token_id=1, eos_token_id=2, pad_token_id=None,
)
IDS = [[1, 5, 9, 3, 18, 4, 8, 7]]
YARN = {"rope_type": "yarn", "rope_theta": 150000.0, "factor": 4.0, "original_max_position_embeddings": 8,
        "beta_fast": 32.0, "beta_slow": 1.0, "truncate": False}
SHARED = {
    "rms_norm_eps": [1e-6, 1e-3],
    "tie_word_embeddings": [True, False],
    "num_key_value_heads": [1, 2],
    "head_dim": [4, 6],
    "attention_dropout": [0.0, 0.1],
    "output_router_logits": [True, False],
    "router_aux_loss_coef": [0.0, 0.3],
    "initializer_range": [0.02, 0.5],
    "use_cache": [True, False],
}
FAMILIES = {
    "mixtral": (MixtralConfig, "MixtralForCausalLM", {
        "num_local_experts": [2, 3, 4], "num_experts_per_tok": [1, 2], "sliding_window": [None, 3],
        "rope_parameters": [{"rope_type": "default", "rope_theta": 500.0}, {"rope_type": "linear", "rope_theta": 1e4, "factor": 2.0}],
        "router_jitter_noise": [0.0, 0.1], "hidden_act": ["silu", "gelu"],
    }),
    "qwen3_moe": (Qwen3MoeConfig, "Qwen3MoeForCausalLM", {
        "num_local_experts": [2, 3, 5], "num_experts_per_tok": [1, 2], "norm_topk_prob": [True, False],
        "moe_intermediate_size": [3, 7], "attention_bias": [True, False], "decoder_sparse_step": [1, 1, 2],
        "mlp_only_layers": [[], [], [1]], "rope_parameters": [{"rope_type": "default", "rope_theta": 500.0}],
    }),
    "gpt_oss": (GptOssConfig, "GptOssForCausalLM", {
        "num_local_experts": [2, 4], "num_experts_per_tok": [1, 2], "sliding_window": [2, 5],
        "layer_types": [["sliding_attention", "full_attention"], ["full_attention", "full_attention"]],
        "attention_bias": [True, True, False], "rope_parameters": [YARN, {"rope_type": "default", "rope_theta": 500.0}],
    }),
}
CASES = 10


def values(name, shape):
    start = sum(ord(letter) * (1 + i % 7) for i, letter in enumerate(name)) % 1000
    x = torch.sin(torch.arange(math.prod(shape), dtype=torch.float64) * 0.7 + start)
    return (1 + 0.2 * x if name.endswith("norm.weight") else 0.5 * x).to(torch.float32).reshape(shape)


def case(kind, class_name, choices, draw):
    keys = draw.sample(sorted(choices), draw.randint(4, 9))
    changes = {key: draw.choice(choices[key]) for key in keys}
    config = kind(**{**SMALL, "num_local_experts": 4, "num_experts_per_tok": 2, **changes})
    config.architectures = [class_name]
    with tempfile.TemporaryDirectory() as folder:
        AutoModelForCausalLM.from_config(config).save_pretrained(folder)
        path = os.path.join(folder, "model.safetensors")
        with safe_open(path, "pt") as file:
            shapes = {name: file.get_slice(name).get_shape() for name in file.keys()}
        save_file({name: values(name, shape) for name, shape in shapes.items()}, path, {"format": "pt"})
        eager = {"attn_implementation": "eager", "experts_implementation": "eager"}
        model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, **eager).eval()
        with open(os.path.join(folder, "config.json")) as file:
            written = json.load(file)
    with torch.no_grad():
        logits = model(torch.tensor(IDS)).logits[0, -1]
    return {"changes": changes, "config": written, "tensors": shapes, "logits": short(logits)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    cases = []
    for name, (kind, class_name, own) in FAMILIES.items():
        draw = random.Random(name)
        for _ in range(CASES):
            cases.append({"family": name, **case(kind, class_name, {**SHARED, **own}, draw)})
            print(name, cases[-1]["changes"], flush=True)
    about = {"madeBy": "scripts/reference/random_mixtures.py", "transformers": __version__, "torch": torch.__version__}
    write(args.out, {"about": about, "inputIds": IDS, "cases": cases})


if __name__ == "__main__":
    main()

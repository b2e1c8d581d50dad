"""Adapters of every kind that peft's LoRA has, over the small models of make_fixtures.py and make_architectures.py, with the
log-probabilities (or scores) that peft gives after loading them again; and the keys that LoraConfig writes.

    python scripts/reference/make_adapters.py --out test/fixtures
"""

import argparse
import json
import os
import shutil
import warnings

import peft
import torch
import transformers
from fixture import short, write
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

warnings.filterwarnings("ignore")
QV = ["q_proj", "v_proj"]
PATHS = ["model.layers.0.self_attn.q_proj", "model.layers.1.mlp.down_proj"]

# name: (base, LoraConfig beyond r=2 and lora_alpha=3)
KINDS = {
    "expression": ("llama-tied", dict(target_modules=r".*\.self_attn\.(q_proj|v_proj)")),
    "all-linear": ("llama-tied", dict(target_modules="all-linear")),
    "layers": ("llama-tied", dict(target_modules=QV, layers_to_transform=[1])),
    "layers-pattern": ("llama-tied", dict(target_modules=QV, layers_to_transform=0, layers_pattern="layers")),
    "exclude-names": ("llama-tied", dict(target_modules=QV, exclude_modules=["layers.0.self_attn.v_proj"])),
    "exclude-expression": ("llama-tied", dict(target_modules=QV, exclude_modules=r".*\.1\.self_attn\.q_proj")),
    "paths": ("llama-tied", dict(target_modules=PATHS)),
    "patterns": (
        "llama-tied",
        dict(
            target_modules=[*QV, "down_proj"],
            rank_pattern={r"layers\.0\.self_attn\.q_proj": 3, "down_proj": 1},
            alpha_pattern={"v_proj": 5, r".*layers.1.mlp.down_proj": 7},
        ),
    ),
    "patterns-rslora": (
        "llama-tied",
        dict(target_modules=QV, use_rslora=True, rank_pattern={"q_proj": 3}, alpha_pattern={"0.self_attn.v_proj": 5}),
    ),
    "dora": ("llama-tied", dict(target_modules=[*QV, "down_proj"], use_dora=True, rank_pattern={"down_proj": 3})),
    "dora-embedding": ("llama-tied", dict(target_modules=["q_proj", "embed_tokens"], use_dora=True)),
    "embedding": ("llama-tied", dict(target_modules=["q_proj", "embed_tokens"])),
    "embedding-tied": ("llama-tied", dict(target_modules=["q_proj", "embed_tokens"], ensure_weight_tying=True)),
    "head": ("llama-tied", dict(target_modules=["q_proj", "lm_head"])),
    "head-untied": ("llama-untied", dict(target_modules=["q_proj", "lm_head", "embed_tokens"])),
    "saved-embedding": ("llama-tied", dict(target_modules=QV, modules_to_save=["embed_tokens"])),
    "saved-tied": (
        "llama-tied",
        dict(target_modules=QV, modules_to_save=["embed_tokens"], ensure_weight_tying=True),
    ),
    "saved-both": ("llama-tied", dict(target_modules=QV, modules_to_save=["embed_tokens", "lm_head"])),
    "saved-untied": ("llama-untied", dict(target_modules=QV, modules_to_save=["embed_tokens", "lm_head"])),
    "saved-norms": ("llama-tied", dict(target_modules=QV, modules_to_save=["input_layernorm", "norm"])),
    "saved-mlp": ("llama-tied", dict(target_modules=[*QV, "up_proj"], modules_to_save=["mlp"])),
    "tokens": ("llama-tied", dict(target_modules=QV, trainable_token_indices=[9, 5, 40])),
    "tokens-apart": (
        "llama-tied",
        dict(target_modules=QV, trainable_token_indices={"embed_tokens": [5, 9], "lm_head": [7]}),
    ),
    "tokens-untied": ("llama-untied", dict(target_modules=QV, trainable_token_indices={"embed_tokens": [5, 9]})),
    "more-tokens": ("llama-tied", dict(target_modules=QV)),
    "olora": ("llama-tied", dict(target_modules=[*QV, "down_proj"], init_lora_weights="olora")),
    "bias-all": ("llama-bias", dict(target_modules=QV, bias="all")),
    "bias-lora-only": ("llama-bias", dict(target_modules=QV, bias="lora_only")),
    "lora-bias": ("llama-bias", dict(target_modules=QV, lora_bias=True, alpha_pattern={"v_proj": 5})),
    "lora-bias-new": ("llama-tied", dict(target_modules=["o_proj", "down_proj"], lora_bias=True)),
    "gpt2-dora-biases": ("gpt2", dict(target_modules=["c_attn", "mlp.c_proj"], use_dora=True, bias="all")),
    "gpt2-saved": ("gpt2", dict(target_modules=["c_attn"], modules_to_save=["wpe", "ln_1", "ln_f"])),
    "gpt2-embedding": ("gpt2", dict(target_modules=["c_fc", "wte"])),
    "gpt-neox-dora-biases": ("gpt-neox", dict(target_modules=["query_key_value"], use_dora=True, bias="all")),
    "gpt-neox-lora-bias": ("gpt-neox", dict(target_modules=["query_key_value", "dense"], lora_bias=True)),
    "gpt-neox-saved": ("gpt-neox", dict(target_modules="all-linear", modules_to_save=["lm_head", "embed_in"])),
    "gpt-neox-olora": ("gpt-neox", dict(target_modules=["query_key_value"], init_lora_weights="olora")),
    "phi3-patterns": (
        "phi3",
        dict(target_modules=["qkv_proj", "gate_up_proj"], rank_pattern={"qkv_proj": 3}, modules_to_save=["lm_head"]),
    ),
    "phi3-dora": ("phi3", dict(target_modules="all-linear", use_dora=True)),
    "gemma2-tokens": ("gemma2", dict(target_modules=QV, trainable_token_indices=[3, 11])),
    "gemma2-saved": ("gemma2", dict(target_modules=QV, modules_to_save=["embed_tokens", "post_feedforward_layernorm"])),
    "qwen2-biases": ("qwen2", dict(target_modules=QV, bias="lora_only")),
    "reward": ("llama-tied", dict(target_modules=QV, task_type="SEQ_CLS")),
    "reward-whole": ("llama-reward", dict(target_modules="all-linear", task_type="SEQ_CLS", modules_to_save=["score"])),
    "images": ("gemma3-images", dict(target_modules=[*QV, "fc1"])),
    "images-text": (
        "gemma3-images",
        dict(target_modules=r".*language_model.*\.(q_proj|down_proj)", trainable_token_indices=[5, 9], modules_to_save=["norm"]),
    ),
}
ADDED = 3  # tokens that "more-tokens" adds


def load(base, kind):
    classes = AutoModelForSequenceClassification if kind.startswith("reward") else AutoModelForCausalLM
    extra = dict(num_labels=1) if kind.startswith("reward") else {}
    torch.manual_seed(0)  # a head that the base lacks is drawn
    return classes.from_pretrained(base, dtype=torch.float32, **extra).eval()


def make(out, index, name, base, settings):
    folder = f"{out}/adapters/kinds/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    settings = dict(task_type="CAUSAL_LM") | settings
    model = load(f"{out}/models/{base}", name)
    if name == "more-tokens":
        model.resize_token_embeddings(model.config.vocab_size + ADDED)
    model = get_peft_model(model, LoraConfig(r=2, lora_alpha=3, **settings))
    random = torch.Generator().manual_seed(500 + index)
    with torch.no_grad():
        for part, weight in model.named_parameters():
            if weight.requires_grad and "lora_magnitude" not in part:
                weight.add_(torch.randn(weight.shape, generator=random) * 0.2)
            elif weight.requires_grad:
                weight.mul_(1 + torch.rand(weight.shape, generator=random) * 0.3)
    model.peft_config["default"].base_model_name_or_path = base
    model.save_pretrained(folder, save_embedding_layers=True if name == "more-tokens" else "auto")
    os.remove(f"{folder}/README.md")
    saved = json.load(open(f"{folder}/adapter_config.json"))
    for key in ("target_modules", "exclude_modules"):
        if isinstance(saved[key], list):
            saved[key].sort()  # a set: its order differs from run to run
    json.dump(saved, open(f"{folder}/adapter_config.json", "w"), indent=1)
    path = f"{folder}/adapter_model.safetensors"
    save_file({k: v.bfloat16() for k, v in load_file(path).items()}, path, metadata={"format": "pt"})

    again = load(f"{out}/models/{base}", name)
    if name == "more-tokens":
        again.resize_token_embeddings(again.config.vocab_size + ADDED)
    again = PeftModel.from_pretrained(again, folder).eval()
    rows = torch.randint(4, 60, (2, 10), generator=random)
    rows[0, 2], rows[0, 6], rows[1, 4] = 5, 9, 7
    if name == "more-tokens":
        rows[1, 8] = again.config.vocab_size - 1
    with torch.no_grad():
        logits = again(input_ids=rows).logits
    record = {"base": base, "inputIds": rows.tolist()}
    if name.startswith("reward"):
        return record | {"scores": short(logits[:, 0])}
    taken = torch.log_softmax(logits, -1)[:, :-1].gather(-1, rows[:, 1:, None])[..., 0]
    return record | {"logProbs": short(taken)}


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--out", default="test/fixtures")
    cli.add_argument("--only")
    args = cli.parse_args()
    path = f"{args.out}/adapters/kinds.json"
    known = json.load(open(path))["kinds"] if args.only else {}
    for index, (name, (base, settings)) in enumerate(KINDS.items()):
        if args.only in (None, name):
            known[name] = make(args.out, index, name, base, settings)
    keys = sorted(LoraConfig().to_dict())
    keys.remove("runtime_config") if "runtime_config" in keys else None
    about = {"peft": peft.__version__, "transformers": transformers.__version__, "torch": torch.__version__}
    write(path, {"about": about, "keys": keys, "kinds": known})


main()

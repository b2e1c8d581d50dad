"""Tiny random models of every architecture besides the Llama family, with what transformers computes from them.

  python make_architectures.py --out test/fixtures [--only gemma2]

For each: logits, loss and the gradient of every weight, the greedy continuation of prompts (cached decoding), and for
some the rewards of a sequence classifier or the logits with a LoRA adapter of PEFT. Everything follows from fixed seeds.
"""

import argparse
import json
import os
import shutil

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    Gemma2Config,
    Gemma3TextConfig,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    LlamaConfig,
    Olmo2Config,
    Phi3Config,
    Qwen3Config,
)

from fixture import short, write
from make_fixtures import ABOUT, batch, expectations, load, logit_record, randomise, rope

ABOUT = ABOUT | {"madeBy": "scripts/reference/make_architectures.py"}
# No padding token: torch's embedding has no gradient in its row.
IDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=None)
SMALL = dict(
    vocab_size=67, hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=2,
    num_key_value_heads=1, max_position_embeddings=64, **IDS,
)


def without(settings, *names):
    return {k: v for k, v in settings.items() if k not in names}


# name: (config, dtype on disk, LoRA targets of an adapter, config.json as before transformers 5)
MODELS = {
    # Heads wider than hidden / heads, a window from the second layer on.
    "qwen3": (
        Qwen3Config(**SMALL, head_dim=32, rms_norm_eps=1e-6, rope_parameters=rope(1000000.0), tie_word_embeddings=True,
                    use_sliding_window=True, sliding_window=6, max_window_layers=1),
        torch.bfloat16, None, {"rope_theta": 1000000.0, "layer_types": None},
    ),
    "gemma": (
        GemmaConfig(**SMALL, head_dim=16, rms_norm_eps=1e-6, rope_parameters=rope(10000.0)),
        torch.bfloat16, None, {"rope_theta": 10000.0, "hidden_act": "gelu"},
    ),
    # Weights of std 0.2 give scores and logits of several units: both caps bite.
    "gemma2": (
        Gemma2Config(**SMALL, head_dim=16, rms_norm_eps=1e-6, rope_parameters=rope(10000.0), query_pre_attn_scalar=24,
                     sliding_window=6, attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
        torch.bfloat16, ["q_proj", "down_proj"], {"rope_theta": 10000.0, "layer_types": None},
    ),
    # Two local layers, one global; long waves scaled in the global one.
    "gemma3": (
        Gemma3TextConfig(**SMALL | {"num_hidden_layers": 3}, head_dim=16, rms_norm_eps=1e-6, query_pre_attn_scalar=24,
                         sliding_window=5, layer_types=["sliding_attention", "sliding_attention", "full_attention"],
                         rope_parameters={"full_attention": rope(1000000.0) | {"rope_type": "linear", "factor": 8.0},
                                          "sliding_attention": rope(10000.0)}),
        torch.bfloat16, None,
        {"rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "sliding_window_pattern": 3, "layer_types": None,
         "rope_scaling": {"rope_type": "linear", "factor": 8.0}},
    ),
    "phi3": (
        Phi3Config(**SMALL, rms_norm_eps=1e-5, rope_parameters=rope(10000.0) | {"partial_rotary_factor": 0.75},
                   sliding_window=7, original_max_position_embeddings=64),
        torch.bfloat16, ["qkv_proj", "gate_up_proj", "o_proj"],
        {"rope_theta": 10000.0, "partial_rotary_factor": 0.75, "rope_scaling": None},
    ),
    "olmo2": (
        Olmo2Config(**SMALL, rms_norm_eps=1e-6, rope_parameters=rope(500000.0), tie_word_embeddings=False),
        torch.bfloat16, None, {"rope_theta": 500000.0, "rope_scaling": None},
    ),
    # A quarter of each head is turned.
    "gpt-neox": (
        GPTNeoXConfig(**without(SMALL, "num_key_value_heads"),
                      layer_norm_eps=1e-5, use_parallel_residual=True,
                      rope_parameters=rope(10000.0) | {"partial_rotary_factor": 0.25}),
        torch.bfloat16, ["query_key_value", "dense"], {"rotary_emb_base": 10000, "rotary_pct": 0.25},
    ),
    "gpt-neox-serial": (
        GPTNeoXConfig(**without(SMALL, "num_key_value_heads") | {"num_hidden_layers": 1}, layer_norm_eps=1e-5,
                      use_parallel_residual=False, attention_bias=False,
                      rope_parameters=rope(10000.0) | {"partial_rotary_factor": 1.0}),
        torch.bfloat16, None, {"rotary_emb_base": 10000, "rotary_pct": 1.0},
    ),
    "gpt2": (
        GPT2Config(vocab_size=67, n_embd=32, n_layer=2, n_head=2, n_inner=40, n_positions=48, **IDS,
                   resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0),
        torch.float32, ["c_attn", "c_proj", "c_fc"], {},
    ),
}

# Reward models as TRL saves them.
CLASSIFIERS = {
    "llama-reward": (
        LlamaConfig(**SMALL | {"num_hidden_layers": 1, "pad_token_id": 0}, rms_norm_eps=1e-5, rope_parameters=rope(10000.0), num_labels=1),
        torch.bfloat16,
    ),
    "gpt2-reward": (
        GPT2Config(vocab_size=67, n_embd=32, n_layer=1, n_head=2, n_inner=40, n_positions=48, **IDS | {"pad_token_id": 0}, num_labels=1,
                   resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0),
        torch.bfloat16,
    ),
}

PROMPTS = [[5, 17, 33, 8, 60, 12, 44, 9, 21], [7], [40, 3, 29, 51]]
NEW_TOKENS = 12


def greedy(model):
    """Cached decoding of transformers, without an end."""
    model.generation_config.eos_token_id = None
    out = []
    for prompt in PROMPTS:
        ids = torch.tensor([prompt])
        more = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=NEW_TOKENS,
            pad_token_id=0, eos_token_id=None,
        )
        out.append(more[0, len(prompt) :].tolist())
    return [{"prompt": prompt, "ids": ids} for prompt, ids in zip(PROMPTS, out)]


def save(model, folder, seed, dtype):
    shutil.rmtree(folder, ignore_errors=True)
    randomise(model, seed)
    model.to(dtype).save_pretrained(folder)
    shutil.rmtree(f"{folder}/README.md", ignore_errors=True)


def make_model(out, index, name):
    config, dtype, targets, legacy = MODELS[name]
    folder = f"{out}/models/{name}"
    config._attn_implementation = "eager"
    save(AutoModelForCausalLM.from_config(config), folder, 600 + index, dtype)

    saved = json.load(open(f"{folder}/config.json"))
    if legacy:
        old = {k: v for k, v in saved.items() if k not in ("rope_parameters", "dtype")} | legacy
        json.dump(old, open(f"{folder}/config.legacy.json", "w"), indent=2, sort_keys=True)

    model = load(folder)
    record = {"name": name, **ABOUT, **expectations(model, config.vocab_size, 700 + index, lambda n: False)}
    if name.startswith("gpt-neox"):  # in its files the head has another name
        record["gradients"] = {k.replace("lm_head", "embed_out"): v for k, v in record["gradients"].items()}
    record["greedy"] = greedy(model)

    if legacy:
        other = f"{folder}/old"
        shutil.copytree(folder, other)
        shutil.move(f"{other}/config.legacy.json", f"{other}/config.json")
        ids = torch.tensor(record["inputIds"])
        with torch.no_grad():
            assert torch.equal(load(other)(input_ids=ids).logits, model(input_ids=ids).logits), name
        shutil.rmtree(other)
    if targets:
        record["adapter"] = make_adapter(folder, 800 + index, targets, record["inputIds"])
    write(f"{folder}/expected.json", record)


def make_adapter(base, seed, targets, ids):
    folder = f"{base}/adapter"
    model = get_peft_model(load(base), LoraConfig(task_type="CAUSAL_LM", r=2, lora_alpha=6, target_modules=targets))
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part, weight in model.named_parameters():
            if "lora_" in part:
                weight.copy_(torch.randn(weight.shape, generator=random) * 0.2)
    model.peft_config["default"].base_model_name_or_path = os.path.basename(base)
    model.save_pretrained(folder)
    os.remove(f"{folder}/README.md")
    saved = json.load(open(f"{folder}/adapter_config.json"))
    saved["target_modules"].sort()
    json.dump(saved, open(f"{folder}/adapter_config.json", "w"), indent=2)
    model = PeftModel.from_pretrained(load(base), folder).eval()
    with torch.no_grad():
        return {"logits": logit_record(model(input_ids=torch.tensor(ids)).logits, [[0, 0], [0, 23], [1, 11]])}


def make_classifier(out, index, name):
    config, dtype = CLASSIFIERS[name]
    folder = f"{out}/models/{name}"
    save(AutoModelForSequenceClassification.from_config(config), folder, 900 + index, dtype)
    model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    ids, _, short_ids = batch(config.vocab_size, 950 + index)
    ids = ids.clamp(min=3)  # no padding in the middle: it would end the row
    with torch.no_grad():
        scores = [model.eval()(input_ids=torch.tensor([row])).logits[0, 0] for row in ids.tolist() + [[9, 4, 11]]]
    record = {
        "name": name, "madeBy": ABOUT["madeBy"], "madeWith": ABOUT["madeWith"],
        "inputIds": ids.tolist() + [[9, 4, 11]], "scores": short(torch.stack(scores)),
    }
    write(f"{folder}/expected.json", record)


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--out", required=True)
    cli.add_argument("--only")
    args = cli.parse_args()
    torch.set_num_threads(1)
    for index, name in enumerate(MODELS):
        if args.only in (None, name):
            make_model(args.out, index, name)
    for index, name in enumerate(CLASSIFIERS):
        if args.only in (None, name):
            make_classifier(args.out, index, name)


if __name__ == "__main__":
    main()

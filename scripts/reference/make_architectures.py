"""Tiny random models of every architecture besides the Llama family, with what transformers computes from them.

  python make_architectures.py --out test/fixtures [--only gemma2 ...]

For each: logits, loss and the gradient of every weight, the greedy continuation of prompts (cached decoding), and for
some the rewards of a sequence classifier or the logits with a LoRA adapter of PEFT. Everything follows from fixed seeds.
"""

import argparse
import json
import os
import shutil

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    Gemma2Config,
    Gemma3Config,
    Gemma3ForConditionalGeneration,
    Gemma3TextConfig,
    GemmaConfig,
    GPT2Config,
    GPTNeoXConfig,
    GptOssConfig,
    GraniteConfig,
    LlamaConfig,
    MixtralConfig,
    Olmo2Config,
    Olmo3Config,
    Phi3Config,
    Qwen2Config,
    Qwen3Config,
    Qwen3MoeConfig,
    SmolLM3Config,
)
from transformers.integrations.mxfp4 import convert_moe_packed_tensors
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

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


YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}
MSCALE = {"truncate": False, "beta_fast": 2.5, "beta_slow": 0.5, "mscale": 1.0, "mscale_all_dim": 0.4}
LONGROPE = {"short_factor": [1.0, 1.1, 1.25, 1.5, 2.0, 3.0], "long_factor": [1.5, 2.0, 4.0, 8.0, 16.0, 32.0]}


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
    # Turns of the eight frequencies in 16 positions: 2.5, 1.4, 0.8, ...: one is kept, one is between, six are stretched.
    "yarn": (
        Qwen2Config(**SMALL, rms_norm_eps=1e-6, rope_parameters=rope(100.0) | YARN | {"beta_fast": 2}),
        torch.bfloat16, None, {"rope_theta": 100.0, "rope_scaling": YARN | {"beta_fast": 2}, "layer_types": None},
    ),
    "yarn-mscale": (
        LlamaConfig(**SMALL, rms_norm_eps=1e-6, rope_parameters=rope(100.0) | YARN | MSCALE),
        torch.bfloat16, None, {"rope_theta": 100.0, "rope_scaling": {"type": "yarn"} | YARN | MSCALE},
    ),
    # As Phi-4-mini: three quarters of each head are turned, the head is the embedding; rows are shorter than 32.
    "longrope": (
        Phi3Config(**SMALL, rms_norm_eps=1e-5, tie_word_embeddings=True, original_max_position_embeddings=32,
                   rope_parameters=rope(10000.0) | LONGROPE | {"rope_type": "longrope", "partial_rotary_factor": 0.75}),
        torch.bfloat16, ["qkv_proj", "gate_up_proj", "o_proj"],
        {"rope_theta": 10000.0, "partial_rotary_factor": 0.75, "rope_scaling": {"type": "longrope"} | LONGROPE},
    ),
    # Windows in three layers of four, yarn in the fourth alone.
    "olmo3": (
        Olmo3Config(**SMALL | {"num_hidden_layers": 4}, rms_norm_eps=1e-6, sliding_window=6, tie_word_embeddings=False,
                    rope_parameters={"full_attention": rope(500000.0) | YARN, "sliding_attention": rope(500000.0)}),
        torch.bfloat16, None, {"rope_theta": 500000.0, "rope_scaling": YARN | {"attention_factor": None}, "layer_types": None},
    ),
    # Every other layer is not turned, and has a window.
    "smollm3": (
        SmolLM3Config(**SMALL | {"num_hidden_layers": 4}, rms_norm_eps=1e-6, no_rope_layer_interval=2, use_sliding_window=True,
                      sliding_window=6, rope_parameters=rope(5000000.0)),
        torch.bfloat16, ["q_proj", "up_proj"],
        {"rope_theta": 5000000.0, "rope_scaling": None, "no_rope_layers": None, "layer_types": None},
    ),
    "granite": (
        GraniteConfig(**SMALL, rms_norm_eps=1e-5, rope_parameters=rope(10000.0), tie_word_embeddings=True, embedding_multiplier=3.0,
                      attention_multiplier=0.2, residual_multiplier=0.4, logits_scaling=2.5),
        torch.bfloat16, ["k_proj", "down_proj"], {"rope_theta": 10000.0, "rope_scaling": None},
    ),
    # Two of five experts, with their shares of the softmax over all five.
    "qwen3-moe": (
        Qwen3MoeConfig(**SMALL, head_dim=16, rms_norm_eps=1e-6, rope_parameters=rope(1000000.0), num_experts=5, num_experts_per_tok=2,
                       moe_intermediate_size=12, norm_topk_prob=False),
        torch.bfloat16, ["q_proj", "o_proj"], {"rope_theta": 1000000.0, "rope_scaling": None, "max_window_layers": 2},
    ),
    # Two of four, whose weights sum to 1; a window.
    "mixtral": (
        MixtralConfig(**SMALL | {"intermediate_size": 12}, rms_norm_eps=1e-5, rope_parameters=rope(1000000.0), num_local_experts=4,
                      num_experts_per_tok=2, sliding_window=6),
        torch.bfloat16, ["q_proj", "v_proj"], {"rope_theta": 1000000.0, "head_dim": None},
    ),
    # Sinks, a window in every other layer, YaRN in all; a limit that bites.
    "gpt-oss": (
        GptOssConfig(**SMALL | {"intermediate_size": 12}, head_dim=16, rms_norm_eps=1e-5, num_local_experts=4, num_experts_per_tok=2,
                     sliding_window=6, swiglu_limit=0.8, rope_parameters=rope(100.0) | YARN | {"truncate": False}),
        torch.bfloat16, ["q_proj", "k_proj", "v_proj", "o_proj"],
        {"rope_theta": 100.0, "rope_scaling": YARN | {"truncate": False}},
    ),
}

# How the files of mixtures of experts have what transformers 5 keeps in one tensor: module, and names of one expert's layers.
EXPERTS = {"qwen3-moe": ("mlp", ["gate_proj", "up_proj", "down_proj"]), "mixtral": ("block_sparse_moe", ["w1", "w3", "w2"])}


def in_files(model, name, x):
    if model not in EXPERTS or ".mlp." not in name:
        return [(name, x)]
    module, (gate, up, down) = EXPERTS[model]
    name = name.replace(".mlp.", f".{module}.")
    at, _, last = name.rpartition(".")
    if last == "gate_up_proj":
        return [(f"{at}.{e}.{part}.weight", y) for e, both in enumerate(x) for part, y in zip((gate, up), both.chunk(2))]
    return [(f"{at}.{e}.{down}.weight", y) for e, y in enumerate(x)] if last == "down_proj" else [(name, x)]

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
    config._experts_implementation = "eager"
    save(AutoModelForCausalLM.from_config(config), folder, 600 + index, dtype)

    saved = json.load(open(f"{folder}/config.json"))
    if legacy:
        old = {k: v for k, v in saved.items() if k not in ("rope_parameters", "dtype")} | legacy
        json.dump(old, open(f"{folder}/config.legacy.json", "w"), indent=2, sort_keys=True)

    model = load(folder)
    record = {"name": name, **ABOUT, **expectations(model, config.vocab_size, 700 + index, lambda n: False, in_files=lambda n, x: in_files(name, n, x))}
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


def make_packed(out, name="gpt-oss-mxfp4"):
    """gpt-oss with its experts packed as it is published: random blocks and scales, and what the model of their values computes."""
    folder = f"{out}/models/{name}"
    settings = without(MODELS["gpt-oss"][0].to_dict(), "architectures", "layer_types", "_experts_implementation")
    config = GptOssConfig(**settings | {"num_hidden_layers": 1, "intermediate_size": 32, "num_local_experts": 3})
    config._attn_implementation = "eager"
    config._experts_implementation = "eager"
    save(AutoModelForCausalLM.from_config(config), folder, 990, torch.bfloat16)
    model = load(folder)
    random = torch.Generator().manual_seed(991)
    tensors = load_file(f"{folder}/model.safetensors")
    for key in [key for key in tensors if key.endswith((".gate_up_proj", ".down_proj")) and ".experts." in key]:
        experts, inputs, outputs = tensors.pop(key).shape
        blocks = torch.randint(0, 256, (experts, outputs, inputs // 32, 16), generator=random, dtype=torch.uint8)
        scales = torch.randint(122, 126, (experts, outputs, inputs // 32), generator=random, dtype=torch.uint8)
        tensors |= {f"{key}_blocks": blocks, f"{key}_scales": scales}
        values = convert_moe_packed_tensors(blocks, scales, dtype=torch.float32)
        with torch.no_grad():
            model.get_parameter(key).copy_(values)
    save_file(tensors, f"{folder}/model.safetensors", metadata={"format": "pt"})
    saved = json.load(open(f"{folder}/config.json"))
    saved["quantization_config"] = {"quant_method": "mxfp4", "modules_to_not_convert": ["model.layers.*.self_attn", "lm_head"]}
    json.dump(saved, open(f"{folder}/config.json", "w"), indent=2, sort_keys=True)
    ids, _, _ = batch(67, 992)
    with torch.no_grad():
        logits = logit_record(model(input_ids=ids).logits, [[0, 0], [0, 23], [1, 11]])
    write(f"{folder}/expected.json", {"name": name, **ABOUT, "inputIds": ids.tolist(), "logits": logits})


def make_with_images(out, name="gemma3-images"):
    """A model that sees images, and what it makes of text alone."""
    folder = f"{out}/models/{name}"
    text = without(MODELS["gemma3"][0].to_dict(), "architectures")
    config = Gemma3Config(
        text_config=text, image_token_index=1000, boi_token_index=1001, eoi_token_index=1002, mm_tokens_per_image=4, **IDS,
        vision_config=dict(hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2, image_size=8, patch_size=4),
    )
    config._attn_implementation = "eager"
    save(Gemma3ForConditionalGeneration(config), folder, 970, torch.bfloat16)
    model = Gemma3ForConditionalGeneration.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()
    ids, _, _ = batch(67, 971)
    with torch.no_grad():
        logits = logit_record(model(input_ids=ids).logits, [[0, 0], [0, 23], [1, 11]])
    write(f"{folder}/expected.json", {"name": name, **ABOUT, "inputIds": ids.tolist(), "logits": logits, "greedy": greedy(model)})


def make_rope(out):
    """Frequencies and factors of random scalings: what a model of the type makes of config.json."""
    random = torch.Generator().manual_seed(980)
    draw = lambda low, high: round(low + (high - low) * torch.rand((), generator=random).item(), 3)
    one = lambda *choices: choices[int(draw(0, len(choices) - 0.001))]
    cases = []
    for index in range(60):
        kind = ("linear", "llama3", "yarn", "longrope")[index % 4]
        head_dim, original = one(8, 16, 64), one(16, 512, 4096)
        full = original * one(1, 2, 8)
        scaling = {"rope_type": kind, "rope_theta": one(100.0, 10000.0, 1000000.0)}
        if kind != "longrope":
            scaling["factor"] = draw(1, 40)
        if kind != "linear":
            scaling["original_max_position_embeddings"] = original
        if kind == "llama3":
            scaling |= {"low_freq_factor": draw(0.5, 2), "high_freq_factor": draw(3, 8)}
        if kind == "longrope":
            scaling |= {f: [draw(1, 60) for _ in range(head_dim // 2)] for f in ("short_factor", "long_factor")}
        if kind in ("yarn", "longrope") and one(True, False):
            scaling["attention_factor"] = draw(0.5, 2)
        if kind == "yarn":
            for key, low, high in (("beta_fast", 16, 40), ("beta_slow", 0.5, 4), ("mscale", 0.2, 2), ("mscale_all_dim", 0.2, 2)):
                if one(True, False):
                    scaling[key] = draw(low, high)
            if one(True, False):
                scaling["truncate"] = one(True, False)
        settings = SMALL | {"hidden_size": 2 * head_dim, "max_position_embeddings": full}
        if kind == "longrope":
            config = Phi3Config(**settings, original_max_position_embeddings=original, rope_parameters=dict(scaling))
        else:
            config = LlamaConfig(**settings, rms_norm_eps=1e-6, rope_parameters=dict(scaling))
        frequencies, factor = ROPE_INIT_FUNCTIONS[kind](config)
        config.architectures = ["Phi3ForCausalLM" if kind == "longrope" else "LlamaForCausalLM"]
        config = json.loads(config.to_json_string(use_diff=False)) | {"rope_parameters": scaling}
        cases.append({"config": config, "frequencies": [float(f"{x:.9g}") for x in frequencies.tolist()], "factor": factor})
    write(f"{out}/rope-scalings.json", {**ABOUT, "cases": cases})


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
    cli.add_argument("--only", nargs="*")
    args = cli.parse_args()
    torch.set_num_threads(1)
    for index, name in enumerate(MODELS):
        if args.only is None or name in args.only:
            make_model(args.out, index, name)
    for index, name in enumerate(CLASSIFIERS):
        if args.only is None or name in args.only:
            make_classifier(args.out, index, name)
    if args.only is None or "gpt-oss-mxfp4" in args.only:
        make_packed(args.out)
    if args.only is None or "gemma3-images" in args.only:
        make_with_images(args.out)
    if args.only is None or "rope-scalings" in args.only:
        make_rope(args.out)


if __name__ == "__main__":
    main()

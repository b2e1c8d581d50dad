"""GGUF files of the tiny models in test/fixtures/models, with the names and keys of ggml's Python package.

  python make_gguf.py --fixtures test/fixtures

What llama.cpp's converter (convert_hf_to_gguf.py) does to tensors beside renaming is done here: the row order of q and k
of Llama models, norms stored as 1 + w (Gemma), GPT-2's transposed layers, GPT-NeoX's q, k, v.
"""

import argparse
import glob
import json
import os
import re

import gguf
import numpy as np
import torch
from safetensors.torch import load_file

ARCHS = {
    "llama-untied": "LLAMA", "llama3-rope": "LLAMA", "mistral": "LLAMA", "qwen2": "QWEN2", "qwen3": "QWEN3", "gemma": "GEMMA",
    "gemma2": "GEMMA2", "gemma3": "GEMMA3", "phi3": "PHI3", "olmo2": "OLMO2", "gpt-neox": "GPTNEOX", "gpt2": "GPT2",
    "yarn": "QWEN2", "longrope": "PHI3", "olmo3": "OLMO2", "qwen3-moe": "QWEN3MOE", "mixtral": "LLAMA",
}


def permuted(w, heads):
    return w.reshape(heads, 2, w.shape[0] // heads // 2, *w.shape[1:]).swapaxes(1, 2).reshape(w.shape)


def together(tensors):
    """The tensors, with those of a layer's experts as one each, in their order."""
    out, layers = {}, {}
    for name, tensor in tensors.items():
        found = re.fullmatch(r"(.*\.experts)\.(\d+)\.(\w+)\.weight", name)
        if found is None:
            out[name] = tensor
        else:
            layers.setdefault(f"{found[1]}.{found[3]}.weight", {})[int(found[2])] = tensor
    return out | {name: torch.stack([each[e] for e in sorted(each)]) for name, each in layers.items()}


# Models in several files: tensors in each.
SPLIT = {"gemma": 5}


def write(folder, out, kind, tensors_each=0):
    with open(f"{folder}/config.json") as file:
        config = json.load(file)
    get = lambda *keys: next((config[k] for k in keys if config.get(k) is not None), None)
    arch = gguf.MODEL_ARCH[kind]
    layers, heads = get("num_hidden_layers", "n_layer"), get("num_attention_heads", "n_head")
    hidden = get("hidden_size", "n_embd")
    names = gguf.get_tensor_name_map(arch, layers)
    writer = gguf.GGUFWriter(out, gguf.MODEL_ARCH_NAMES[arch], split_max_tensors=tensors_each)
    writer.add_context_length(get("max_position_embeddings", "n_positions"))
    writer.add_embedding_length(hidden)
    writer.add_block_count(layers)
    writer.add_feed_forward_length(get("intermediate_size", "n_inner") or 4 * hidden)
    writer.add_head_count(heads)
    kv = get("num_key_value_heads")
    if kv:
        writer.add_head_count_kv(kv)
    eps = get("rms_norm_eps")
    if eps is not None:
        writer.add_layer_norm_rms_eps(eps)
    else:
        writer.add_layer_norm_eps(get("layer_norm_eps", "layer_norm_epsilon"))
    experts = get("num_experts", "num_local_experts")
    if experts:
        writer.add_expert_count(experts)
        writer.add_expert_used_count(config["num_experts_per_tok"])
    if kind == "QWEN3MOE":
        writer.add_expert_feed_forward_length(config["moe_intermediate_size"])
    head_dim = get("head_dim") or hidden // heads
    if kind not in ("GPT2", "GPTNEOX", "PHI3"):
        writer.add_key_length(head_dim)
        writer.add_value_length(head_dim)
    rope = get("rope_parameters") or {}
    full = rope.get("full_attention", rope)
    if full.get("rope_theta"):
        writer.add_rope_freq_base(full["rope_theta"])
    share = full.get("partial_rotary_factor", get("partial_rotary_factor", "rotary_pct") or 1)
    if kind in ("PHI3", "GPTNEOX"):
        writer.add_rope_dimension_count(int(head_dim * share))
    if full.get("rope_type") == "linear":
        writer.add_rope_scaling_type(gguf.RopeScalingType.LINEAR)
        writer.add_rope_scaling_factor(full["factor"])
    if full.get("rope_type") == "yarn":
        writer.add_rope_scaling_type(gguf.RopeScalingType.YARN)
        writer.add_rope_scaling_factor(full["factor"])
        writer.add_rope_scaling_orig_ctx_len(full["original_max_position_embeddings"])
        writer.add_rope_scaling_yarn_beta_fast(full.get("beta_fast", 32.0))
    if full.get("rope_type") == "longrope":
        short = full["original_max_position_embeddings"]
        scale = config["max_position_embeddings"] / short
        writer.add_rope_scaling_orig_ctx_len(short)
        writer.add_rope_scaling_attn_factors(np.sqrt(1 + np.log(scale) / np.log(short)))
        for form in ("short", "long"):
            writer.add_tensor(f"rope_factors_{form}.weight", np.array(full[f"{form}_factor"], dtype=np.float32))
    if get("sliding_window") and kind in ("LLAMA", "PHI3", "GEMMA2", "GEMMA3"):
        writer.add_sliding_window(config["sliding_window"])
    if kind == "OLMO2" and get("sliding_window"):
        writer.add_sliding_window(config["sliding_window"])
        writer.add_sliding_window_pattern([kind == "sliding_attention" for kind in config["layer_types"]])
    if kind == "GEMMA2":
        writer.add_attn_logit_softcapping(config["attn_logit_softcapping"])
        writer.add_final_logit_softcapping(config["final_logit_softcapping"])
    if kind == "GPTNEOX":
        writer.add_parallel_residual(config["use_parallel_residual"])
    if get("bos_token_id") is not None:
        writer.add_bos_token_id(config["bos_token_id"])
    eos = get("eos_token_id")
    ends = eos if isinstance(eos, list) else [eos] if eos is not None else []
    for token, add in zip(ends, (writer.add_eos_token_id, writer.add_eot_token_id)):
        add(token)
    if full.get("rope_type") == "llama3":
        freqs = 1.0 / (full["rope_theta"] ** (torch.arange(0, head_dim, 2, dtype=torch.float32) / head_dim))
        low, high = full["low_freq_factor"], full["high_freq_factor"]
        old, factor = full["original_max_position_embeddings"], full["factor"]
        factors = []
        for freq in freqs:
            wavelength = 2 * np.pi / freq
            if wavelength < old / high:
                factors.append(1)
            elif wavelength > old / low:
                factors.append(factor)
            else:
                smooth = (old / wavelength - low) / (high - low)
                factors.append(1 / ((1 - smooth) / factor + smooth))
        writer.add_rope_scaling_orig_ctx_len(old)
        writer.add_tensor("rope_freqs.weight", np.array(factors, dtype=np.float32))
    tensors = {}
    for shard in sorted(glob.glob(f"{folder}/*.safetensors")):
        tensors.update(load_file(shard))
    tensors = together(tensors)
    for name, tensor in tensors.items():
        if name.endswith((".attn.bias", ".masked_bias", "rotary_emb.inv_freq")):
            continue
        w = tensor.to(torch.float32).numpy()
        if kind == "LLAMA" and ".q_proj." in name:
            w = permuted(w, heads)
        if kind == "LLAMA" and ".k_proj." in name:
            w = permuted(w, kv)
        if kind.startswith("GEMMA") and name.endswith("norm.weight"):
            w = w + 1
        if kind == "GPT2" and name.endswith(("c_attn.weight", "c_proj.weight", "c_fc.weight")):
            w = w.T
        if kind == "GPTNEOX" and "query_key_value" in name:
            w = w.reshape(heads, 3, head_dim, *w.shape[1:]).swapaxes(0, 1).reshape(w.shape)
        new = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if new is None:
            raise ValueError(f"{kind}: {name}")
        w = np.ascontiguousarray(w)
        if w.ndim == 1 or tensor.dtype == torch.float32:
            writer.add_tensor(new, w)
        else:
            half = gguf.quants.quantize(w, gguf.GGMLQuantizationType.BF16)
            writer.add_tensor(new, half, raw_dtype=gguf.GGMLQuantizationType.BF16)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixtures", required=True)
    parser.add_argument("--only", nargs="*")
    args = parser.parse_args()
    fixtures = args.fixtures
    os.makedirs(f"{fixtures}/gguf", exist_ok=True)
    for name, kind in ARCHS.items():
        if args.only and name not in args.only:
            continue
        write(f"{fixtures}/models/{name}", f"{fixtures}/gguf/{name}.gguf", kind)
        if name in SPLIT:
            os.makedirs(f"{fixtures}/gguf/split", exist_ok=True)
            write(f"{fixtures}/models/{name}", f"{fixtures}/gguf/split/{name}.gguf", kind, SPLIT[name])


if __name__ == "__main__":
    main()

"""LoRA adapters of experts and routers over the small mixtures of make_architectures.py, as the two forms that peft saves
them in, with the log-probabilities that peft gives after loading them again and the gradients of their matrices.

    python scripts/reference/make_expert_adapters.py --out test/fixtures

makes those of transformers 5 (target_parameters). Run again with transformers 4.57 and peft 0.18, it makes those of
modules of single experts. Each run keeps the other's in experts.json.
"""

import argparse
import json
import os
import shutil
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"  # names of bases are not those of a hub

import peft
import torch
import transformers
from fixture import short, write
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

warnings.filterwarnings("ignore")
QV = ["q_proj", "v_proj"]
BOTH = ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]

# name: (base, LoraConfig beyond r=2 and lora_alpha=3); a first part "single-" of the name is for transformers 4
KINDS = {
    "mixtral": ("mixtral", dict(target_modules=QV, target_parameters=["experts.gate_up_proj", "experts.down_proj"])),
    "mixtral-router": ("mixtral", dict(target_modules=[], target_parameters=["mlp.gate.weight", "experts.down_proj"])),
    "mixtral-fused": ("mixtral", dict(target_modules=["q_proj", "w1", "w2", "w3"])),
    "qwen3-moe": ("qwen3-moe", dict(target_modules=QV, target_parameters=BOTH)),
    "qwen3-moe-patterns": (
        "qwen3-moe",
        dict(
            target_modules=["o_proj"],
            target_parameters=["1.mlp.experts.gate_up_proj", "0.mlp.experts.down_proj", "0.self_attn.q_proj.weight"],
            use_rslora=True,
            rank_pattern={"gate_up_proj": 3},
            alpha_pattern={"down_proj": 5},
        ),
    ),
    "qwen3-moe-fused": ("qwen3-moe", dict(target_modules=["gate_proj", "up_proj", "down_proj"])),
    "gpt-oss": ("gpt-oss", dict(target_modules=QV, target_parameters=BOTH)),
    "gpt-oss-router": ("gpt-oss", dict(target_modules=QV, target_parameters=["router.weight", "experts.gate_up_proj"])),
    "single-mixtral": ("mixtral", dict(target_modules=[*QV, "w1", "w2", "w3"])),
    "single-mixtral-all": ("mixtral", dict(target_modules="all-linear")),
    "single-mixtral-some": (
        "mixtral",
        dict(
            target_modules=r".*(0\.block_sparse_moe\.experts\.[02]\.w[13]|1\.block_sparse_moe\.experts\.1\.w[12]|q_proj)",
            rank_pattern={r"experts\.2\.w1": 3},
            alpha_pattern={"w3": 5},
        ),
    ),
    "single-qwen3-moe": (
        "qwen3-moe",
        dict(target_modules=["gate_proj", "up_proj", "down_proj"], exclude_modules=r".*layers\.0\..*", use_rslora=True),
    ),
}


def load(base):
    """The model, with the configuration that this version of transformers wrote."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(base, folder, dirs_exist_ok=True)
        if transformers.__version__.startswith("4"):
            config = json.load(open(f"{base}/config.legacy.json"))
            config.setdefault("num_experts", config.get("num_local_experts"))  # version 4's name, of Qwen3
            json.dump(config, open(f"{folder}/config.json", "w"))
        return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()


def make(out, index, name, base, settings):
    folder = f"{out}/adapters/experts/{name}"
    shutil.rmtree(folder, ignore_errors=True)
    model = get_peft_model(load(f"{out}/models/{base}"), LoraConfig(r=2, lora_alpha=3, task_type="CAUSAL_LM", **settings))
    random = torch.Generator().manual_seed(700 + index)
    with torch.no_grad():
        for weight in (weight for weight in model.parameters() if weight.requires_grad):
            weight.add_(torch.randn(weight.shape, generator=random) * 0.2)
    model.peft_config["default"].base_model_name_or_path = base
    model.save_pretrained(folder)
    os.remove(f"{folder}/README.md")
    saved = json.load(open(f"{folder}/adapter_config.json"))
    for key in ("target_modules", "target_parameters"):
        if isinstance(saved[key], list):
            saved[key].sort()  # a set: its order differs from run to run
    json.dump(saved, open(f"{folder}/adapter_config.json", "w"), indent=1)
    path = f"{folder}/adapter_model.safetensors"
    save_file({k: v.bfloat16().contiguous() for k, v in load_file(path).items()}, path, metadata={"format": "pt"})

    again = PeftModel.from_pretrained(load(f"{out}/models/{base}"), folder, is_trainable=True).eval()
    rows = torch.randint(4, 60, (2, 10), generator=random)
    logits = again(input_ids=rows).logits
    taken = torch.log_softmax(logits, -1)[:, :-1].gather(-1, rows[:, 1:, None])[..., 0]
    (-taken.mean()).backward()
    gradients = {
        part.replace(".default", "").removeprefix("base_model.model."): short(weight.grad.reshape(-1), 5)
        for part, weight in again.named_parameters()
        if weight.requires_grad and ("experts" in part or "gate" in part or "router" in part) and ".layers.0." in part
    }
    return {"base": base, "inputIds": rows.tolist(), "logProbs": short(taken), "gradients": gradients}


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--out", default="test/fixtures")
    args = cli.parse_args()
    old = transformers.__version__.startswith("4")
    path = f"{args.out}/adapters/experts.json"
    found = json.load(open(path)) if os.path.exists(path) else {"about": {}, "kinds": {}}
    for index, (name, (base, settings)) in enumerate(KINDS.items()):
        if name.startswith("single-") == old:
            found["kinds"][name] = make(args.out, index, name, base, settings)
    form = "modules of single experts" if old else "target_parameters"
    found["about"][form] = {
        "peft": peft.__version__,
        "transformers": transformers.__version__,
        "torch": torch.__version__,
    }
    write(path, {"about": found["about"], "kinds": found["kinds"]})


main()

"""Loads what save_architectures.mjs saved with transformers and peft, and compares what comes out with our engine.

  python check_architectures.py OUT [NAME ...]    # from the repository root; prints a table in Markdown

Every weight of a folder or adapter must find its place, and no place may stay empty. Figures are the largest difference
relative to the largest magnitude.
"""

import json
import os
import sys
import warnings

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification
from transformers.utils import logging

warnings.filterwarnings("ignore")
logging.set_verbosity_error()
logging.disable_progress_bar()
torch.set_num_threads(1)


def load(folder, kind, head_is_new=False, **more):
    model, info = kind.from_pretrained(
        folder, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, **more
    )
    missing = set(info["missing_keys"]) - ({"score.weight"} if head_is_new else set())
    unexpected = set(info["unexpected_keys"]) - ({"lm_head.weight", "embed_out.weight"} if head_is_new else set())
    assert not missing and not unexpected and not info["mismatched_keys"], (folder, missing, unexpected)
    return model


def with_adapter(model, folder):
    model = PeftModel.from_pretrained(model, folder)
    saved = load_file(f"{folder}/adapter_model.safetensors")
    loaded = get_peft_model_state_dict(model)
    assert saved.keys() == loaded.keys(), saved.keys() ^ loaded.keys()
    return model


def difference(model, ids, ours, reward):
    with torch.no_grad():
        logits = torch.cat([model.eval()(input_ids=row[None]).logits for row in ids])
    found = torch.tensor(ours, dtype=torch.float64)
    wanted = (logits[:, 0] if reward else logits).double().reshape(-1)
    return ((found - wanted).abs().max() / wanted.abs().max()).item()


out = sys.argv[1]
print("| model | saved again | adapter merged | adapter in peft | reward model | reward adapter in peft |")
print("|---|---|---|---|---|---|")
for name in sys.argv[2:] or sorted(os.listdir(out)):
    ours = json.load(open(f"{out}/{name}/ours.json"))
    ids = torch.tensor(ours["ids"])
    base = ours["base"]
    causal, classifier = AutoModelForCausalLM, AutoModelForSequenceClassification
    models = {
        "model": load(f"{out}/{name}/model", causal),
        "merged": load(f"{out}/{name}/merged", causal),
        "adapter": with_adapter(load(base, causal), f"{out}/{name}/adapter"),
        "reward": load(f"{out}/{name}/reward", classifier),
        "reward-adapter": with_adapter(
            load(base, classifier, head_is_new=True, num_labels=1), f"{out}/{name}/reward-adapter"
        ),
    }
    figures = [difference(m, ids, ours[k], k.startswith("reward")) for k, m in models.items()]
    print(f"| {name} | " + " | ".join(f"{x:.1e}" for x in figures) + " |", flush=True)

"""Loads folders that Plumbline saved with transformers and peft, and prints the logits of given ids as JSON.

    python scripts/check-python-load.py MODEL_DIR [--adapter ADAPTER_DIR] [--ids 1,2,3]

Prints {"logits": [[...], ...] (tokens x vocabulary), "text": tokenizer's decoding of the ids or null}. Fails when a
weight is missing, unexpected or of another shape, which transformers itself would only warn about.
"""

import argparse
import json

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer


def load(model_dir, adapter_dir):
    model, info = AutoModelForCausalLM.from_pretrained(
        model_dir, dtype=torch.float32, output_loading_info=True
    )
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        assert not info[problem], f"{problem}: {info[problem]}"
    if adapter_dir is None:
        return model
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors.torch import load_file

    adapted = PeftModel.from_pretrained(model, adapter_dir)
    saved = load_file(f"{adapter_dir}/adapter_model.safetensors")
    loaded = get_peft_model_state_dict(adapted)
    assert saved.keys() == loaded.keys(), saved.keys() ^ loaded.keys()
    for name, tensor in saved.items():
        assert torch.equal(tensor.float(), loaded[name].float()), name
    return adapted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("model")
    parser.add_argument("--adapter")
    parser.add_argument("--ids", default="1,2,3")
    arguments = parser.parse_args()
    ids = [int(part) for part in arguments.ids.split(",")]
    model = load(arguments.model, arguments.adapter).eval()
    with torch.no_grad():
        logits = model(torch.tensor([ids])).logits[0]
    try:
        text = AutoTokenizer.from_pretrained(arguments.model).decode(ids)
    except (OSError, ValueError):
        text = None
    print(json.dumps({"logits": logits.tolist(), "text": text}))


if __name__ == "__main__":
    main()

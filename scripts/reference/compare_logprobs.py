"""Compares what `plumb logprobs` printed with transformers (and peft) on the same folder.

  python compare_logprobs.py --model FOLDER [--peft ADAPTER] --logprobs OUT.jsonl

Prints the number of log-probabilities and the largest and mean absolute difference, as JSON; fails when a weight is
missing from the folder or has no place in the model.
"""

import argparse
import json

import torch
from transformers import AutoModelForCausalLM

cli = argparse.ArgumentParser()
cli.add_argument("--model", required=True)
cli.add_argument("--peft")
cli.add_argument("--logprobs", required=True)
args = cli.parse_args()
torch.set_num_threads(2)

model, info = AutoModelForCausalLM.from_pretrained(
    args.model, dtype=torch.float32, attn_implementation="eager", output_loading_info=True
)
for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
    assert not info[problem], f"{problem}: {info[problem]}"
if args.peft:
    from peft import PeftModel, get_peft_model_state_dict
    from safetensors.torch import load_file

    model = PeftModel.from_pretrained(model, args.peft)
    saved = load_file(f"{args.peft}/adapter_model.safetensors")
    loaded = get_peft_model_state_dict(model)
    assert saved.keys() == loaded.keys(), saved.keys() ^ loaded.keys()
model.eval()

differences = []
with open(args.logprobs, encoding="utf-8") as lines:
    for line in lines:
        row = json.loads(line)
        ids = torch.tensor([row["input_ids"]])
        with torch.no_grad():
            all_logprobs = torch.log_softmax(model(input_ids=ids).logits[0, :-1].double(), dim=-1)
        expected = all_logprobs.gather(1, ids[0, 1:, None])[:, 0]
        found = torch.tensor(row["logprobs"], dtype=torch.float64)
        differences += (found - expected[len(expected) - len(found) :]).abs().tolist()
print(
    json.dumps(
        {
            "logprobs": len(differences),
            "largestDifference": max(differences),
            "meanDifference": sum(differences) / len(differences),
        }
    )
)

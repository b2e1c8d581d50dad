"""Loads what Plumbline saved as everybody else would, and prints what comes out, as JSON.

  python load_saved.py --model FOLDER [--peft ADAPTER] --ids '[[1,2,3]]' [--last] [--reward] [--text 'some text']

--ids takes rows of equal length; --last prints only the logits after each row's last token; --reward loads a
sequence classifier with one output. Keys missing from the files, or in them without a place in the model, are named:
both lists must be empty.
"""

import argparse
import json
import os

import torch
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, AutoTokenizer

cli = argparse.ArgumentParser()
cli.add_argument("--model", required=True)
cli.add_argument("--peft")
cli.add_argument("--ids", default="[]")
cli.add_argument("--last", action="store_true")
cli.add_argument("--reward", action="store_true")
cli.add_argument("--text", action="append", default=[])
cli.add_argument("--generate", type=int, default=0, help="also continue each row greedily by so many tokens")
args = cli.parse_args()
torch.set_num_threads(2)

kind = AutoModelForSequenceClassification if args.reward else AutoModelForCausalLM
more = {"num_labels": 1} if args.reward else {}
model, info = kind.from_pretrained(
    args.model, dtype=torch.float32, attn_implementation="eager", output_loading_info=True, **more
)
result = {
    "architecture": type(model).__name__,
    "parameters": sum(p.numel() for p in model.parameters()),
    "missing": sorted(info["missing_keys"]),
    "unexpected": sorted(info["unexpected_keys"]),
    "mismatched": sorted(map(str, info["mismatched_keys"])),
}
if args.peft:
    from peft import PeftConfig, PeftModel
    from safetensors import safe_open

    model = PeftModel.from_pretrained(model, args.peft)
    with safe_open(os.path.join(args.peft, "adapter_model.safetensors"), "pt") as file:
        saved = set(file.keys())
    placed = {name.replace(".default.", ".") for name, _ in model.named_parameters() if "lora_" in name}
    settings = PeftConfig.from_pretrained(args.peft)
    result["peft"] = {
        "r": settings.r,
        "alpha": settings.lora_alpha,
        "targets": sorted(settings.target_modules),
        "missing": sorted(placed - saved),
        "unexpected": sorted(name for name in saved - placed if "lora_" in name),
    }
model.eval()
rows = json.loads(args.ids)
if rows:
    ids = torch.tensor(rows)
    with torch.no_grad():
        out = model(input_ids=ids)
        if args.reward:
            result["rewards"] = out.logits[:, 0].tolist()
        else:
            result["logits"] = (out.logits[:, -1] if args.last else out.logits).tolist()
        if args.generate:
            more = model.generate(
                input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=args.generate,
                pad_token_id=0,
            )
            result["generated"] = more[:, ids.shape[1] :].tolist()
if args.text or os.path.exists(os.path.join(args.model, "tokenizer.json")):
    tokenizer = AutoTokenizer.from_pretrained(args.model)
    encoded = [tokenizer(text)["input_ids"] for text in args.text]
    result["tokenizer"] = {
        "size": len(tokenizer),
        "eos": tokenizer.eos_token_id,
        "pad": tokenizer.pad_token_id,
        "hasChatTemplate": tokenizer.chat_template is not None,
        "texts": [{"ids": ids, "decoded": tokenizer.decode(ids)} for ids in encoded],
    }
print(json.dumps(result))

"""The loss of tiny mixtures of experts with the load-balancing loss of their routers, as transformers adds it.

  python router_balance.py --models test/fixtures/models --out test/fixtures/router-balance.json

For each: the loss of padded rows with labels, the load-balancing loss of the rows together and of each part, and the
gradients of the routers.
"""

import argparse
import os

import torch
from transformers import AutoModelForCausalLM, __version__

from fixture import short, write

WEIGHT = 0.5
# The longest row first, as training takes them; the numbers of tokens that are prompts.
ROWS = [[1, 5, 9, 20, 33, 41, 8, 7, 60, 12], [1, 7, 7, 14, 30, 22, 3], [1, 40, 2, 2]]
PROMPTS = [4, 2, 1]


def padded(rows, prompts):
    width = max(map(len, rows))
    ids = torch.tensor([row + [0] * (width - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (width - len(row)) for row in rows])
    labels = torch.where(mask.bool(), ids, torch.tensor(-100))
    for row, prompt in enumerate(prompts):
        labels[row, :prompt] = -100
    return {"input_ids": ids, "attention_mask": mask, "labels": labels}


def expected(folder):
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager")
    model.config.output_router_logits = True
    model.router_aux_loss_coef = WEIGHT
    out = model(**padded(ROWS, PROMPTS))
    out.loss.backward()
    routers = {}
    for name, parameter in model.named_parameters():
        if name.endswith((".gate.weight", ".router.weight")):
            layer = name.split(".layers.")[1].split(".")[0]
            routers[f"model.layers.{layer}.mlp.router.weight"] = short(parameter.grad.flatten())
    parts = [model(**padded(ROWS[i:j], PROMPTS[i:j])).aux_loss.item() for i, j in ((0, 2), (2, 3))]
    return {"loss": out.loss.item(), "auxLoss": out.aux_loss.item(), "parts": parts, "routers": routers}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--models", required=True)
    parser.add_argument("--out", required=True)
    args = parser.parse_args()
    torch.manual_seed(0)
    models = {name: expected(os.path.join(args.models, name)) for name in ("qwen3-moe", "mixtral", "gpt-oss")}
    about = {"madeBy": "scripts/reference/router_balance.py", "transformers": __version__, "torch": torch.__version__}
    write(args.out, {"about": about, "weight": WEIGHT, "rows": ROWS, "prompts": PROMPTS, "models": models})


if __name__ == "__main__":
    main()

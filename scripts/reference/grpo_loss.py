"""GRPO's losses and gradients by TRL's own GRPOTrainer._compute_loss on small tensors, in f64; its network is replaced by
given log-probabilities. Each loss type, with and without the KL to the reference, clip-higher and masked truncation;
and advantages by the expressions of its _generate_and_score_completions.

  python grpo_loss.py --out test/fixtures/grpo_loss.json

The batch is one of two optimiser steps that a batch of responses is learned in, so that dapo's normaliser, of the whole,
is another than bnpo's.
"""

import argparse
import inspect
import itertools
from collections import defaultdict
from types import SimpleNamespace

import torch
import trl
from trl import GRPOTrainer
from trl.trainer.utils import nanstd

from fixture import short, write

LENGTHS = [5, 3, 7, 1, 7, 2]
LONGEST = 7
TRUNCATED = [2, 4]
STEPS, OTHER_TOKENS = 2, 31  # optimiser steps of a batch of responses, and tokens of the others


def trainer(loss_type, beta, epsilon_high, logps):
    """A GRPOTrainer with nothing but what its loss asks for; unknown switches are off."""
    one = GRPOTrainer.__new__(GRPOTrainer)
    model = torch.nn.Module()
    model.train()
    accelerator = SimpleNamespace(
        num_processes=1, gather=lambda x: x, unwrap_model=lambda m: m, reduce=lambda x, **_: x
    )
    values = dict(
        model=model, accelerator=accelerator, beta=beta, loss_type=loss_type, epsilon_low=0.2, epsilon_high=epsilon_high,
        importance_sampling_level="token", temperature=1.0, max_completion_length=LONGEST, top_entropy_quantile=1.0,
        current_gradient_accumulation_steps=1, use_vllm=False,
        _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
        args=SimpleNamespace(delta=None, steps_per_generation=STEPS, use_bias_correction_kl=False),
        off_policy_mask_threshold=None, aux_loss_enabled=False, _entropy_bonus_enabled=False,
    )
    for name, value in values.items():
        setattr(one, name, value)
    one._get_per_token_logps_and_entropies = lambda *_, **__: (logps, torch.zeros_like(logps), None)
    return one


def loss(loss_type, beta, epsilon_high, masked, data):
    logps = data["logProbs"].clone().requires_grad_()
    mask = data["mask"].clone()
    if masked:
        mask[TRUNCATED] = 0
    inputs = {
        "prompt_ids": torch.zeros(len(LENGTHS), 1, dtype=torch.long), "prompt_mask": torch.ones(len(LENGTHS), 1),
        "completion_ids": torch.zeros(len(LENGTHS), LONGEST, dtype=torch.long), "completion_mask": mask,
        "advantages": data["advantages"], "old_per_token_logps": data["old"], "ref_per_token_logps": data["reference"],
        "num_items_in_batch": mask.sum() + OTHER_TOKENS,
    }
    one = trainer(loss_type, beta, epsilon_high, logps)
    value = one._compute_loss(one.model, inputs)
    value.backward()
    logged = {k: v[0] for k, v in one._metrics["train"].items()}
    return {
        "lossType": loss_type, "beta": beta, "epsilonHigh": epsilon_high, "maskTruncated": masked,
        "loss": value.item(), "gradient": logps.grad, "kl": logged.get("kl"),
        "clippedLow": logged["clip_ratio/low_mean"], "clippedHigh": logged["clip_ratio/high_mean"],
    }


def advantages(scores, scale):
    """As TRL, with its own deviation: rewards of one group stand together."""
    size = scores.shape[1]
    flat = scores.reshape(-1)
    mean = scores.mean(1).repeat_interleave(size)
    std = nanstd(flat).expand_as(flat) if scale == "batch" else nanstd(scores, dim=1).repeat_interleave(size)
    centred = flat - mean
    return centred if scale == "none" else centred / (std + 1e-4)


def check_expressions():
    """The expressions above are TRL's, or this fails."""
    source = inspect.getsource(GRPOTrainer)
    for line in ("advantages = rewards - mean_grouped_rewards", "advantages = advantages / (std_rewards + 1e-4)"):
        assert line in source, line


def minor(module):
    return ".".join(module.__version__.split(".")[:2])


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--out", required=True)
    out = cli.parse_args().out
    check_expressions()
    random = torch.Generator().manual_seed(4)

    def draw(*shape, std=1.0, mean=0.0):
        return (torch.randn(*shape, generator=random, dtype=torch.float64) * std + mean).round(decimals=4)

    old = draw(len(LENGTHS), LONGEST, std=0.5, mean=-1.5)
    data = {
        "old": old, "logProbs": (old + draw(*old.shape, std=0.3)).round(decimals=4),
        "reference": (old + draw(*old.shape, std=0.5)).round(decimals=4), "advantages": draw(len(LENGTHS)),
        "mask": torch.tensor([[float(t < n) for t in range(LONGEST)] for n in LENGTHS], dtype=torch.float64),
    }
    cases = [
        loss(kind, beta, high, masked, data)
        for kind, (beta, high), masked in itertools.product(
            ("grpo", "dr_grpo", "bnpo", "dapo"), ((0.0, 0.2), (0.04, 0.28)), (False, True)
        )
    ]
    scores = draw(4, 4, std=2.0)
    scores[2] = 0.5
    plain = {k: v.tolist() for k, v in data.items()}
    content = {
        "madeBy": "scripts/reference/grpo_loss.py", "madeWith": f"TRL {minor(trl)}, torch {minor(torch)}",
        "note": "inputs have four decimals; all is computed in f64; rows 2 and 4 are truncated; gradient is by logProbs",
        "epsilon": 0.2, "lengths": LENGTHS, "longest": LONGEST, "truncated": TRUNCATED, "updates": STEPS,
        "otherTokens": OTHER_TOKENS, "inputs": plain,
        "cases": short([{k: v.tolist() if isinstance(v, torch.Tensor) else v for k, v in c.items()} for c in cases], 10),
        "advantages": {"scores": scores.tolist(), **{
            kind: short(advantages(scores, kind).tolist(), 10) for kind in ("group", "batch", "none")
        }},
    }
    write(out, content)


if __name__ == "__main__":
    main()

"""RLOO and REINFORCE++ as plain formulas in f64, from rewards to the loss and its gradient by autograd with respect to the
log-probability of every token, on small ragged responses. Where systems disagree, the other's value stands beside ours
(`others`).

  python group_losses.py --out test/fixtures/group_losses.json          # needs torch alone
  python group_losses.py --out test/fixtures/group_losses.json --trl    # and prints how far TRL's own RLOO is from these
"""

import argparse

import torch

from fixture import short, write

LENGTHS = [5, 3, 7, 1, 7, 2, 4, 6]
G = 4
REWARDS = [0.7, -0.2, 1.5, 0.1, 2.0, 2.0, -1.0, 0.5]
UNSCORABLE = 2  # in some cases this one has no reward
EPSILON = 0.2


def made():
    g = torch.Generator().manual_seed(23)

    def rows(scale):
        return [torch.randn(n, generator=g, dtype=torch.float64) * scale for n in LENGTHS]

    old = [-(x.exp()) for x in rows(0.6)]
    near = [(x + d).clamp(max=-1e-3).round(decimals=5) for x, d in zip(old, rows(0.18))]
    reference = [(x + d).clamp(max=-1e-3).round(decimals=5) for x, d in zip(old, rows(0.5))]
    return {"old": [x.round(decimals=5) for x in old], "logProbs": near, "reference": reference}


def kl(data):
    """k1, summed over a response."""
    return torch.stack([(o - r).sum() for o, r in zip(data["old"], data["reference"])])


def clipped(ratio, advantage, high):
    """max(-A rho, -A clip(rho)), and where a bound decides: below, above."""
    plain, limited = -advantage * ratio, -advantage * ratio.clamp(1 - EPSILON, 1 + high)
    decided = (plain < limited).double()
    return torch.maximum(plain, limited), decided * (advantage < 0), decided * (advantage >= 0)


def groups(values):
    return [values[i : i + G] for i in range(0, len(values), G)]


# RLOO ---------------------------------------------------------------------------------------------------------------


def leave_one_out(scores, known):
    out = []
    for own, there in zip(groups(scores), groups(known)):
        for i in range(G):
            others = [own[j] for j in range(G) if j != i and there[j]]
            out.append(own[i] - torch.stack(others).mean() if there[i] and others else torch.tensor(0.0, dtype=torch.float64))
    return torch.stack(out)


def rloo(data, *, beta, high, unscorable):
    known = [i != UNSCORABLE or not unscorable for i in range(len(LENGTHS))]
    scores = torch.tensor(REWARDS, dtype=torch.float64) - beta * kl(data)
    advantages = leave_one_out(scores, known)
    leaves = [x.clone().requires_grad_() for x in data["logProbs"]]
    ratio = torch.stack([(x - o).sum() for x, o in zip(leaves, data["old"])]).exp()
    loss, low, up = clipped(ratio, advantages, high)
    gradient = torch.autograd.grad(loss.mean(), leaves)
    return {
        "klCoefficient": beta, "epsilonHigh": high, "unscorable": unscorable, "advantages": short(advantages, 10),
        "loss": short(loss.mean().item(), 10), "gradient": [short(g, 9) for g in gradient],
        "ratio": short(ratio.mean().item(), 10), "clippedLow": low.mean().item(), "clippedHigh": up.mean().item(),
    }  # fmt: skip


# REINFORCE++ ----------------------------------------------------------------------------------------------------------


def returns(data, scores, beta, gamma):
    out = []
    for old, reference, score in zip(data["old"], data["reference"], scores):
        rewards = -beta * (old - reference)
        rewards[-1] += score
        own, after = torch.zeros_like(rewards), 0.0
        for t in reversed(range(len(rewards))):
            after = rewards[t] + gamma * after
            own[t] = after
        out.append(own)
    return out


def less_group_mean(rewards, known):
    out = []
    for own, there in zip(groups(rewards), groups(known)):
        mean = torch.stack([r for r, k in zip(own, there) if k]).mean()
        out += [r - mean for r in own]
    return torch.stack(out)


def reinforce(data, *, beta, gamma, baseline, unscorable, unbiased=True):
    known = [i != UNSCORABLE or not unscorable for i in range(len(LENGTHS))]
    rewards = torch.tensor(REWARDS, dtype=torch.float64)
    scores = less_group_mean(rewards, known) if baseline == "group" else rewards
    plain = returns(data, scores, beta, gamma)
    everything = torch.cat([own for own, there in zip(plain, known) if there])
    scale = (everything.var(unbiased=unbiased) + 1e-8).sqrt()
    advantages = [(own - everything.mean()) / scale * (1.0 if there else 0.0) for own, there in zip(plain, known)]
    leaves = [x.clone().requires_grad_() for x in data["logProbs"]]
    log_ratio = torch.cat(leaves) - torch.cat(data["old"])
    loss, low, up = clipped(log_ratio.exp(), torch.cat(advantages), EPSILON)
    gradient = torch.autograd.grad(loss.mean(), leaves)
    return {
        "klCoefficient": beta, "gamma": gamma, "baseline": baseline, "unscorable": unscorable,
        "advantages": [short(a, 10) for a in advantages], "loss": short(loss.mean().item(), 10),
        "gradient": [short(g, 9) for g in gradient], "approxKl": short((log_ratio**2 / 2).mean().item(), 10),
        "ratio": short(log_ratio.exp().mean().item(), 10), "clipped": (low + up).mean().item(),
    }  # fmt: skip


# Others -------------------------------------------------------------------------------------------------------------


def others(data):
    """What other systems make of the same numbers."""
    known = [True] * len(LENGTHS)
    rewards = torch.tensor(REWARDS, dtype=torch.float64)
    # OpenRLHF's rloo: the baseline is of rewards without the KL, which each token has from itself on; ratios are of tokens.
    tokens = torch.cat(returns(data, leave_one_out(rewards, known), 0.05, 1.0))
    ratio = (torch.cat(data["logProbs"]) - torch.cat(data["old"])).exp()
    by_token, _, _ = clipped(ratio, tokens, EPSILON)
    whitened = reinforce(data, beta=0.05, gamma=1.0, baseline="none", unscorable=False, unbiased=False)
    return short({"rlooOfTokens": by_token.mean().item(), "whitenedOverN": whitened["loss"]}, 10)


def compare_with_trl(data, fixture):
    import inspect
    from collections import defaultdict
    from types import SimpleNamespace

    import trl
    from trl import RLOOTrainer

    source = inspect.getsource(RLOOTrainer)
    for line in ("rewards = rewards - self.beta * kl", "baselines = (grouped_sum - grouped_rewards) / (scorable_counts - 1)"):
        assert line in source, line
    longest = max(LENGTHS)
    print(f"TRL {trl.__version__}, relative difference of the loss")
    for case in fixture["rloo"]:
        one = RLOOTrainer.__new__(RLOOTrainer)
        logps = torch.zeros(len(LENGTHS), longest, dtype=torch.float64)
        mask = torch.zeros_like(logps)
        for i, row in enumerate(data["logProbs"]):
            logps[i, : len(row)], mask[i, : len(row)] = row, 1
        model = torch.nn.Module()
        model.train()
        values = dict(
            model=model, epsilon_low=EPSILON, epsilon_high=case["epsilonHigh"], aux_loss_enabled=False,
            accelerator=SimpleNamespace(gather=lambda x: x, reduce=lambda x, **_: x),
            _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
        )  # fmt: skip
        for name, value in values.items():
            setattr(one, name, value)
        one._get_per_token_logps_and_entropies = lambda *_, **__: (logps, torch.zeros_like(logps), None)
        inputs = {
            "prompt_ids": torch.zeros(len(LENGTHS), 1, dtype=torch.long), "prompt_mask": torch.ones(len(LENGTHS), 1),
            "completion_ids": torch.zeros(len(LENGTHS), longest, dtype=torch.long), "completion_mask": mask,
            "old_logps": torch.stack([x.sum() for x in data["old"]]),
            "advantages": torch.tensor(case["advantages"], dtype=torch.float64),
        }  # fmt: skip
        theirs = one._compute_loss(one.model, inputs).item()
        print(f"  rloo, beta {case['klCoefficient']}, high {case['epsilonHigh']}: {abs(theirs / case['loss'] - 1):.1e}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--trl", action="store_true")
    args = parser.parse_args()
    data = made()
    fixture = {
        "torch": torch.__version__.split("+")[0], "groupSize": G, "epsilon": EPSILON, "rewards": REWARDS,
        "unscorable": UNSCORABLE, "inputs": short({k: list(v) for k, v in data.items()}, 9),
        "rloo": [
            rloo(data, beta=beta, high=high, unscorable=unscorable)
            for beta, high, unscorable in [(0.0, 0.2, False), (0.05, 0.28, False), (0.05, 0.2, True)]
        ],
        "reinforce": [
            reinforce(data, beta=beta, gamma=gamma, baseline=baseline, unscorable=unscorable)
            for beta, gamma, baseline, unscorable in [
                (0.05, 1.0, "none", False), (0.05, 0.9, "none", True), (0.05, 1.0, "group", False), (0.0, 1.0, "group", True),
            ]
        ],
        "others": others(data),
    }  # fmt: skip
    write(args.out, fixture)
    if args.trl:
        compare_with_trl(data, fixture)


if __name__ == "__main__":
    main()

"""Losses and gradients of the direct methods (DPO's family, KTO, ORPO) as plain formulas in f64, on small ragged tensors;
gradients by autograd with respect to the log-probability of every token. Where systems disagree, the other's value stands
beside ours (`others`).

  python direct_losses.py --out test/fixtures/direct_losses.json          # needs torch alone
  python direct_losses.py --out test/fixtures/direct_losses.json --trl    # and prints how far TRL's own losses are from these

TRL agrees where no noise, weight or SFT term is given and its loss is the same one; --trl compares those.
"""

import argparse

import torch
import torch.nn.functional as F

from fixture import short, write

CHOSEN, REJECTED, PROMPTS = [5, 1, 7, 3, 6], [4, 7, 2, 3, 1], [3, 2, 4, 1, 2]
P = len(CHOSEN)
BETA = {"sigmoid-norm": 5.0, "simpo": 2.5}
GAMMA = 1.375
DPO = ["sigmoid", "sigmoid-norm", "hinge", "ipo", "cdpo", "robust", "simpo"]


def ragged(generator, lengths, scale, shift):
    return [(torch.randn(n, generator=generator, dtype=torch.float64) * scale).exp().neg() * shift for n in lengths]


def made():
    g = torch.Generator().manual_seed(19)
    lengths = CHOSEN + REJECTED
    policy = ragged(g, lengths, 0.7, 1.6)
    reference = [x + 0.8 * torch.randn(len(x), generator=g, dtype=torch.float64) for x in policy]
    prompts = ragged(g, PROMPTS, 0.7, 1.6)
    noise = torch.rand(P, generator=g, dtype=torch.float64) * 0.4
    weights = torch.rand(P, generator=g, dtype=torch.float64) * 2
    return {
        "policy": policy, "reference": [x.clamp(max=-1e-3) for x in reference], "prompts": prompts,
        "noise": noise, "weights": weights,
    }  # fmt: skip


def gradient(loss, leaves):
    return [short(g, 9) for g in torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True, retain_graph=True)]


def leaves_of(rows):
    return [x.clone().requires_grad_() for x in rows]


# DPO and its family -------------------------------------------------------------------------------------------------


def dpo(policy, reference, loss_type, *, beta, noise, weights, sft=0.0, reference_free=False):
    """loss, implicit rewards [2 P]."""
    sums = torch.stack([x.sum() for x in policy])
    counts = torch.tensor([len(x) for x in policy], dtype=torch.float64)
    against = torch.zeros(2 * P, dtype=torch.float64) if reference_free or loss_type == "simpo" else torch.stack([x.sum() for x in reference])
    r = sums - against
    if loss_type in ("sigmoid-norm", "ipo", "simpo"):
        r = r / counts
    d = r[:P] - r[P:]
    h = beta * d - (GAMMA if loss_type == "simpo" else 0)
    right, wrong = -F.logsigmoid(h), -F.logsigmoid(-h)
    losses = {
        "sigmoid": right,
        "sigmoid-norm": right,
        "simpo": right,
        "hinge": torch.relu(1 - h),
        "ipo": (d - 1 / (2 * beta)) ** 2,
        "cdpo": (1 - noise) * right + noise * wrong,
        "robust": ((1 - noise) * right - noise * wrong) / (1 - 2 * noise),
    }[loss_type]
    nll = -(sums / counts)[:P]
    return (weights * losses).mean() + sft * (weights * nll).mean(), beta * r


def dpo_cases(data):
    ones, none = torch.ones(P, dtype=torch.float64), torch.zeros(P, dtype=torch.float64)
    variants = [("plain", {}), ("weighted, with SFT", dict(weights=data["weights"], sft=0.7)), ("without reference", dict(reference_free=True))]
    for loss_type in DPO:
        for name, changes in variants:
            noisy = loss_type in ("cdpo", "robust")
            given = dict(beta=BETA.get(loss_type, 0.1), noise=data["noise"] if noisy else none, weights=ones) | changes
            policy = leaves_of(data["policy"])
            loss, rewards = dpo(policy, data["reference"], loss_type, **given)
            yield {
                "lossType": loss_type, "variant": name, "sftWeight": given.get("sft", 0.0), "weighted": "weights" in changes,
                "referenceFree": "reference_free" in changes, "loss": short(loss.item(), 10), "rewards": short(rewards, 9),
                "gradient": gradient(loss, policy),
            }  # fmt: skip


def dpo_others(data):
    """What other systems make of the same numbers."""
    sums = torch.stack([x.sum() for x in data["policy"]]) - torch.stack([x.sum() for x in data["reference"]])
    d = sums[:P] - sums[P:]
    chosen = torch.cat(data["policy"][:P])
    per_pair = torch.stack([-x.mean() for x in data["policy"][:P]])
    free, _ = dpo(data["policy"], data["reference"], "simpo", beta=2.5, noise=data["noise"], weights=torch.ones(P, dtype=torch.float64))
    return short(
        {
            # OpenRLHF: sums, not means per token.
            "ipoOfSums": ((d - 1 / (2 * 0.1)) ** 2).mean().item(),
            # TRL's sigmoid with label_smoothing: as without.
            "sigmoidWithLabelSmoothing": (-F.logsigmoid(0.1 * d)).mean().item(),
            # TRL's SFT term: over the batch's tokens; and the paper's: each answer's mean.
            "sftOverTokens": -chosen.mean().item(),
            "sftOverPairs": per_pair.mean().item(),
            # TRL's simpo with the default cpo_alpha 1: an NLL term is added.
            "simpoWithNll": (free - chosen.mean()).item(),
        },
        10,
    )


# KTO ----------------------------------------------------------------------------------------------------------------

LABELS = [True, False, False, True, True, False, True, True, False, False]


def kto(policy, reference, mismatched, *, beta, desirable, undesirable, weights):
    kl = mismatched.mean().clamp(min=0)
    r = torch.stack([x.sum() - y.sum() for x, y in zip(policy, reference)])
    labels = torch.tensor(LABELS)
    losses = torch.where(
        labels, desirable * (1 - torch.sigmoid(beta * (r - kl))), undesirable * (1 - torch.sigmoid(beta * (kl - r)))
    )
    return (weights * losses).mean(), kl


def kto_cases(data):
    g = torch.Generator().manual_seed(20)
    weights = torch.rand(2 * P, generator=g, dtype=torch.float64) * 2
    ratios = torch.randn(2 * P, generator=g, dtype=torch.float64) * 2
    for name, shift, desirable, undesirable, own in [
        ("KL above 0", 1.5, 1.0, 1.0, torch.ones(2 * P, dtype=torch.float64)),
        ("KL clamped at 0", -3.0, 1.0, 1.0, torch.ones(2 * P, dtype=torch.float64)),
        ("weighted", 1.5, 1.33, 0.8, weights),
    ]:
        policy = leaves_of(data["policy"])
        mismatched = ratios + shift
        loss, kl = kto(policy, data["reference"], mismatched, beta=0.1, desirable=desirable, undesirable=undesirable, weights=own)
        yield {
            "variant": name, "desirableWeight": desirable, "undesirableWeight": undesirable, "weights": short(own, 9),
            "mismatched": short(mismatched, 9), "kl": short(kl.item(), 10), "loss": short(loss.item(), 10),
            "gradient": gradient(loss, policy),
        }  # fmt: skip


# ORPO ---------------------------------------------------------------------------------------------------------------


def orpo(policy, prompts, *, beta, prompt_loss, weights):
    logp = torch.stack([x.mean() for x in policy])
    odds = logp - torch.log(-torch.expm1(logp))
    ratio = odds[:P] - odds[P:]
    read = [torch.cat([p, x]) if prompt_loss else x for p, x in zip(prompts, policy[:P])]
    nll = torch.stack([-x.mean() for x in read])
    return (weights * (nll - beta * F.logsigmoid(ratio))).mean(), ratio


def orpo_cases(data):
    ones = torch.ones(P, dtype=torch.float64)
    for name, prompt_loss, weights in [("answers", False, ones), ("prompts, too", True, ones), ("weighted", False, data["weights"])]:
        policy, prompts = leaves_of(data["policy"]), leaves_of(data["prompts"])
        loss, ratio = orpo(policy, prompts, beta=0.1, prompt_loss=prompt_loss, weights=weights)
        yield {
            "variant": name, "promptLoss": prompt_loss, "weighted": name == "weighted", "loss": short(loss.item(), 10),
            "ratios": short(ratio, 9), "gradient": gradient(loss, policy), "promptGradient": gradient(loss, prompts),
        }  # fmt: skip


def orpo_others(data):
    """TRL: the mean over the batch's tokens, of prompts and answers."""
    whole = torch.cat([torch.cat([p, x]) for p, x in zip(data["prompts"], data["policy"][:P])])
    alone, _ = orpo(data["policy"], data["prompts"], beta=0.0, prompt_loss=False, weights=torch.ones(P, dtype=torch.float64))
    full, _ = orpo(data["policy"], data["prompts"], beta=0.1, prompt_loss=False, weights=torch.ones(P, dtype=torch.float64))
    return short({"nllOverAllTokens": -whole.mean().item(), "lossOverAllTokens": (full - alone - whole.mean()).item()}, 10)


# TRL ----------------------------------------------------------------------------------------------------------------


def compare_with_trl(data, fixture):
    from collections import defaultdict
    from types import SimpleNamespace

    import trl
    from trl import DPOTrainer, KTOTrainer
    from trl.experimental.cpo import CPOTrainer
    from trl.experimental.orpo import ORPOTrainer

    ones = torch.ones(P, dtype=torch.float64)
    longest = max(CHOSEN + REJECTED)
    rows = data["policy"]
    mask = torch.zeros(2 * P, longest + 1, dtype=torch.long)  # the first column predicts nothing
    own, ref = torch.zeros(2 * P, longest, dtype=torch.float64), torch.zeros(2 * P, longest, dtype=torch.float64)
    for i, row in enumerate(rows):
        mask[i, 1 : len(row) + 1] = 1
        own[i, : len(row)], ref[i, : len(row)] = row, data["reference"][i]
    accelerator = SimpleNamespace(device="cpu", gather_for_metrics=lambda x: x, gather=lambda x: x, num_processes=1)
    print(f"TRL {trl.__version__}, relative difference of the loss")

    class Output(SimpleNamespace):
        pass

    def network(**_):
        zero = torch.zeros_like(own)
        return Output(log_probs=own, entropy=zero)

    def computed(trainer, inputs, name):
        """A local variable of its _compute_loss: what it logs after the loss asks for a whole model, and fails."""
        try:
            trainer._compute_loss(network, inputs, False)
        except Exception as error:
            frame = error.__traceback__
            while frame.tb_next and frame.tb_frame.f_code.co_name != "_compute_loss":
                frame = frame.tb_next
            return frame.tb_frame.f_locals[name]
        raise SystemExit("its _compute_loss was expected to fail where it logs")

    ours = {case["lossType"]: case["loss"] for case in fixture["dpo"]["cases"] if case["variant"] == "plain"}
    noise = 0.2
    ours["robust"] = dpo(rows, data["reference"], "robust", beta=0.1, noise=ones * noise, weights=ones)[0].item()
    for loss_type in ["sigmoid", "sigmoid_norm", "hinge", "ipo", "robust"]:
        one = DPOTrainer.__new__(DPOTrainer)
        values = dict(
            model=SimpleNamespace(training=True), accelerator=accelerator, aux_loss_enabled=False, ld_alpha=None,
            precompute_ref_logps=True, f_divergence_type="reverse_kl", loss_types=[loss_type], loss_weights=[1.0],
            beta=BETA["sigmoid-norm"] if loss_type == "sigmoid_norm" else 0.1, label_smoothing=noise, use_weighting=False,
            _metrics={"train": defaultdict(list), "eval": defaultdict(list)}, args=SimpleNamespace(), _total_train_tokens=0,
        )  # fmt: skip
        for name, value in values.items():
            setattr(one, name, value)
        inputs = {
            "input_ids": torch.zeros_like(mask), "attention_mask": mask, "completion_mask": mask,
            "ref_chosen_logps": ref[:P].sum(1), "ref_rejected_logps": ref[P:].sum(1),
        }  # fmt: skip
        theirs = computed(one, inputs, "loss")
        want = ours[loss_type.replace("_", "-")]
        print(f"  dpo, {loss_type}: {abs(theirs.item() / want - 1):.1e}")

    for case in fixture["kto"]["cases"][:2]:
        one = KTOTrainer.__new__(KTOTrainer)
        values = dict(
            model=SimpleNamespace(training=True), accelerator=accelerator, aux_loss_enabled=False, loss_type="kto",
            precompute_ref_logps=True, calculate_KL=True, beta=0.1, desirable_weight=1.0, undesirable_weight=1.0,
            _metrics={"train": defaultdict(list), "eval": defaultdict(list)},
        )  # fmt: skip
        for name, value in values.items():
            setattr(one, name, value)
        one._compute_kl_logps = lambda *_: torch.tensor(case["mismatched"], dtype=torch.float64)
        inputs = {
            "input_ids": torch.zeros_like(mask), "attention_mask": mask, "completion_mask": mask, "label": torch.tensor(LABELS),
            "ref_logps": ref.sum(1), "ref_KL_logps": torch.zeros(2 * P, dtype=torch.float64),
        }  # fmt: skip
        theirs = computed(one, inputs, "losses").mean().item()
        print(f"  kto, {case['variant']}: {abs(theirs / case['loss'] - 1):.1e}")

    cpo = CPOTrainer.__new__(CPOTrainer)
    cpo.loss_type, cpo.beta, cpo.simpo_gamma, cpo.label_smoothing, cpo.accelerator = "simpo", 2.5, GAMMA, 0.0, accelerator
    cpo.alpha = 0.0
    logp = torch.stack([x.mean() for x in rows])
    theirs = cpo.cpo_loss(logp[:P], logp[P:])[0].mean().item()
    print(f"  cpo, simpo with cpo_alpha 0: {abs(theirs / ours['simpo'] - 1):.1e}")

    one = ORPOTrainer.__new__(ORPOTrainer)
    one.beta, one.accelerator = 0.1, accelerator
    theirs = -one.odds_ratio_loss(logp[:P], logp[P:])[0].mean().item()
    nll = torch.stack([-x.mean() for x in rows[:P]]).mean().item()
    print(f"  orpo, odds ratio alone (32 bits): {abs(theirs / (fixture['orpo']['cases'][0]['loss'] - nll) - 1):.1e}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--trl", action="store_true")
    args = parser.parse_args()
    data = made()
    fixture = {
        "torch": torch.__version__.split("+")[0],
        "beta": {"default": 0.1} | BETA,
        "gamma": GAMMA,
        "inputs": short({k: list(v) if isinstance(v, list) else v for k, v in data.items()}, 9),
        "dpo": {"cases": list(dpo_cases(data)), "others": dpo_others(data)},
        "kto": {"beta": 0.1, "labels": LABELS, "cases": list(kto_cases(data))},
        "orpo": {"beta": 0.1, "cases": list(orpo_cases(data)), "others": orpo_others(data)},
    }
    write(args.out, fixture)
    if args.trl:
        compare_with_trl(data, fixture)


if __name__ == "__main__":
    main()

"""One whole PPO batch in plain torch, number by number: KL-penalised rewards, advantages, whitening, then four
epochs of two mini-batches with AdamW. The formulas are those of TRL 1.12's PPO trainer (1.16 has none), with three
differences: the score is given at the last response token (TRL: at the position after it, where there is one), every
statistic is a mean over response tokens (TRL's approxkl, entropy and ratio: over padding too), and gradients are
clipped where a case says so (TRL never clips them).

  python ppo_step.py --fixtures test/fixtures --out test/fixtures/ppo_step.json [--trl site-packages-of-trl-1.12]

With --trl, the case "lora" (responses of full length, none with an EOS, no clipping of gradients: there TRL's conventions
are the same) is run a second time by TRL's own PPOTrainer, with generation, scores and shuffling replaced by the
fixture's. The averages that it logs must agree within 2e-4, and how far the weights differ at the end is written down.
The case "full" (responses that end early, EOS penalty, whitened rewards, clipped gradients) is torch's alone.
"""

import argparse
import math
import sys

import torch
import torch.nn.functional as F
from peft import PeftModel
from transformers import AutoModelForCausalLM

from fixture import checksum, short, write

PAD, EOS = 3, 2


def random_ids(random, count, high):
    return torch.randint(4, high, (count,), generator=random).tolist()


def rows_of(seed, high, query_lengths, response_lengths, width, response_width, ends):
    """Left-padded queries and right-padded responses; rows in `ends` finish with EOS."""
    random = torch.Generator().manual_seed(seed)
    queries, responses = [], []
    for r, (q, n) in enumerate(zip(query_lengths, response_lengths)):
        queries.append([PAD] * (width - q) + random_ids(random, q, high))
        answer = random_ids(random, n, high)
        if r in ends:
            answer[-1] = EOS
        responses.append(answer + [PAD] * (response_width - n))
    return queries, responses


def config(learning_rate=1e-3, **changes):
    return {
        "klCoefficient": 0.05, "gamma": 1.0, "lambda": 0.95, "clip": 0.2, "valueClip": 0.2,
        "valueCoefficient": 0.1, "temperature": 1.0, "whitenRewards": False, "missingEosPenalty": None,
        "epochs": 4, "miniBatches": 2, "maxGradNorm": None,
        "optimizer": {"kind": "adamw", "learningRate": learning_rate, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8,
                      "weightDecay": 0.0},
        "padId": PAD, "eosId": EOS, **changes,
    }


def cases():
    queries, responses = rows_of(1, 128, [6, 3, 5, 6, 4, 2, 6, 5], [8] * 8, 6, 8, [])
    yield "lora", {
        "policy": {"base": "llama-tied", "adapter": "lora-a", "train": "adapter"},
        "reference": {"base": "llama-tied", "adapter": None},
        "value": {"base": "llama-tied", "adapter": "lora-b", "train": "adapter and head"},
        "config": config(temperature=0.7),
    }, queries, responses
    queries, responses = rows_of(
        2, 97, [5, 1, 4, 5, 3, 2, 5, 4], [7, 3, 1, 7, 5, 7, 2, 6], 5, 7, [1, 2, 4, 5, 6, 7]
    )
    yield "full", {
        "policy": {"base": "llama-tied", "adapter": None, "train": "all"},
        "reference": {"base": "llama-tied", "adapter": "lora-a"},
        "value": {"base": "llama-untied", "adapter": None, "train": "all and head"},
        "config": config(2e-4, gamma=0.99, **{"lambda": 0.9}, whitenRewards=True, missingEosPenalty=1.0,
                         maxGradNorm=1.0),
    }, queries, responses


class Decoder(torch.nn.Module):
    """A causal language model, perhaps with an adapter, that takes padded rows."""

    def __init__(self, fixtures, base, adapter):
        super().__init__()
        self.model = AutoModelForCausalLM.from_pretrained(
            f"{fixtures}/models/{base}", dtype=torch.float32, attn_implementation="eager"
        )
        if adapter:
            self.model = PeftModel.from_pretrained(
                self.model, f"{fixtures}/adapters/{adapter}", is_trainable=True
            )
        self.eval()

    def forward(self, ids):
        mask = ids != PAD
        positions = mask.cumsum(1) - mask.long()
        out = self.model(
            input_ids=ids.masked_fill(~mask, 0), attention_mask=mask.long(), position_ids=positions,
            output_hidden_states=True,
        )
        return out.logits, out.hidden_states[-1]


def named(module, prefix):
    """Trainable weights under the names of the files: without PEFT's adapter name, without this file's wrappers."""
    for name, weight in module.named_parameters():
        if weight.requires_grad:
            yield prefix + name.replace(".default.", "."), weight


def masked_mean(x, mask):
    return (x * mask).sum() / mask.sum()


def whiten(x, mask, keep_mean=False):
    mean = masked_mean(x, mask)
    var = masked_mean((x - mean) ** 2, mask) * mask.sum() / (mask.sum() - 1)
    out = (x - mean) * torch.rsqrt(var + 1e-8)
    return (out + mean if keep_mean else out) * mask


class Setup:
    """The models of a case, and its batch."""

    def __init__(self, fixtures, case, queries, responses):
        self.config = case["config"]
        self.policy = Decoder(fixtures, case["policy"]["base"], case["policy"]["adapter"])
        self.reference = Decoder(fixtures, case["reference"]["base"], case["reference"]["adapter"])
        self.value = Decoder(fixtures, case["value"]["base"], case["value"]["adapter"])
        width = 32
        random = torch.Generator().manual_seed(3)
        self.head = torch.nn.Linear(width, 1, bias=False)
        with torch.no_grad():
            self.head.weight.copy_(torch.randn(1, width, generator=random) / math.sqrt(width + 1))
        self.scores = torch.round(torch.randn(len(queries), generator=random), decimals=4)
        self.orders = [torch.randperm(len(queries), generator=random).tolist() for _ in range(4)]
        self.context = len(queries[0])
        self.responses = torch.tensor(responses)
        self.ids = torch.cat([torch.tensor(queries), self.responses], 1)
        self.mask = (self.responses != PAD).long()

    def trainable(self):
        return dict(
            [*named(self.policy.model, "policy."), *named(self.value.model, "value."),
             *named(self.head, "value.head.")]
        )

    def log_probs(self, model, rows):
        logits, _ = model(self.ids[rows])
        logits = logits[:, self.context - 1 : -1] / self.config["temperature"]
        wide = logits.log_softmax(-1)
        taken = wide.gather(-1, self.responses[rows][..., None])[..., 0]
        return taken * self.mask[rows], -(wide.exp() * wide).sum(-1)

    def values(self, rows):
        _, hidden = self.value(self.ids[rows])
        return self.head(hidden)[:, self.context - 1 : -1, 0] * self.mask[rows]


def rollout(s):
    """What is computed once for a batch, before any update."""
    c, mask, everything = s.config, s.mask, slice(None)
    with torch.no_grad():
        log_probs, _ = s.log_probs(s.policy, everything)
        reference, _ = s.log_probs(s.reference, everything)
        values = s.values(everything)
    scores = s.scores.clone()
    ended = (s.responses == EOS).any(1)
    if c["missingEosPenalty"] is not None:
        scores[~ended] -= c["missingEosPenalty"]
    kl = log_probs - reference
    penalty = -c["klCoefficient"] * kl
    rewards = penalty.clone()
    last = mask.sum(1) - 1
    rewards[torch.arange(len(last)), last] += scores
    plain = rewards
    if c["whitenRewards"]:
        rewards = whiten(rewards, mask, keep_mean=True)
    advantages = torch.zeros_like(rewards)
    following = torch.zeros(len(last))
    width = mask.shape[1]
    for t in reversed(range(width)):
        next_value = values[:, t + 1] if t + 1 < width else torch.zeros(len(last))
        delta = rewards[:, t] + c["gamma"] * next_value - values[:, t]
        following = (delta + c["gamma"] * c["lambda"] * following) * mask[:, t]
        advantages[:, t] = following
    returns = (advantages + values) * mask
    return {
        "logProbs": log_probs, "referenceLogProbs": reference, "values": values, "scores": scores,
        "rewards": plain, "whitenedRewards": rewards, "rawAdvantages": advantages, "returns": returns,
        "advantages": whiten(advantages, mask),
        "metrics": {
            "objective/kl": kl.sum(1).mean().item(),
            "objective/entropy": (-log_probs).sum(1).mean().item(),
            "objective/non_score_reward": penalty.sum(1).mean().item(),
            "objective/scores": scores.mean().item(),
            "objective/rlhf_reward": (penalty.sum(1).mean() + scores.mean()).item(),
        },
    }


def train(s):
    c = s.config
    o = c["optimizer"]
    before = rollout(s)
    weights = list(s.trainable().values())
    optimizer = torch.optim.AdamW(
        weights, lr=o["learningRate"], betas=(o["beta1"], o["beta2"]), eps=o["eps"], weight_decay=o["weightDecay"]
    )
    size = len(s.scores) // c["miniBatches"]
    updates = []
    for epoch in range(c["epochs"]):
        for part in range(c["miniBatches"]):
            rows = s.orders[epoch][part * size : (part + 1) * size]
            mask, old = s.mask[rows], before["values"][rows]
            advantages, returns = before["advantages"][rows], before["returns"][rows]
            log_probs, entropy = s.log_probs(s.policy, rows)
            values = s.values(rows)
            difference = log_probs - before["logProbs"][rows]
            ratio = difference.exp()
            first, second = -advantages * ratio, -advantages * ratio.clamp(1 - c["clip"], 1 + c["clip"])
            policy_loss = masked_mean(torch.max(first, second), mask)
            near = torch.clamp(values, old - c["valueClip"], old + c["valueClip"])
            v_first, v_second = (values - returns) ** 2, (near - returns) ** 2
            value_loss = 0.5 * masked_mean(torch.max(v_first, v_second), mask)
            loss = policy_loss + c["valueCoefficient"] * value_loss
            optimizer.zero_grad()
            loss.backward()
            norm = torch.nn.utils.clip_grad_norm_(weights, c["maxGradNorm"] or math.inf)
            optimizer.step()
            updates.append(
                {
                    "epoch": epoch, "rows": rows,
                    "policyLoss": policy_loss.item(), "valueLoss": value_loss.item(), "loss": loss.item(),
                    "approxKl": 0.5 * masked_mean(difference**2, mask).item(),
                    "clipFraction": masked_mean((second > first).float(), mask).item(),
                    "valueClipFraction": masked_mean((v_second > v_first).float(), mask).item(),
                    "ratioMean": masked_mean(ratio, mask).item(),
                    "entropy": masked_mean(entropy, mask).item(),
                    "gradNorm": norm.item(),
                }
            )
    return before, updates


def changes(start, end):
    return {
        name: {**checksum(weight), "change": {k: v for k, v in checksum(weight - start[name]).items() if k != "shape"}}
        for name, weight in end.items()
    }


def flat(x, path=""):
    if isinstance(x, dict):
        for k, v in x.items():
            yield from flat(v, f"{path}/{k}")
    elif isinstance(x, (list, tuple)):
        for i, v in enumerate(x):
            yield from flat(v, f"{path}/{i}")
    elif isinstance(x, (int, float)) and not isinstance(x, bool):
        yield path, x


def run(fixtures, case, queries, responses, disturb=0.0):
    s = Setup(fixtures, case, queries, responses)
    if disturb:
        random = torch.Generator().manual_seed(9)
        with torch.no_grad():
            for weight in s.trainable().values():
                weight.mul_(1 + disturb * torch.randn(weight.shape, generator=random))
    start = {name: weight.detach().clone() for name, weight in s.trainable().items()}
    before, updates = train(s)
    end = {name: weight.detach().clone() for name, weight in s.trainable().items()}
    return s, before, updates, start, end


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--fixtures", required=True)
    cli.add_argument("--out", required=True)
    cli.add_argument("--trl", help="folder with the trl package of a version that still has the PPO trainer")
    args = cli.parse_args()
    torch.set_num_threads(1)
    record = {}
    for name, case, queries, responses in cases():
        s, before, updates, start, end = run(args.fixtures, case, queries, responses)
        # How far the numbers move when every weight is off by about one rounding error: what a tolerance must allow.
        _, _, other, other_start, other_end = run(args.fixtures, case, queries, responses, disturb=6e-8)
        moved = {}
        for key in updates[0]:
            if isinstance(updates[0][key], float):
                moved[key] = max(abs(a[key] - b[key]) for a, b in zip(updates, other))
        moved["weight"] = max((end[k] - other_end[k]).abs().max().item() for k in end)
        moved["changeNormRelative"] = max(
            (abs((end[k] - start[k]).norm() - (other_end[k] - other_start[k]).norm()) / (end[k] - start[k]).norm()).item()
            for k in end
        )
        record[name] = {
            **case,
            "queries": queries, "responses": responses, "scores": short(s.scores),
            "valueHead": short(start["value.head.weight"][0], 9),
            "orders": s.orders,
            "rollout": short({k: v.tolist() if isinstance(v, torch.Tensor) else v for k, v in before.items()}),
            "updates": short(updates),
            "sensitivity": short(moved, 2),
            "final": changes(start, end),
        }
        print(name, {k: short(v, 3) for k, v in moved.items()})
        for u in updates:
            print("  ", short({k: v for k, v in u.items() if k != "rows"}, 4))
        if args.trl and name == "lora":
            record[name]["trl"] = compare_with_trl(args, case, queries, responses, before, updates, start, end)
            print("  TRL", record[name]["trl"])
    write(
        args.out,
        {
            "madeBy": "scripts/reference/ppo_step.py",
            "madeWith": "torch 2.15, transformers 5.23, peft 0.21",
            "probe": "sin(0.7 i + 1), i the row-major flattened index; norm is the L2 norm",
            "note": "bases and adapters are folders of models/ and adapters/; masked positions are 0; gradNorm is of "
                    "policy, value model and head together, before clipping; whitening uses the unbiased variance; "
                    "sensitivity: the largest change when every trained weight starts off by a relative 6e-8",
            "cases": record,
        },
    )


def compare_with_trl(args, case, queries, responses, before, updates, start, end):
    """The same batch by TRL's PPOTrainer: averages of what it logs, and the weights it ends with."""
    for loaded in [m for m in sys.modules if m == "trl" or m.startswith("trl.")]:
        del sys.modules[loaded]
    sys.path.insert(0, args.trl)
    import numpy as np
    import tempfile
    import trl
    from datasets import Dataset
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast
    from trl.experimental.ppo import PPOConfig, PPOTrainer, ppo_trainer

    s = Setup(args.fixtures, case, queries, responses)
    c = s.config

    class Backbone(torch.nn.Module):
        def __init__(self, decoder):
            super().__init__()
            self.decoder = decoder.model

        def forward(self, **inputs):
            return self.decoder(**{**inputs, "output_hidden_states": True})

    class Value(torch.nn.Module):
        base_model_prefix = "backbone"

        def __init__(self):
            super().__init__()
            self.backbone, self.score = Backbone(s.value), s.head

    class Reward(torch.nn.Module):
        pass

    reward = Reward()

    def get_reward(model, ids, pad, context):
        if model is reward:
            return None, s.scores.clone(), None
        mask = ids != pad
        out = model.backbone(
            input_ids=ids.masked_fill(~mask, 0), attention_mask=mask, position_ids=mask.cumsum(1) - mask.long()
        )
        return model.score(out.hidden_states[-1]), None, None

    def batch_generation(model, *_):
        with torch.no_grad():
            logits = ppo_trainer.forward(model, s.ids, PAD).logits[:, s.context - 1 : -1]
        return s.ids, logits / (c["temperature"] + 1e-7)

    orders = iter(s.orders)
    kept = np.random.permutation, ppo_trainer.get_reward, ppo_trainer.batch_generation
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=Tokenizer(models.BPE()))
    tokenizer.add_special_tokens({"pad_token": "<pad>", "eos_token": "<eos>"})
    logged = []
    with tempfile.TemporaryDirectory() as folder:
        trainer_args = PPOConfig(
            output_dir=folder, use_cpu=True, report_to=[], per_device_train_batch_size=8,
            gradient_accumulation_steps=1, num_mini_batches=2, num_ppo_epochs=4, total_episodes=8,
            local_rollout_forward_batch_size=8, response_length=8, learning_rate=1e-3, temperature=c["temperature"],
            kl_coef=c["klCoefficient"], gamma=c["gamma"], lam=c["lambda"], cliprange=c["clip"],
            cliprange_value=c["valueClip"], vf_coef=c["valueCoefficient"], num_sample_generations=0,
            save_strategy="no", bf16=False, gradient_checkpointing=False, missing_eos_penalty=None, stop_token=None,
        )
        rows = Dataset.from_dict({"input_ids": [[7] * s.context] * 8})
        trainer = PPOTrainer(
            args=trainer_args, processing_class=tokenizer, model=s.policy.model, ref_model=None, reward_model=reward,
            train_dataset=rows, eval_dataset=rows, value_model=Value(),
        )
        type(tokenizer).pad_token_id = property(lambda self: PAD)
        trainer.log = lambda metrics, *a, **k: logged.append(dict(metrics))
        np.random.permutation = lambda n: np.array(next(orders))
        ppo_trainer.get_reward, ppo_trainer.batch_generation = get_reward, batch_generation
        try:
            trainer.train()
        finally:
            np.random.permutation, ppo_trainer.get_reward, ppo_trainer.batch_generation = kept
    theirs = logged[0]
    mean = lambda key: sum(u[key] for u in updates) / len(updates)
    ours = {
        **before["metrics"], "policy/approxkl_avg": mean("approxKl"), "policy/clipfrac_avg": mean("clipFraction"),
        "loss/policy_avg": mean("policyLoss"), "loss/value_avg": mean("valueLoss"),
        "val/clipfrac_avg": mean("valueClipFraction"), "policy/entropy_avg": mean("entropy"),
        "val/ratio": mean("ratioMean"),
    }
    weights = s.trainable()
    off = max((weights[k].detach() - end[k]).abs().max().item() for k in end)
    assert all(math.isclose(ours[k], theirs[k], rel_tol=2e-4, abs_tol=2e-5) for k in ours), (ours, theirs)
    return {
        "version": trl.__version__,
        "metrics": short({k: theirs[k] for k in ours}),
        "largestWeightDifference": short(off, 2),
        "largestWeightChange": short(max((end[k] - start[k]).abs().max().item() for k in end), 2),
    }


main()

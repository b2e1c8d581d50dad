"""A reward model from Anthropic HH pairs with LoRA, in plain PyTorch: the reference our own reward training
is compared with.

  python reward_hh.py --gguf SmolLM2-135M-Instruct.Q4_1.gguf --data harmless.jsonl.gz --out rm.json
"""

import argparse
import json
import math
import random
import resource
import time

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model

import smollm


def wilson(k: int, n: int, z: float = 1.959964):
    p = k / n
    middle = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return [middle - half, middle + half]


def pad(sequences, pad_id):
    width = max(map(len, sequences))
    ids = torch.full((len(sequences), width), pad_id)
    mask = torch.zeros((len(sequences), width), dtype=torch.long)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = torch.tensor(sequence)
        mask[row, : len(sequence)] = 1
    return ids, mask


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--gguf", required=True)
    cli.add_argument("--data", required=True)
    cli.add_argument("--out", required=True)
    cli.add_argument("--save", help="folder for the trained adapter and head")
    cli.add_argument("--seed", type=int, default=0)
    cli.add_argument("--threads", type=int, default=2)
    cli.add_argument("--steps", type=int, help="stop early (for a trial)")
    cli.add_argument("--keep", type=int, default=128, help="tokens kept, from the right end")
    cli.add_argument("--batch", type=int, default=16, help="pairs in an optimiser step")
    cli.add_argument("--micro", type=int, default=4, help="pairs in one forward pass")
    cli.add_argument("--lr", type=float, default=2e-4)
    cli.add_argument("--rank", type=int, default=16)
    cli.add_argument("--alpha", type=float, default=32)
    args = cli.parse_args()

    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    base, tokenizer = smollm.load(args.gguf, head=False)
    pairs = [
        tuple(smollm.chat_ids(tokenizer, row[side], args.keep) for side in ("chosen", "rejected"))
        for row in smollm.rows(args.data)
    ]
    heldout = [pair for i, pair in enumerate(pairs) if i % 5 == 0]
    training = [pair for i, pair in enumerate(pairs) if i % 5 != 0]
    random.Random(args.seed).shuffle(training)

    base.config.use_cache = False
    model = get_peft_model(
        base,
        LoraConfig(
            r=args.rank,
            lora_alpha=args.alpha,
            lora_dropout=0.0,
            target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
        ),
    )
    width = base.config.hidden_size
    head = torch.nn.Linear(width, 1, bias=False)
    torch.nn.init.normal_(head.weight, std=1 / math.sqrt(width + 1))
    parameters = [p for p in model.parameters() if p.requires_grad] + list(head.parameters())
    trainable = sum(p.numel() for p in parameters)

    def reward(sequences):
        # Padding is found from lengths, never from the pad id: SmolLM2's pad token is its end-of-turn token.
        ids, mask = pad(sequences, tokenizer.pad_token_id)
        hidden = model(input_ids=ids, attention_mask=mask).last_hidden_state
        last = mask.sum(1) - 1
        return head(hidden[torch.arange(len(sequences)), last]).squeeze(-1)

    def margins(batch):
        both = reward([c for c, _ in batch] + [r for _, r in batch])
        return both[: len(batch)] - both[len(batch) :], both

    optimizer = torch.optim.AdamW(parameters, lr=args.lr, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0)
    steps = math.ceil(len(training) / args.batch)
    warmup = max(1, round(0.03 * steps))

    def rate(step):  # step counts from 0; the last step is small but not 0
        return (step + 1) / warmup if step < warmup else (steps - step) / (steps - warmup)

    curve = []
    tokens = padded = 0
    started = time.time()
    model.train()
    for step in range(min(steps, args.steps or steps)):
        batch = training[step * args.batch : (step + 1) * args.batch]
        # Sorting inside a batch changes padding only: every pair has the weight 1/len(batch).
        batch = sorted(batch, key=lambda pair: max(map(len, pair)))
        for group in optimizer.param_groups:
            group["lr"] = args.lr * rate(step)
        total = correct = spread = 0.0
        for at in range(0, len(batch), args.micro):
            micro = batch[at : at + args.micro]
            d, _ = margins(micro)
            loss = -F.logsigmoid(d).sum() / len(batch)
            loss.backward()
            total += loss.item()
            correct += (d > 0).sum().item()
            spread += d.sum().item()
            tokens += sum(len(c) + len(r) for c, r in micro)
            padded += 2 * len(micro) * max(max(map(len, pair)) for pair in micro)
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0).item()
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        curve.append(
            {
                "step": step + 1,
                "loss": total,
                "accuracy": correct / len(batch),
                "margin": spread / len(batch),
                "grad_norm": norm,
                "lr": optimizer.param_groups[0]["lr"],
                "elapsed": time.time() - started,
            }
        )
        print(json.dumps(curve[-1]), flush=True)
    seconds = time.time() - started

    model.eval()
    began = time.time()
    d, rewards = [], []
    order = sorted(heldout, key=lambda pair: max(map(len, pair)))
    with torch.no_grad():
        for at in range(0, len(order), 8):
            some, both = margins(order[at : at + 8])
            d.append(some)
            rewards.append(both)
    d, rewards = torch.cat(d), torch.cat(rewards)
    right = int((d > 0).sum())
    longer = sum((len(c) > len(r)) + 0.5 * (len(c) == len(r)) for c, r in heldout)
    result = {
        "config": {k: v for k, v in vars(args).items() if k not in ("gguf", "data", "out", "save")},
        "pairs": {"training": len(training), "heldout": len(heldout)},
        "trainable": trainable,
        "steps": len(curve),
        "heldout": {
            "correct": right,
            "accuracy": right / len(heldout),
            "wilson95": wilson(right, len(heldout)),
            "loss": -F.logsigmoid(d).mean().item(),
            "margin_mean": d.mean().item(),
            "margin_std": d.std().item(),
            "reward_mean": rewards.mean().item(),
            "reward_std": rewards.std().item(),
            "prefer_longer_accuracy": longer / len(heldout),
            "seconds": time.time() - began,
        },
        "train_seconds": seconds,
        "tokens": tokens,
        "tokens_padded": padded,
        "tokens_per_second": tokens / seconds,
        "peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "curve": curve,
    }
    with open(args.out, "w") as file:
        json.dump(result, file, indent=1)
    print(json.dumps({k: v for k, v in result.items() if k != "curve"}), flush=True)
    if args.save:
        model.save_pretrained(args.save)
        torch.save(head.state_dict(), f"{args.save}/head.pt")


main()

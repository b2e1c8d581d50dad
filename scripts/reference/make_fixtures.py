"""Tiny random Hugging Face models and PEFT adapters with what transformers computes from them, and the losses of
RLHF with their gradients by torch's autograd.

  python make_fixtures.py --out test/fixtures [--trl-ppo trl/experimental/ppo/ppo_trainer.py]

TRL removed its PPO trainer between 1.12 and 1.16; with --trl-ppo, the functions of an older one are compared with
those used here. Everything follows from fixed seeds.
"""

import argparse
import ast
import importlib.metadata
import json
import math
import os
import shutil

import torch
import torch.nn.functional as F
from peft import LoraConfig, PeftModel, get_peft_model
from transformers import AutoModelForCausalLM, LlamaConfig, MistralConfig, Qwen2Config
from transformers import get_scheduler
from trl.trainer.utils import entropy_from_logits, selective_log_softmax

from fixture import checksum, checksums, probe, short, write

def version(name, package=None):
    return f"{name} " + ".".join(importlib.metadata.version(package or name).split(".")[:2])


MADE_WITH = ", ".join([version("torch"), version("transformers"), version("peft"), version("TRL", "trl")])

# ------------------------------------------------------------------------------------------------ models

SIZE = dict(num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, attention_dropout=0.0)


def rope(theta, **more):
    return {"rope_type": "default", "rope_theta": theta, **more}


# name: (config, dtype on disk, shard size, config.json as the hub's files from before transformers 5 have it)
MODELS = {
    "llama-tied": (
        LlamaConfig(**SIZE, vocab_size=128, hidden_size=32, intermediate_size=64, max_position_embeddings=64,
                    rms_norm_eps=1e-5, rope_parameters=rope(10000.0), tie_word_embeddings=True,
                    bos_token_id=1, eos_token_id=2, pad_token_id=3),
        torch.float32, None,
        {"rope_theta": 10000.0, "rope_scaling": None, "torch_dtype": "float32"},
    ),
    "llama-untied": (
        LlamaConfig(**SIZE, vocab_size=97, hidden_size=32, intermediate_size=64, max_position_embeddings=128,
                    rms_norm_eps=1e-6, rope_parameters=rope(100000.0), tie_word_embeddings=False,
                    bos_token_id=1, eos_token_id=[2, 5], pad_token_id=None),
        torch.float32, "40kB",
        {"rope_theta": 100000.0, "torch_dtype": "float32"},
    ),
    "llama-bias": (
        LlamaConfig(**SIZE, vocab_size=101, hidden_size=40, intermediate_size=72, max_position_embeddings=64,
                    rms_norm_eps=1e-5, rope_parameters=rope(10000.0), tie_word_embeddings=False,
                    attention_bias=True, mlp_bias=True, bos_token_id=0, eos_token_id=2),
        torch.float16, None,
        {"rope_theta": 10000.0, "rope_scaling": None, "torch_dtype": "float16"},
    ),
    "llama3-rope": (
        # Wavelengths 6.3, 29, 135, ... against 32: one frequency is kept, one smoothed, the others divided.
        LlamaConfig(**SIZE, vocab_size=97, hidden_size=48, intermediate_size=32, max_position_embeddings=256,
                    rms_norm_eps=1e-5, tie_word_embeddings=True, bos_token_id=1, eos_token_id=2,
                    rope_parameters=rope(10000.0) | {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0,
                                                     "high_freq_factor": 4.0,
                                                     "original_max_position_embeddings": 32}),
        torch.float32, None,
        {"rope_theta": 10000.0, "torch_dtype": "float32",
         "rope_scaling": {"factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                          "original_max_position_embeddings": 32, "rope_type": "llama3"}},
    ),
    "mistral": (
        MistralConfig(**SIZE, vocab_size=97, hidden_size=32, intermediate_size=56, head_dim=16,
                      max_position_embeddings=64, rms_norm_eps=1e-5, rope_parameters=rope(10000.0),
                      sliding_window=6, tie_word_embeddings=False, bos_token_id=1, eos_token_id=2),
        torch.bfloat16, None,
        {"rope_theta": 10000.0, "torch_dtype": "bfloat16"},
    ),
    "qwen2": (
        Qwen2Config(**SIZE, vocab_size=120, hidden_size=32, intermediate_size=64, max_position_embeddings=64,
                    rms_norm_eps=1e-6, rope_parameters=rope(1000000.0), tie_word_embeddings=True,
                    use_sliding_window=False, bos_token_id=1, eos_token_id=2),
        torch.float32, None,
        # A window that must be ignored, as in Qwen's own files.
        {"rope_theta": 1000000.0, "torch_dtype": "float32", "sliding_window": 6, "use_sliding_window": False,
         "max_window_layers": 1, "layer_types": None},
    ),
}


def randomise(model, seed):
    """Weights large enough that the logits say something: std 0.2, norms around 1, no bias zero."""
    random = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            weight.copy_(torch.randn(weight.shape, generator=random) * 0.2)
            if "norm" in name:
                weight.add_(1)


def batch(vocab, seed):
    random = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, vocab, (2, 24), generator=random)
    short_ids = torch.randint(0, vocab, (1, 7), generator=random)
    mask = torch.zeros((2, 24), dtype=torch.long)
    mask[0, 9:22] = 1
    mask[1, 15:24] = 1
    mask[1, 18] = 0
    return ids, mask, short_ids


def completion_loss(logits, ids, mask):
    """Sum of -log p(ids[t] | ids[<t]) where mask[t] is 1, and how many there are. Position 0 has no prediction."""
    logp = selective_log_softmax(logits[:, :-1], ids[:, 1:])
    return -(logp * mask[:, 1:]).sum(), int(mask[:, 1:].sum())


POSITIONS = {"batch": [[0, 0], [0, 11], [0, 23], [1, 5], [1, 23]], "short": [[0, 0], [0, 6]]}


def logit_record(logits, positions):
    """Some positions in full, and of every position the log-sum-exp and the dot product with the probe."""
    wide = logits.detach().double()
    return {
        "full": [{"at": at, "logits": short(logits[at[0], at[1]])} for at in positions],
        "logSumExp": short(wide.logsumexp(-1)),
        "probe": short((wide * probe(wide.shape[-1])).sum(-1)),
    }


def expectations(model, vocab, seed, full, trainable=None, in_files=lambda name, x: [(name, x)]):
    """in_files: a gradient by the names and in the parts that files have for its weight."""
    ids, mask, short_ids = batch(vocab, seed)
    model.zero_grad()
    logits = model(input_ids=ids).logits
    loss, count = completion_loss(logits, ids, mask)
    (loss / count).backward()
    with torch.no_grad():
        short_logits = model(input_ids=short_ids).logits
    named = [(n, p.grad) for n, p in model.named_parameters() if p.requires_grad and (not trainable or trainable(n))]
    return {
        "inputIds": ids.tolist(),
        "completionMask": mask.tolist(),
        "shortInputIds": short_ids.tolist(),
        "logits": {
            "batch": logit_record(logits, POSITIONS["batch"]),
            "short": logit_record(short_logits, POSITIONS["short"]),
        },
        "loss": {"sum": short(loss.item()), "count": count, "mean": short(loss.item() / count)},
        "gradients": checksums([part for name, x in named for part in in_files(name, x)], full),
    }


ABOUT = {
    "madeBy": "scripts/reference/make_fixtures.py",
    "madeWith": MADE_WITH,
    "probe": "sin(0.7 i + 1), i the row-major flattened index; norm is the L2 norm",
    "gradientsOf": "loss.mean = (sum over completionMask[t] = 1, t >= 1 of -log p(inputIds[t] | before)) / count",
}


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def make_models(out):
    for index, (name, (config, dtype, shard, legacy)) in enumerate(MODELS.items()):
        folder = f"{out}/models/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        config._attn_implementation = "eager"
        model = AutoModelForCausalLM.from_config(config)
        randomise(model, 100 + index)
        model.to(dtype).save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))

        saved = json.load(open(f"{folder}/config.json"))
        old = {k: v for k, v in saved.items() if k not in ("rope_parameters", "dtype")} | legacy
        old = {k: v for k, v in old.items() if not (k == "layer_types" and v is None)}
        old["transformers_version"] = "4.45.0"
        json.dump(old, open(f"{folder}/config.legacy.json", "w"), indent=2)

        model = load(folder)
        small = lambda n: n.endswith("bias") or "norm" in n or n == "model.layers.0.self_attn.v_proj.weight"
        record = {"name": name, **ABOUT, **expectations(model, config.vocab_size, 200 + index, small)}
        record["weights"] = checksums(model.named_parameters())
        write(f"{folder}/expected.json", record)

        # The older config must mean the same model.
        other = f"{folder}/old"
        shutil.copytree(folder, other)
        shutil.move(f"{other}/config.legacy.json", f"{other}/config.json")
        again = load(other)
        ids = torch.tensor(record["inputIds"])
        with torch.no_grad():
            assert torch.equal(again(input_ids=ids).logits, model(input_ids=ids).logits), name
        shutil.rmtree(other)


# ---------------------------------------------------------------------------------------------- adapters

ALL = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
ADAPTERS = {
    "lora-a": dict(r=4, lora_alpha=8, target_modules=ALL),
    "lora-b": dict(r=3, lora_alpha=6, target_modules=["q_proj", "v_proj", "down_proj"]),
    "lora-rslora": dict(r=4, lora_alpha=8, use_rslora=True, target_modules=ALL),
}


def make_adapters(out):
    base = f"{out}/models/llama-tied"
    for index, (name, settings) in enumerate(ADAPTERS.items()):
        folder = f"{out}/adapters/{name}"
        shutil.rmtree(folder, ignore_errors=True)
        model = get_peft_model(load(base), LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **settings))
        random = torch.Generator().manual_seed(300 + index)
        with torch.no_grad():
            for part, weight in model.named_parameters():
                if "lora_" in part:
                    weight.copy_(torch.randn(weight.shape, generator=random) * 0.2)
        model.peft_config["default"].base_model_name_or_path = "llama-tied"
        model.save_pretrained(folder)
        os.remove(f"{folder}/README.md")
        saved = json.load(open(f"{folder}/adapter_config.json"))
        saved["target_modules"].sort()  # a set: its order differs from run to run
        json.dump(saved, open(f"{folder}/adapter_config.json", "w"), indent=2)

        model = PeftModel.from_pretrained(load(base), folder, is_trainable=True).eval()
        small = lambda n: "layers.0.self_attn.q_proj" in n or "layers.1.mlp.down_proj" in n
        record = {"name": name, "base": "llama-tied", **ABOUT, **expectations(model, 128, 200, small)}
        # Names as in adapter_model.safetensors.
        record["gradients"] = {k.replace(".default.", "."): v for k, v in record["gradients"].items()}
        merged = model.merge_and_unload()
        with torch.no_grad():
            logits = merged(input_ids=torch.tensor(record["inputIds"])).logits
        record["merged"] = {"logits": logit_record(logits, POSITIONS["batch"][:2])}
        write(f"{folder}/expected.json", record)

    # Both adapters at once: their updates add up.
    model = PeftModel.from_pretrained(load(base), f"{out}/adapters/lora-a", adapter_name="a")
    model.load_adapter(f"{out}/adapters/lora-b", adapter_name="b")
    model.base_model.set_adapter(["a", "b"])
    ids, mask, _ = batch(128, 200)
    with torch.no_grad():
        logits = model.eval()(input_ids=ids).logits
        loss, count = completion_loss(logits, ids, mask)
    write(
        f"{out}/adapters/both.json",
        {
            "name": "lora-a and lora-b active together on llama-tied", **ABOUT,
            "inputIds": ids.tolist(), "completionMask": mask.tolist(),
            "logits": {"batch": logit_record(logits, POSITIONS["batch"])},
            "loss": {"sum": short(loss.item()), "count": count, "mean": short(loss.item() / count)},
        },
    )


def make_padding(out):
    """Rows of different lengths in one batch, padded on either side: the same logits as each row alone."""
    model = load(f"{out}/models/llama-tied")
    random = torch.Generator().manual_seed(400)
    rows = [torch.randint(4, 128, (n,), generator=random).tolist() for n in (3, 12, 7, 1)]
    pad, width = 3, 12
    cases = {}
    with torch.no_grad():
        alone = [model(input_ids=torch.tensor([row])).logits[0] for row in rows]
        for side in ("left", "right"):
            ids, mask = torch.full((4, width), pad), torch.zeros((4, width), dtype=torch.long)
            for r, row in enumerate(rows):
                at = slice(width - len(row), width) if side == "left" else slice(0, len(row))
                ids[r, at], mask[r, at] = torch.tensor(row), 1
            positions = (mask.cumsum(1) - 1).clamp(min=0)
            logits = model(input_ids=ids, attention_mask=mask, position_ids=positions).logits
            off = max((logits[r][mask[r] == 1] - alone[r]).abs().max().item() for r in range(4))
            assert off < 1e-5, off
            cases[side] = {
                "inputIds": ids.tolist(), "attentionMask": mask.tolist(), "positionIds": positions.tolist(),
                "maxDifferenceFromAlone": short(off, 2),
            }
    write(
        f"{out}/models/llama-tied/padded.json",
        {
            "name": "llama-tied", "madeBy": ABOUT["madeBy"], "madeWith": MADE_WITH, "probe": ABOUT["probe"],
            "note": "rows[r].logSumExp[t] and .probe[t] belong to the row's token t, wherever padding puts it",
            "rows": [
                {
                    "ids": row,
                    "lastLogits": short(logits[-1]),
                    "logSumExp": short(logits.double().logsumexp(-1)),
                    "probe": short((logits.double() * probe(128)).sum(-1)),
                }
                for row, logits in zip(rows, alone)
            ],
            **cases,
        },
    )


# ------------------------------------------------------------------------------------------------ losses
# Inputs have four decimals; everything is computed in f64 and given with ten digits.


class Draw:
    def __init__(self, seed):
        self.random = torch.Generator().manual_seed(seed)

    def __call__(self, *shape, std=1.0, mean=0.0, grad=False):
        x = torch.randn(shape, generator=self.random, dtype=torch.float64) * std + mean
        return torch.round(x, decimals=4).requires_grad_(grad)

    def whole(self, high, *shape):
        return torch.randint(0, high, shape, generator=self.random)


def masked_mean(x, mask):
    return (x * mask).sum() / mask.sum()


def masked_whiten(x, mask, shift_mean=True, unbiased=True):
    mean = masked_mean(x, mask)
    var = masked_mean((x - mean) ** 2, mask)
    if unbiased:
        var = var * mask.sum() / (mask.sum() - 1)
    out = (x - mean) / torch.sqrt(var + 1e-8)
    return out if shift_mean else out + mean


def gae(rewards, values, mask, gamma, lam):
    """Row by row, over the row's own tokens; nothing follows the last of them."""
    advantages = torch.zeros_like(rewards)
    for r in range(rewards.shape[0]):
        tokens = mask[r].nonzero().flatten().tolist()
        next_value = next_advantage = 0.0
        for t in reversed(tokens):
            delta = rewards[r, t] + gamma * next_value - values[r, t]
            advantages[r, t] = next_advantage = delta + gamma * lam * next_advantage
            next_value = values[r, t]
    return advantages, (advantages + values) * mask


def gae_as_trl(rewards, values, gamma, lam):
    last, reverse = 0, []
    for t in reversed(range(rewards.shape[1])):
        following = values[:, t + 1] if t < rewards.shape[1] - 1 else 0.0
        last = rewards[:, t] + gamma * following - values[:, t] + gamma * lam * last
        reverse.append(last)
    return torch.stack(reverse[::-1], axis=1)


def trl_functions(path):
    """masked_mean, masked_var and masked_whiten out of TRL's own file, without importing the rest of it."""
    tree = ast.parse(open(path).read())
    wanted = [n for n in tree.body if isinstance(n, ast.FunctionDef) and n.name.startswith("masked_")]
    scope = {"torch": torch}
    exec(compile(ast.Module(wanted, []), "trl", "exec"), scope)
    return scope


def gradients(loss, **of):
    found = torch.autograd.grad(loss, list(of.values()), retain_graph=True)
    return dict(zip(of, found))


def make_losses(out, trl_ppo):
    draw = Draw(500)
    cases = {}

    def case(name, source, inputs, outputs, gradient=None):
        cases[name] = {"source": source, "inputs": inputs, "outputs": outputs}
        if gradient is not None:
            cases[name]["gradients"] = gradient

    old = trl_functions(trl_ppo) if trl_ppo else None
    old_trl = "TRL 1.12 trl/experimental/ppo (removed by 1.16)"

    # Cross-entropy over chosen tokens.
    logits, labels = draw(2, 5, 7, std=2.0, grad=True), draw.whole(7, 2, 5)
    mask = torch.tensor([[0, 1, 1, 0, 1], [0, 0, 1, 1, 1]])
    logp = selective_log_softmax(logits, labels)
    loss = -(logp * mask).sum() / mask.sum()
    assert torch.allclose(loss, F.cross_entropy(logits.reshape(-1, 7), labels.where(mask == 1, -100).reshape(-1)))
    case("crossEntropy", "TRL 1.16 trainer/utils.selective_log_softmax; torch cross_entropy with ignored labels agrees",
         {"logits": logits, "labels": labels, "mask": mask},
         {"logProbs": logp, "sum": loss * mask.sum(), "count": int(mask.sum()), "mean": loss},
         {"mean": gradients(loss, logits=logits)})

    # Entropy of the next-token distribution.
    entropy = entropy_from_logits(logits)
    case("entropy", "TRL 1.16 trainer/utils.entropy_from_logits", {"logits": logits, "mask": mask},
         {"entropy": entropy, "maskedMean": masked_mean(entropy, mask)},
         {"maskedMean": gradients(masked_mean(entropy, mask), logits=logits)})

    # Log-probabilities at a temperature.
    case("temperature", "TRL 1.16 trainer/utils.selective_log_softmax(temperature=0.7)",
         {"logits": logits, "labels": labels, "temperature": 0.7},
         {"logProbs": selective_log_softmax(logits, labels, temperature=0.7)})

    # Bradley-Terry.
    c, r = draw(8, std=1.5, grad=True), draw(8, std=1.5, grad=True)
    margin = draw(8, std=0.5).abs()
    noise = torch.tensor([0.0, 0.05, 0.1, 0.2, 0.3, 0.4, 0.45, 0.25], dtype=torch.float64)
    weight = torch.tensor([1.0, 0.5, 2.0, 1.0, 0.0, 1.0, 0.25, 1.0], dtype=torch.float64)
    centring = 0.01
    d, dm = c - r, c - r - margin
    up, down = F.logsigmoid, lambda x: F.logsigmoid(-x)
    forms = {
        "plain": -up(d).mean(),
        "margin": -up(dm).mean(),
        "centred": -up(d).mean() + centring * ((c + r) ** 2).mean(),
        "marginCentred": -up(dm).mean() + centring * ((c + r) ** 2).mean(),
        "noise": (-(1 - noise) * up(d) - noise * down(d)).mean(),
        "noiseUnbiased": ((-(1 - noise) * up(d) + noise * down(d)) / (1 - 2 * noise)).mean(),
        "noiseMarginCentred": (-(1 - noise) * up(dm) - noise * down(dm)).mean() + centring * ((c + r) ** 2).mean(),
        "weighted": (weight * -up(d)).sum() / weight.sum(),
    }
    case("bradleyTerry",
         "torch; plain, margin, centred and marginCentred are TRL 1.16 reward_trainer's expressions. "
         "noise: -(1-e) log s(d) - e log s(-d); noiseUnbiased: [-(1-e) log s(d) + e log s(-d)] / (1-2e); "
         "d = chosen - rejected (- margin)",
         {"chosen": c, "rejected": r, "margin": margin, "noise": noise, "weight": weight,
          "centringCoefficient": centring},
         {**forms, "accuracy": (c > r).double().mean(), "meanMargin": d.mean()},
         {name: gradients(value, chosen=c, rejected=r) for name, value in forms.items()})

    # A scalar head: at the last real token (reward), at every token (value).
    hidden, head, bias = draw(3, 5, 6, grad=True), draw(6, std=0.4, grad=True), draw(1, grad=True)
    mask = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1], [0, 0, 1, 1, 1]])
    values = hidden @ head + bias
    last = (mask * torch.arange(5)).argmax(1)
    rewards = values[torch.arange(3), last]
    target = (rewards * torch.tensor([1.0, -2.0, 0.5], dtype=torch.float64)).sum()
    target_values = (values * mask * torch.linspace(-1, 1, 5, dtype=torch.float64)).sum()
    case("scalarHead", "torch; rewardWeights and valueWeights make scalars of the outputs",
         {"hidden": hidden, "weight": head, "bias": bias, "mask": mask, "rewardWeights": [1.0, -2.0, 0.5],
          "valueWeights": [-1.0, -0.5, 0.0, 0.5, 1.0]},
         {"values": values, "last": last, "rewards": rewards},
         {"rewards": gradients(target, hidden=hidden, weight=head, bias=bias),
          "values": gradients(target_values, hidden=hidden, weight=head, bias=bias)})

    # PPO's two losses.
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 0]])
    before = draw(3, 6, std=0.5, mean=-1.5)
    now = (before + draw(3, 6, std=0.3)).round(decimals=4).requires_grad_()
    advantages = draw(3, 6)
    ratio = torch.exp(now - before)
    unclipped, clipped = -advantages * ratio, -advantages * ratio.clamp(0.8, 1.2)
    loss = masked_mean(torch.max(unclipped, clipped), mask)
    case("ppoPolicy", f"formula of {old_trl}, statistics over the mask only",
         {"logProbs": now, "oldLogProbs": before, "advantages": advantages, "mask": mask, "clip": 0.2},
         {"loss": loss, "clipFraction": masked_mean((clipped > unclipped).double(), mask),
          "approxKl": 0.5 * masked_mean((now - before) ** 2, mask), "ratioMean": masked_mean(ratio, mask),
          "perToken": torch.max(unclipped, clipped)},
         {"loss": gradients(loss, logProbs=now)})

    value_before, returns = draw(3, 6), draw(3, 6)
    value = (value_before + draw(3, 6, std=0.3)).round(decimals=4).requires_grad_()
    value_clipped = torch.clamp(value, value_before - 0.2, value_before + 0.2)
    first, second = (value - returns) ** 2, (value_clipped - returns) ** 2
    loss = 0.5 * masked_mean(torch.max(first, second), mask)
    case("ppoValue", f"formula of {old_trl}; explainedVariance = 1 - var(returns - old) / var(returns), population",
         {"values": value, "oldValues": value_before, "returns": returns, "mask": mask, "clip": 0.2},
         {"loss": loss, "clipFraction": masked_mean((second > first).double(), mask),
          "explainedVariance": 1 - masked_variance(returns - value_before, mask) / masked_variance(returns, mask)},
         {"loss": gradients(loss, values=value)})

    # Advantages: rows of different lengths, and one that starts late.
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 0, 0, 0], [1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0]])
    rewards, values = draw(4, 6, std=0.3), draw(4, 6)
    settings = [[1.0, 0.95], [0.99, 0.9], [1.0, 1.0], [0.9, 0.0]]
    results = []
    for gamma, lam in settings:
        advantages, returns = gae(rewards, values, mask, gamma, lam)
        assert torch.allclose(advantages, gae_as_trl(rewards * mask, values * mask, gamma, lam) * mask)
        results.append({"gamma": gamma, "lambda": lam, "advantages": advantages, "returns": returns})
    case("gae", f"row by row in torch; {old_trl}'s vectorised loop on masked rewards and values agrees",
         {"rewards": rewards, "values": values, "mask": mask}, {"settings": results})

    # Whitening.
    x = draw(4, 6, std=2.0, mean=0.7)
    shifted, kept = masked_whiten(x, mask), masked_whiten(x, mask, shift_mean=False)
    source = f"formula of {old_trl}: unbiased variance; `population` without Bessel's correction"
    if old:
        assert torch.allclose(shifted, old["masked_whiten"](x, mask))
        assert torch.allclose(kept, old["masked_whiten"](x, mask, shift_mean=False))
        source += "; equal to TRL's masked_whiten, run"
    case("whiten", source, {"x": x, "mask": mask},
         {"mean": masked_mean(x, mask), "whitened": shifted * mask, "keepingMean": kept * mask,
          "population": masked_whiten(x, mask, unbiased=False) * mask})

    # KL between policy and reference at the sampled tokens, and exactly.
    policy, reference = draw(2, 4, 7, std=1.5, grad=True), draw(2, 4, 7, std=1.5)
    sampled = draw.whole(7, 2, 4)
    lp, lr = selective_log_softmax(policy, sampled), selective_log_softmax(reference, sampled).detach()
    at = lp.detach().requires_grad_()
    log_ratio = lr - at
    estimators = {"k1": -log_ratio, "k2": log_ratio**2 / 2, "k3": log_ratio.exp() - 1 - log_ratio}
    exact = (policy.log_softmax(-1).exp() * (policy.log_softmax(-1) - reference.log_softmax(-1))).sum(-1)
    case("kl", f"k1 and k3 as {old_trl}; log r = logRef - log; exact is KL(policy || reference)",
         {"policyLogits": policy, "referenceLogits": reference, "sampled": sampled},
         {"logProbs": lp, "referenceLogProbs": lr, **estimators, "exact": exact},
         {**{k: gradients(v.sum(), logProbs=at) for k, v in estimators.items()},
          "exact": gradients(exact.sum(), policyLogits=policy)})

    # Ziegler's controller.
    kls = [12.0, 9.0, 6.5, 6.0, 5.0, 2.0, 0.5, -1.0, 7.0, 40.0]
    beta, trajectory = 0.15, []
    for kl in kls:
        beta *= 1 + max(-0.2, min(0.2, kl / 6.0 - 1)) * 64 / 10000
        trajectory.append(beta)
    case("adaptiveKl", "Ziegler 2019, as trl's AdaptiveKLController did it",
         {"beta": 0.15, "target": 6.0, "horizon": 10000, "samplesPerUpdate": 64, "kl": kls}, {"beta": trajectory})

    # AdamW with clipping by the global norm.
    shapes = {"a": (3, 4), "b": (5,)}
    start = {k: draw(*s) for k, s in shapes.items()}
    grads = [{k: draw(*s, std=std) for k, s in shapes.items()} for std in (0.1, 1.0, 0.3, 3.0, 0.01)]
    rates = [1e-2, 2e-2, 2e-2, 1e-2, 5e-3]
    weights = {k: torch.nn.Parameter(v.clone()) for k, v in start.items()}
    optimizer = torch.optim.AdamW(
        [{"params": [weights["a"]], "weight_decay": 0.1}, {"params": [weights["b"]], "weight_decay": 0.0}],
        lr=1e-2, betas=(0.9, 0.99), eps=1e-6,
    )
    steps = []
    for rate, grad in zip(rates, grads):
        for k in weights:
            weights[k].grad = grad[k].clone()
        norm = torch.nn.utils.clip_grad_norm_(list(weights.values()), 1.0)
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        steps.append({"gradNorm": norm, **{k: w.detach().clone() for k, w in weights.items()}})
    moments = {k: {"m": optimizer.state[w]["exp_avg"], "v": optimizer.state[w]["exp_avg_sq"]}
               for k, w in weights.items()}
    case("adamw", "torch.optim.AdamW after clip_grad_norm_(1.0), whose factor is min(1, 1 / (norm + 1e-6)); "
         "weight decay on a only",
         {"start": start, "gradients": grads, "learningRates": rates, "beta1": 0.9, "beta2": 0.99, "eps": 1e-6,
          "weightDecay": {"a": 0.1, "b": 0.0}, "maxGradNorm": 1.0},
         {"steps": steps, "moments": moments})

    # Learning-rate schedules.
    schedules = {}
    for kind in ("linear", "cosine", "constant_with_warmup"):
        optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
        scheduler = get_scheduler(kind, optimizer, num_warmup_steps=3, num_training_steps=12)
        factors = []
        for _ in range(12):
            factors.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            scheduler.step()
        schedules[kind] = factors
    case("schedules", "transformers get_scheduler; factor used at optimiser step 0, 1, ... (the first is 0)",
         {"warmupSteps": 3, "totalSteps": 12}, schedules)

    # Preferences without a reward model.
    pc, pr = draw(6, std=3, mean=-20, grad=True), draw(6, std=3, mean=-20, grad=True)
    rc, rr = draw(6, std=3, mean=-20), draw(6, std=3, mean=-20)
    nc, nr = torch.tensor([5, 9, 12, 7, 3, 20]), torch.tensor([8, 4, 15, 7, 6, 11])
    beta, eps, gamma = 0.1, 0.2, 0.5
    d = (pc - rc) - (pr - rr)
    mean_d = (pc - rc) / nc - (pr - rr) / nr
    mean_c, mean_r = pc / nc, pr / nr
    log_odds = (mean_c - torch.log1p(-mean_c.exp())) - (mean_r - torch.log1p(-mean_r.exp()))
    forms = {
        "sigmoid": -up(beta * d).mean(),
        "hinge": torch.relu(1 - beta * d).mean(),
        "ipo": ((mean_d - 1 / (2 * beta)) ** 2).mean(),
        "conservative": (-(1 - eps) * up(beta * d) - eps * down(beta * d)).mean(),
        "robust": ((-(1 - eps) * up(beta * d) + eps * down(beta * d)) / (1 - 2 * eps)).mean(),
        "simpo": -up(2.0 * (mean_c - mean_r) - gamma).mean(),
        "orpo": (-mean_c - 0.1 * up(log_odds)).mean(),
    }
    case("direct", "torch, formulas of TRL's DPO losses; logProbs are sums over the completion, lengths its tokens; "
         "ipo by per-token averages; simpo: beta 2, gamma 0.5, per-token averages; orpo: -mean_c - 0.1 log s(log odds)",
         {"chosen": pc, "rejected": pr, "chosenReference": rc, "rejectedReference": rr, "chosenLengths": nc,
          "rejectedLengths": nr, "beta": beta, "labelSmoothing": eps, "simpoBeta": 2.0, "simpoGamma": gamma,
          "orpoLambda": 0.1},
         {**forms, "chosenRewards": beta * (pc - rc), "rejectedRewards": beta * (pr - rr),
          "accuracy": (d > 0).double().mean()},
         {name: gradients(value, chosen=pc, rejected=pr) for name, value in forms.items()})

    # Groups of completions.
    scores = draw(3, 4)
    scores[1] = 0.5
    group = (scores - scores.mean(1, keepdim=True)) / (scores.std(1, keepdim=True) + 1e-4)
    leave_one_out = scores - (scores.sum(1, keepdim=True) - scores) / 3
    case("groups", "torch; grpo: (r - mean) / (std + 1e-4) with the unbiased std TRL uses; drGrpo without the "
         "division; rloo: r - mean of the others",
         {"scores": scores},
         {"grpo": group, "drGrpo": scores - scores.mean(1, keepdim=True), "rloo": leave_one_out})

    # Best of n, over-optimisation.
    n = [1, 2, 4, 16, 64]
    case("bestOfN", "closed form log n - (n-1)/n", {"n": n}, {"kl": [math.log(k) - (k - 1) / k for k in n]})

    write(
        f"{out}/losses.json",
        {
            "madeBy": ABOUT["madeBy"], "madeWith": MADE_WITH,
            "note": "inputs have four decimals; all is computed in f64; gradients.X.y is d outputs.X (its sum, when "
                    "not a scalar) / d inputs.y",
            "cases": short(plain(cases), 10),
        },
    )


def masked_variance(x, mask):
    return masked_mean((x - masked_mean(x, mask)) ** 2, mask)


def plain(x):
    if isinstance(x, torch.Tensor):
        return x.detach().tolist()
    if isinstance(x, dict):
        return {k: plain(v) for k, v in x.items()}
    if isinstance(x, (list, tuple)):
        return [plain(y) for y in x]
    return x


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--out", required=True)
    cli.add_argument("--trl-ppo", help="TRL's ppo_trainer.py, of 1.12 or before, to compare with")
    cli.add_argument("--only", choices=["models", "adapters", "padding", "losses"])
    args = cli.parse_args()
    torch.set_num_threads(1)
    os.makedirs(args.out, exist_ok=True)
    if args.only in (None, "models"):
        make_models(args.out)
        make_padding(args.out)
    if args.only in (None, "adapters"):
        make_adapters(args.out)
    if args.only == "padding":
        make_padding(args.out)
    if args.only in (None, "losses"):
        make_losses(args.out, args.trl_ppo)


if __name__ == "__main__":
    main()

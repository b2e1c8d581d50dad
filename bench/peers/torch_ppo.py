"""A PPO iteration in PyTorch with transformers' generate and peft: the same work as our `ppo`, tuned. The base is in
bf16, adapters in f32 under autocast. Policy and value model are two adapters over one base, and the reference is the
base; the sampler runs with the adapter merged. Only responses go through the output head, nothing that is only scored
keeps gradients, and no metrics are computed on the way."""

import time

import torch
import torch.nn.functional as F

import peer

S = peer.SETTINGS
PROMPT, NEW, ROWS = S["promptTokens"], S["newTokens"], S["rows"]
CLIP, VALUE_COEFFICIENT, BETA, GAMMA, LAMBDA = 0.2, 0.1, 0.05, 1.0, 0.95

model = peer.with_lora(peer.load(torch.bfloat16), True)
model.add_adapter("value", peer.lora_config())
model.generation_config.eos_token_id = None
causal = model.get_base_model()
head = torch.nn.Linear(causal.config.hidden_size, 1, bias=False)
torch.nn.init.zeros_(head.weight)


def weights_of(adapter):
    return [p for name, p in model.named_parameters() if f".{adapter}." in name]


policy_weights = weights_of("default")
value_weights = weights_of("value") + list(head.parameters())
policy_optimizer = torch.optim.AdamW(policy_weights, lr=1e-5, weight_decay=0.0)
value_optimizer = torch.optim.AdamW(value_weights, lr=1e-5, weight_decay=0.0)
adapted = [m for m in model.modules() if hasattr(m, "base_layer")]
unmerged = [m.base_layer.weight.detach().clone() for m in adapted]
prompts = peer.some_ids(S["prompts"], PROMPT)


def hidden(ids):
    """States that predict the response's tokens, [B, NEW, D]."""
    return causal.model(input_ids=ids, use_cache=False).last_hidden_state[:, PROMPT - 1 : -1]


def log_probs(ids):
    logits = causal.lm_head(hidden(ids)).float()
    return -F.cross_entropy(logits.flatten(0, 1), ids[:, PROMPT:].flatten(), reduction="none").view(-1, NEW)


def values(ids):
    return F.linear(hidden(ids).float(), head.weight).squeeze(-1)


def over_rows(function, ids):
    return torch.cat([function(part) for part in ids.split(ROWS)])


def generate():
    model.set_adapter("default")
    model.merge_adapter(["default"])
    ids = model.generate(
        input_ids=prompts, attention_mask=torch.ones_like(prompts), do_sample=True, temperature=1.0, top_k=0,
        top_p=1.0, max_new_tokens=NEW, pad_token_id=0,
    )
    model.unmerge_adapter()
    # Subtracting what was added leaves rounding errors in bf16.
    for module, weight in zip(adapted, unmerged):
        module.base_layer.weight.copy_(weight)
    return ids


def score(ids):
    old = over_rows(log_probs, ids)
    with model.disable_adapter():
        reference = over_rows(log_probs, ids)
    model.set_adapter("value")
    return old, reference, over_rows(values, ids)


def advantages_and_returns(ids, old, reference, old_values):
    rewards = -BETA * (old - reference)
    rewards[:, -1] += (ids[:, PROMPT:] % 2 == 0).float().mean(1)
    advantages = torch.zeros_like(rewards)
    following = torch.zeros(len(ids))
    for t in reversed(range(NEW)):
        after = old_values[:, t + 1] if t + 1 < NEW else 0.0
        following = rewards[:, t] + GAMMA * after - old_values[:, t] + GAMMA * LAMBDA * following
        advantages[:, t] = following
    returns = advantages + old_values
    return (advantages - advantages.mean()) / torch.sqrt(advantages.var() + 1e-8), returns


def policy_loss(ids, old, advantages):
    ratio = torch.exp(log_probs(ids) - old)
    return torch.maximum(-advantages * ratio, -advantages * ratio.clamp(1 - CLIP, 1 + CLIP)).sum()


def value_loss(ids, old, returns):
    new = values(ids)
    near = torch.minimum(torch.maximum(new, old - CLIP), old + CLIP)
    return VALUE_COEFFICIENT * 0.5 * torch.maximum((new - returns) ** 2, (near - returns) ** 2).sum()


def update(adapter, loss, parameters, optimizer, *rows):
    model.set_adapter(adapter)
    tokens = rows[1].numel()
    for part in zip(*(x.split(ROWS) for x in rows)):
        with torch.autocast("cpu", torch.bfloat16):
            value = loss(*part)
        (value / tokens).backward()
    torch.nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def iteration(_):
    start = time.perf_counter()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        model.eval()
        ids = generate()
        sampled = time.perf_counter()
        old, reference, old_values = score(ids)
        advantages, returns = advantages_and_returns(ids, old, reference, old_values)
    scored = time.perf_counter()
    model.train()
    for _ in range(S["epochs"]):
        order = torch.randperm(len(ids))
        update("default", policy_loss, policy_weights, policy_optimizer, ids[order], old[order], advantages[order])
        update("value", value_loss, value_weights, value_optimizer, ids[order], old_values[order], returns[order])
    end = time.perf_counter()
    phases = {"generate": sampled - start, "score": scored - sampled, "train": end - scored}
    return {
        "milliseconds": 1000 * (end - start),
        "phases": {name: 1000 * seconds for name, seconds in phases.items()},
    }


peer.serve(iteration)

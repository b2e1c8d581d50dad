"""A LoRA training step in plain PyTorch: torch-f32, torch-bf16 (weights and adapters in bf16) or torch-autocast
(weights in bf16, adapters in f32, products in bf16)."""

import torch
import torch.nn.functional as F

import peer

kind = peer.SETTINGS["peer"]
model = peer.with_lora(
    peer.load(torch.float32 if kind == "torch-f32" else torch.bfloat16), kind != "torch-bf16"
).train()
weights = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(weights, lr=1e-5, weight_decay=0.0)
ids = peer.some_ids(peer.SETTINGS["rows"], peer.SETTINGS["length"])


def step(_):
    with torch.autocast("cpu", torch.bfloat16, enabled=kind == "torch-autocast"):
        logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
    F.cross_entropy(logits.float().flatten(0, 1), ids[:, 1:].flatten()).backward()
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


peer.serve(step)

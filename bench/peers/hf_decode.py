"""A decoding step of transformers' generate with its KV cache, sampled at temperature 1: hf-f32 or hf-bf16. The
median time between two steps of a call."""

import statistics
import time

import torch
from transformers import LogitsProcessor, LogitsProcessorList

import peer

model = peer.load(torch.bfloat16 if peer.SETTINGS["peer"] == "hf-bf16" else torch.float32)
model.generation_config.eos_token_id = None


class Stamp(LogitsProcessor):
    def __init__(self):
        self.times = []

    def __call__(self, input_ids, scores):
        self.times.append(time.perf_counter())
        return scores


def decode(request):
    ids = peer.some_ids(request["batch"], peer.SETTINGS["promptTokens"])
    stamp = Stamp()
    with torch.inference_mode():
        model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
            max_new_tokens=peer.SETTINGS["newTokens"], pad_token_id=0, logits_processor=LogitsProcessorList([stamp]),
        )
    steps = [b - a for a, b in zip(stamp.times, stamp.times[1:])]
    return {"milliseconds": 1000 * statistics.median(steps)}


peer.serve(decode)

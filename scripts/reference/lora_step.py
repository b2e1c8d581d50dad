"""How fast plain PyTorch and transformers are on this machine, in one run, as JSON: the 2048^3 product, a LoRA
training step of SmolLM2-135M's shape (rank 16, all linears, 8 x 128 tokens), greedy generation at batch 1 and 16;
all in f32. Weights are random: only shapes matter.

  python lora_step.py [--threads 2] [--repeats 5] [--new-tokens 64] [--layers 30]
"""

import argparse
import json
import platform
import resource
import time

import torch
import torch.nn.functional as F
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

cli = argparse.ArgumentParser()
cli.add_argument("--threads", type=int, default=2)
cli.add_argument("--repeats", type=int, default=5)
cli.add_argument("--new-tokens", type=int, default=64)
cli.add_argument("--layers", type=int, default=30)
args = cli.parse_args()
torch.set_num_threads(args.threads)
torch.manual_seed(0)


def timed(work, repeats):
    """Seconds of each repeat, after one that does not count."""
    work()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return sorted(seconds)


def median(x):
    return x[len(x) // 2]


def summary(seconds, **rates):
    return {
        "seconds": {"median": median(seconds), "min": seconds[0], "max": seconds[-1]},
        **{name: count / median(seconds) for name, count in rates.items()},
    }


n = 2048
a, b = torch.randn(n, n), torch.randn(n, n)
result = {
    "machine": {"processor": platform.machine(), "threads": args.threads, "torch": torch.__version__},
    "matmul2048": summary(timed(lambda: a @ b, 3 * args.repeats), gflops=2 * n**3 / 1e9),
}

base = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=args.layers,
        num_attention_heads=9, num_key_value_heads=3, max_position_embeddings=8192, rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0}, tie_word_embeddings=True,
        bos_token_id=1, eos_token_id=2, pad_token_id=2,
    )
).eval()

for batch in (1, 16):
    prompt = torch.randint(3, 49152, (batch, 64))

    def generate():
        base.generate(
            input_ids=prompt, attention_mask=torch.ones_like(prompt), do_sample=False,
            min_new_tokens=args.new_tokens, max_new_tokens=args.new_tokens, pad_token_id=2,
        )

    seconds = timed(generate, max(1, args.repeats // 2))
    result[f"generate{batch}"] = summary(seconds, tokensPerSecond=batch * args.new_tokens)
    result[f"generate{batch}"]["msPerStep"] = 1000 * median(seconds) / args.new_tokens

model = get_peft_model(
    base,
    LoraConfig(
        r=16, lora_alpha=32, lora_dropout=0.0, task_type="CAUSAL_LM",
        target_modules=["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
    ),
).train()
weights = [p for p in model.parameters() if p.requires_grad]
optimizer = torch.optim.AdamW(weights, lr=2e-4, weight_decay=0.0)
ids = torch.randint(3, 49152, (8, 128))


def forward():
    logits = model(input_ids=ids, use_cache=False).logits[:, :-1]
    return F.cross_entropy(logits.reshape(-1, logits.shape[-1]), ids[:, 1:].reshape(-1))


def step():
    forward().backward()
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)


def forward_only():
    with torch.no_grad():
        forward()


result["forward"] = summary(timed(forward_only, args.repeats), tokensPerSecond=ids.numel())
result["loraStep"] = summary(timed(step, args.repeats), tokensPerSecond=ids.numel())
result["trainable"] = sum(w.numel() for w in weights)
result["layers"] = args.layers
result["peakRssMb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps(result, indent=1))

"""What transformers computes with SmolLM2-135M-Instruct's Q4_1 weights in f32: token ids, greedy completions,
log-probabilities.

  python smollm2.py --gguf SmolLM2-135M-Instruct.Q4_1.gguf --hh harmless.jsonl.gz --out test/fixtures/smollm2
"""

import argparse
import os

import torch

import smollm
from fixture import checksum, short, write


def user(text):
    return {"role": "user", "content": text}


def assistant(text):
    return {"role": "assistant", "content": text}


CHATS = [
    [user("What is the capital of France?")],
    [user("How do I boil an egg?")],
    [user("Why is the sky blue?")],
    [user("What is the difference between a lake and a pond?")],
    [user("Can you suggest a name for my new cat?")],
    [user("How many days are there in a leap year?")],
    [user("What should I wear when it is cold outside?")],
    [user("Who wrote Romeo and Juliet?")],
    [user("Explain what a computer is to a five year old.")],
    [user("Write one sentence about the sea.")],
    [user("Hi!"), assistant("Hello! How can I help you today?"), user("Tell me a fun fact about octopuses.")],
    [
        user("I have 12 apples and give away 5. How many are left?"),
        assistant("You have 7 apples left."),
        user("And if I buy 20 more?"),
    ],
    [{"role": "system", "content": "You answer with one word."}, user("What colour is grass?")],
    [
        {"role": "system", "content": "You are a pirate."},
        user("Good morning"),
        assistant("Ahoy, matey!"),
        user("Where is the treasure?"),
    ],
    [user("Write a Python function that adds two numbers.")],
    [user('What does this print?\n\n```js\nfor (let i = 0; i < 3; i++) {\n  console.log(i * 2);\n}\n```')],
    [user("Translate to English: \"Où est la bibliothèque ? 🙂\"")],
    [user("日本の首都はどこですか？")],
    [user("List three fruits.\n\n1. Apple\n\n2.")],
    [user("Count from 1 to 10,  please.\t(use digits)")],
]

TEXTS = [
    "", " ", "\n", "a", "Hello world", " Hello  world ", "don't I'll we've they'd it's I'm you're", "DON'T",
    "In 2023, 1234567 apples cost $3.50.", "a\n\n2. b", "x  2", "1\n2\n\n\n3", "   leading and trailing   ",
    "tabs\tand\r\nline ends\r\n\r\n", "naïve café Ångström", "日本語のテキスト", "Привет, мир!", "مرحبا", "🙂👩‍👩‍👧‍👦🇫🇷",
    "½ x² ٣ Ⅷ", "\u00a0no-break\u2003em\u200bzero", "e\u0301 \u1e9b\u0323", "foo_bar.baz(qux)[0] += 1;",
    "http://example.com/?q=1&r=2#x", "<|im_start|>user\nhi<|im_end|>\n", "<|im_end|", "<|endoftext|>a<|im_end|>b",
    "a" * 60, "!!!???...---", "\x00\x01\x7f", "if (a<b&&c>d){return'e';}", "    def f():\n        return 1\n",
]

HH_ROWS = [209, 221, 426, 780, 851, 1452]


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--gguf", required=True)
    cli.add_argument("--hh", required=True)
    cli.add_argument("--out", required=True)
    cli.add_argument("--weights-only", action="store_true")
    cli.add_argument("--threads", type=int, default=2)
    args = cli.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    os.makedirs(args.out, exist_ok=True)
    model, tokenizer = smollm.load(args.gguf)
    eos = tokenizer.eos_token_id
    about = {
        "madeBy": "scripts/reference/smollm2.py",
        "madeWith": f"torch {torch.__version__.split('+')[0]}, transformers from the GGUF in f32, its tokenizer with "
        "digits split off",
        "model": os.path.basename(args.gguf),
    }

    # Of every weight after dequantisation and the un-interleaving of q and k.
    def summary(weight):
        return {**checksum(weight), "first": short(weight.detach().reshape(-1)[:4], 9)}

    write(
        f"{args.out}/weights.json",
        {**about, "probe": "sin(0.7 i + 1), i the row-major flattened index; norm is the L2 norm; first 4 values",
         "weights": {name: summary(weight) for name, weight in model.named_parameters()}},
    )
    if args.weights_only:
        return

    def encode(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    for text in TEXTS:
        assert tokenizer.decode(encode(text), clean_up_tokenization_spaces=False) == text, text
    write(f"{args.out}/tokenize.json", {**about, "cases": [{"text": text, "ids": encode(text)} for text in TEXTS]})

    @torch.no_grad()
    def log_probs(ids):
        return model(input_ids=torch.tensor([ids])).logits[0].double().log_softmax(-1)

    cases = []
    for chat in CHATS:
        rendered = tokenizer.apply_chat_template(chat, tokenize=False, add_generation_prompt=True)
        prompt = encode(rendered)
        with torch.no_grad():
            out = model.generate(
                input_ids=torch.tensor([prompt]),
                attention_mask=torch.ones((1, len(prompt)), dtype=torch.long),
                do_sample=False, max_new_tokens=48, eos_token_id=eos, pad_token_id=eos,
            )
        completion = out[0, len(prompt) :].tolist()
        # One pass over the whole text, without a cache, must choose the same tokens.
        rows = log_probs(prompt + completion)[len(prompt) - 1 : -1]
        top = rows.topk(2, dim=-1)
        assert top.indices[:, 0].tolist() == completion, rendered
        cases.append(
            {
                "messages": chat,
                "rendered": rendered,
                "promptIds": prompt,
                "completionIds": completion,
                "text": tokenizer.decode(completion, skip_special_tokens=True),
                "stopped": completion[-1] == eos,
                "logProbs": short(top.values[:, 0], 6),
                "runnerUp": top.indices[:, 1].tolist(),
                "margins": short(top.values[:, 0] - top.values[:, 1], 4),
            }
        )
        print(len(prompt), len(completion), cases[-1]["text"][:90].replace("\n", " "), min(cases[-1]["margins"]),
              flush=True)
    write(
        f"{args.out}/greedy.json",
        {**about, "eosId": eos, "maxNewTokens": 48,
         "note": "logProbs of completionIds; margins: log-probability of the best token less that of the runner-up",
         "cases": cases},
    )

    transcripts = []
    hh = smollm.rows(args.hh)
    for row in HH_ROWS:
        ids = smollm.chat_ids(tokenizer, hh[row]["chosen"])
        assert len(ids) <= 120
        rows = log_probs(ids)
        logp = rows[:-1].gather(1, torch.tensor(ids[1:])[:, None])[:, 0]
        entropy = -(rows.exp() * rows).sum(-1)
        transcripts.append(
            {"ids": ids, "logProbs": short(logp, 7), "sum": short(logp.sum().item(), 8),
             "entropies": short(entropy, 7), "top1": rows.argmax(-1).tolist()}
        )
    write(
        f"{args.out}/logprobs.json",
        {**about, "note": "logProbs[i] is of ids[i + 1] given what comes before; entropies[i] and top1[i] are of the "
                          "prediction after ids[i]", "cases": transcripts},
    )


if __name__ == "__main__":
    main()

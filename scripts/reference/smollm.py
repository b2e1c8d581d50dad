"""What the reference scripts share: SmolLM2 out of a GGUF file, and HH transcripts as chat messages."""

import gzip
import json
import os
import re

import torch
from tokenizers import pre_tokenizers
from transformers import AutoModel, AutoModelForCausalLM, AutoTokenizer

TURN = re.compile(r"\n\n(Human|Assistant):")


def load(gguf: str, *, head: bool = True):
    """The model (with its language-model head, or the bare decoder) in f32, and its tokenizer."""
    folder, file = os.path.split(os.path.abspath(gguf))
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    # transformers reads the vocabulary of a GGUF file but not its tokenizer.ggml.pre. For "smollm", as in the model's
    # own tokenizer.json, digits are split off before GPT-2's pattern sees the text: "\n\n2." begins with one token
    # for both line ends, not two.
    tokenizer.backend_tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    kind = AutoModelForCausalLM if head else AutoModel
    model = kind.from_pretrained(folder, gguf_file=file, dtype=torch.float32)
    return model.eval(), tokenizer


def rows(path: str):
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def messages(transcript: str):
    """HH's "\\n\\nHuman: ... \\n\\nAssistant: ..." as chat messages."""
    before, *pieces = TURN.split(transcript)
    if before.strip():
        raise ValueError(f"text before the first turn: {before!r}")
    role = {"Human": "user", "Assistant": "assistant"}
    return [{"role": role[who], "content": text.strip()} for who, text in zip(pieces[::2], pieces[1::2])]


def chat_ids(tokenizer, transcript: str, keep: int | None = None):
    """Token ids through the model's own chat template, the last `keep` of them."""
    text = tokenizer.apply_chat_template(messages(transcript), tokenize=False)
    ids = tokenizer(text, add_special_tokens=False)["input_ids"]
    return ids if keep is None else ids[-keep:]

"""The rows that transformers' resize_token_embeddings adds to the tiny models in test/fixtures/models.

  python resize.py --fixtures test/fixtures
"""

import argparse
import json

import torch
from transformers import AutoModelForCausalLM

MODELS = ["llama-tied", "llama-untied", "gemma2", "gpt2", "gpt-neox"]
ADDED = 3


def added_rows(folder):
    torch.manual_seed(0)
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    rows = model.config.vocab_size + ADDED
    model.resize_token_embeddings(rows)
    embedding, head = model.get_input_embeddings().weight, model.get_output_embeddings().weight
    assert embedding.shape[0] == head.shape[0] == model.config.vocab_size == rows
    return {
        "vocab_size": rows,
        "tied": embedding.data_ptr() == head.data_ptr(),
        "embedding": embedding[-ADDED:].tolist(),
        "head": head[-ADDED:].tolist(),
    }


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixtures", required=True)
    args = parser.parse_args()
    rows = {name: added_rows(f"{args.fixtures}/models/{name}") for name in MODELS}
    with open(f"{args.fixtures}/resize.json", "w") as file:
        json.dump(rows, file)
        file.write("\n")


if __name__ == "__main__":
    main()

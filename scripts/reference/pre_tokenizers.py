"""GGUF files whose byte-level tokenizers differ in their pre-tokenizer alone (`tokenizer.ggml.pre`).

  python pre_tokenizers.py --out FOLDER NAME...

Their vocabulary merges across words: it is trained on the texts below without splitting them, so that every place where
a pre-tokenizer splits shows in the ids. FOLDER/vocabulary.json has the tokens, the merges and the texts, FOLDER/NAME.gguf
the tokenizer and a model of zeros. pre_tokenizers.mjs gives the ids that llama.cpp makes of the texts, and

  python pre_tokenizers.py --out FOLDER --fixture ids.json test/fixtures/pre-tokenizers.json

makes the fixture of them: where FOLDER/NAME/tokenizer.json (plumb convert --model FOLDER/NAME.gguf --out FOLDER/NAME) has
other ids by the package tokenizers, these are there too.
"""

import argparse
import json
import os

import gguf
import numpy as np
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

TEXTS = [
    "Hello, world! It's 3 o'clock; don't you'LL see WE'RE they've I'm he'd?",
    "  two  spaces,   three    four \t tab\t\ttabs \n newline\n\n\n  after \r\n and \r alone  ",
    "1 12 123 1234 12345 123456789 3.14 1,000,000 ½ ² Ⅷ ٣٤ ५६",
    "camelCase HTTPServer iPhone XMLHttpRequest snake_case __init__ A1b2 Ünïcödé ǅ",
    "def f(x):\n    return x**2 + [1, 2][0]  # comment\n\n\tif a!=b: print(\"{}\")",
    "Größe Straße œuvre naïve café cafe\u0301 Ångström",
    "Привет мир, как дела? Ελληνικά: καλημέρα! ქართული",
    "你好，世界！這是測試。日本語のテキスト、カタカナ。한국어 텍스트 ㄱㄴ",
    "नमस्ते दुनिया ภาษาไทย สวัสดี العربية مرحبا، كيف؟ עברית",
    "emoji 😀😀 👩‍👩‍👧 🇩🇪 ❤️ end",
    "<tag a=\"b\">x</tag> & | \\ ^ ~ ` $5 €6 £7 == != <= => ++ -- ...!!!???",
    "a/b//c http://ex.com/x?y=z&k=1#f e@mail.org /path/to/ //\n//x /\n",
    "\u00a0nbsp\u3000wide\u2003em\u200bzero\ufeffbom …‘quoted’ “double” —dash– ·",
    "'s 't 'S 'T'RE ''' '' ' \"'s\" s' x's",
    "mix3d w0rds 4ever 2nd v1.2.3-beta_4 (par)en [br]ack {cu}rly a,b;c:d.e",
    "                                        forty\n        \n    \n\n\n\t\n",
]


def vocabulary(size):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    trainer = trainers.BpeTrainer(vocab_size=size, min_frequency=1, initial_alphabet=alphabet, show_progress=False)
    # Each pair of neighbours must be frequent enough to be merged: texts in pieces of all small sizes.
    pieces = [text[at : at + length] for text in TEXTS for length in (2, 3, 4, 6) for at in range(len(text) - 1)]
    tokenizer.train_from_iterator(pieces, trainer)
    model = json.loads(tokenizer.to_str())["model"]
    tokens = [token for token, _ in sorted(model["vocab"].items(), key=lambda item: item[1])]
    return tokens, [" ".join(merge) if isinstance(merge, list) else merge for merge in model["merges"]]


def write(path, pre, tokens, merges):
    width, wide, heads = 32, 64, 2
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_context_length(128)
    writer.add_embedding_length(width)
    writer.add_block_count(1)
    writer.add_feed_forward_length(wide)
    writer.add_head_count(heads)
    writer.add_head_count_kv(heads)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(tokens)
    writer.add_token_types([gguf.TokenType.NORMAL] * len(tokens))
    writer.add_token_merges(merges)
    writer.add_bos_token_id(0)
    writer.add_eos_token_id(1)
    writer.add_add_bos_token(False)
    zeros = lambda *shape: np.zeros(shape, dtype=np.float32)
    writer.add_tensor("token_embd.weight", zeros(len(tokens), width))
    for part in ("attn_q", "attn_k", "attn_v", "attn_output"):
        writer.add_tensor(f"blk.0.{part}.weight", zeros(width, width))
    for part, shape in (("ffn_gate", (wide, width)), ("ffn_up", (wide, width)), ("ffn_down", (width, wide))):
        writer.add_tensor(f"blk.0.{part}.weight", zeros(*shape))
    for norm in ("blk.0.attn_norm", "blk.0.ffn_norm", "output_norm"):
        writer.add_tensor(f"{norm}.weight", zeros(width))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def fixture(folder, given, path):
    with open(given) as file:
        made = json.load(file)
    groups = {}
    for name, ids in sorted(made.pop("ids").items()):
        group = groups.setdefault(json.dumps(ids), {"names": [], "ids": ids, "others": {}})
        group["names"].append(name)
        tokenizer = Tokenizer.from_file(f"{folder}/{name}/tokenizer.json")
        own = [tokenizer.encode(text, add_special_tokens=False).ids for text in made["texts"]]
        different = {str(i): own[i] for i in range(len(own)) if own[i] != ids[i]}
        if different:
            group["others"][name] = different
    with open(path, "w") as file:
        json.dump({**made, "groups": list(groups.values())}, file, ensure_ascii=False)
        file.write("\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--fixture", action="store_true")
    parser.add_argument("names", nargs="+")
    args = parser.parse_args()
    if args.fixture:
        fixture(args.out, *args.names)
        return
    os.makedirs(args.out, exist_ok=True)
    tokens, merges = vocabulary(1200)
    for name in args.names:
        write(f"{args.out}/{name}.gguf", name, tokens, merges)
    with open(f"{args.out}/vocabulary.json", "w") as file:
        json.dump({"tokens": tokens, "merges": merges, "texts": TEXTS}, file)


if __name__ == "__main__":
    main()

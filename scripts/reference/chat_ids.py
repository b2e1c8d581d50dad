"""Token ids of conversations as transformers' apply_chat_template gives them, for the tokenizers of make_tokenizers.py.

  python chat_ids.py --fixtures test/fixtures
"""

import argparse
import json

from transformers import PreTrainedTokenizerFast

from fixture import write
from make_tokenizers import TEMPLATES

PLAIN = (
    "{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
)
LLAMA2 = (
    "{% for m in messages %}{% if m.role == 'user' %}{{ bos_token + '[INST] ' + m.content.strip() + ' [/INST]' }}"
    "{% else %}{{ ' ' + m.content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}"
)
USED = {"smollm2": TEMPLATES["smollm2"], "zephyr": TEMPLATES["zephyr"], "llama2": LLAMA2, "plain": PLAIN}
SPECIAL = {
    "gpt2": ("<|endoftext|>", "<|endoftext|>"), "smollm": ("<|endoftext|>", "<|im_end|>"),
    "llama3": ("<|begin_of_text|>", "<|eot_id|>"), "qwen2": ("<|endoftext|>", "<|im_end|>"),
    "sentencepiece": ("<s>", "</s>"),
}


def user(content):
    return {"role": "user", "content": content}


def assistant(content):
    return {"role": "assistant", "content": content}


CHATS = [
    [user("What colour is the fox?"), assistant("Red.")],
    [user("say  it\n\ntwice "), assistant(" it it"), user("And once"), assistant("it")],
    [user("a"), assistant("b"), user("c"), assistant("d"), user("e"), assistant("Zürich! 12 + 3")],
    [user("begin"), assistant("\n\n1. one\n2. two")],
]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--fixtures", required=True)
    fixtures = parser.parse_args().fixtures
    cases = []
    for kind, (bos, eos) in SPECIAL.items():
        tokenizer = PreTrainedTokenizerFast(
            tokenizer_file=f"{fixtures}/tokenizers/{kind}/tokenizer.json", bos_token=bos, eos_token=eos
        )
        for name, template in USED.items():
            for chat in CHATS:

                def ids(messages, opened):
                    given = dict(chat_template=template, tokenize=True, return_dict=False)
                    return tokenizer.apply_chat_template(messages, add_generation_prompt=opened, **given)

                turns = [i for i, m in enumerate(chat) if m["role"] == "assistant"]
                cases.append(
                    {
                        "tokenizer": kind, "template": name, "messages": chat, "ids": ids(chat, False),
                        "prompts": [ids(chat[:turn], True) for turn in turns],
                    }
                )
    special = {kind: {"bos_token": bos, "eos_token": eos} for kind, (bos, eos) in SPECIAL.items()}
    write(
        f"{fixtures}/chat-ids.json",
        {
            "madeBy": "scripts/reference/chat_ids.py", "madeWith": "transformers 5.24", "templates": USED,
            "special": special, "cases": cases,
        },
    )


if __name__ == "__main__":
    main()

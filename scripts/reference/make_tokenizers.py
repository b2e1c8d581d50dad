"""Small tokenizers of the kinds open models use, trained by the tokenizers library, with what they make of texts;
and chat templates as transformers renders them.

  python make_tokenizers.py --fixtures test/fixtures

The training text is what smollm2.py wrote (greedy.json) and its texts, so that fixtures make fixtures.
"""

import argparse
import json
import os

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

from fixture import write
from smollm2 import CHATS, TEXTS, assistant, user

GPT2 = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
PLAIN = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*"
    r"|\s*[\r\n]+|\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace(r"\p{N}{1,3}", r"\p{N}")


def split(pattern):
    return pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(pattern), behavior="isolated"), PLAIN])


def byte_level(pre_tokenizer, corpus, special, normalizer=None, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.train_from_iterator(
        corpus,
        trainers.BpeTrainer(
            vocab_size=640, special_tokens=special, show_progress=False,
            initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        ),
    )
    return tokenizer


def sentence_piece(corpus):
    """Llama 2 and Mistral: spaces as U+2581, unknown characters as bytes."""
    special = ["<unk>", "<s>", "</s>"]
    words = [text.replace(" ", "\u2581") for text in corpus if text.isascii() and "\0" not in text]
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=special, show_progress=False, max_token_length=12
    )
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.pre_tokenizer = pre_tokenizers.Split(Regex("(?=\u2581)|(?=\n)"), behavior="isolated")
    trained.train_from_iterator(words, trainer)
    model = json.loads(trained.to_str())["model"]
    order = [*special, *(f"<0x{i:02X}>" for i in range(256))]
    order += [t for t, _ in sorted(model["vocab"].items(), key=lambda x: x[1]) if t not in special]
    vocab = {token: i for i, token in enumerate(order)}
    tokenizer = Tokenizer(
        models.BPE(
            vocab=vocab, merges=[tuple(m) for m in model["merges"]], unk_token="<unk>", fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in special])
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")]
    )
    tokenizer.decoder = decoders.Sequence(
        [decoders.Replace("\u2581", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    tokenizer.post_processor = TemplateProcessing(single="<s> $A", pair="<s> $A <s> $B", special_tokens=[("<s>", 1)])
    return tokenizer


def make_tokenizers(out, corpus):
    chat = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    llama3 = byte_level(split(LLAMA3), corpus, ["<|begin_of_text|>", "<|eot_id|>"], ignore_merges=True)
    llama3.post_processor = TemplateProcessing(
        single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", 0)]
    )
    kinds = {
        "gpt2": byte_level(GPT2, corpus, ["<|endoftext|>"]),
        "smollm": byte_level(
            pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), GPT2]), corpus, chat
        ),
        "llama3": llama3,
        "qwen2": byte_level(split(QWEN2), corpus, chat, normalizer=normalizers.NFC()),
        "sentencepiece": sentence_piece(corpus),
    }
    # Added in the middle of a text, with and without stripping, and one that is no special token.
    kinds["qwen2"].add_tokens([AddedToken("<think>", special=False, normalized=False)])
    kinds["gpt2"].add_special_tokens([AddedToken("<mask>", special=True, lstrip=True, normalized=False)])
    more = [
        "a<think> b </think>", "say <mask>now", "two  <mask>  spaces", "<s>x</s>y", "<|begin_of_text|>x<|eot_id|>",
        "12345 6789012", "CAN'T 'S", "x\n\n\ny \n z\t\t!", "...\n\n", "Zürich\u0308 ﬁ Å",
    ]
    for name, tokenizer in kinds.items():
        folder = f"{out}/{name}"
        os.makedirs(folder, exist_ok=True)
        tokenizer.save(f"{folder}/tokenizer.json", pretty=False)
        cases = []
        for text in TEXTS + more:
            ids = tokenizer.encode(text, add_special_tokens=False).ids
            cases.append(
                {
                    "text": text, "ids": ids, "withSpecial": tokenizer.encode(text).ids,
                    "decoded": tokenizer.decode(ids, skip_special_tokens=False),
                    "decodedSkippingSpecial": tokenizer.decode(ids, skip_special_tokens=True),
                }
            )
        write(
            f"{folder}/expected.json",
            {
                "madeBy": "scripts/reference/make_tokenizers.py", "madeWith": "tokenizers 0.23", "name": name,
                "vocabSize": tokenizer.get_vocab_size(), "cases": cases,
            },
        )


TEMPLATES = {
    "smollm2": "{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}"
    "{{ '<|im_start|>system\nYou are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>\n' }}"
    "{% endif %}{{'<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
    "llama3": "{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = "
    "'<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n'+ message['content'] | trim + '<|eot_id|>' %}"
    "{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}",
    "inst": "{%- if messages[0]['role'] == 'system' %}\n    {%- set system_message = messages[0]['content'] %}\n"
    "    {%- set loop_messages = messages[1:] %}\n{%- else %}\n    {%- set loop_messages = messages %}\n{%- endif %}\n"
    "\n{{- bos_token }}\n{%- for message in loop_messages %}\n"
    "    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}\n"
    "        {{- raise_exception('After the optional system message, conversation roles must alternate "
    "user/assistant') }}\n    {%- endif %}\n    {%- if message['role'] == 'user' %}\n"
    "        {%- if loop.first and system_message is defined %}\n"
    "            {{- ' [INST] ' + system_message + '\\n\\n' + message['content'] + ' [/INST]' }}\n        {%- else %}\n"
    "            {{- ' [INST] ' + message['content'] + ' [/INST]' }}\n        {%- endif %}\n"
    "    {%- elif message['role'] == 'assistant' %}\n        {{- ' ' + message['content'] + eos_token}}\n"
    "    {%- else %}\n        {{- raise_exception('Only user and assistant roles are supported, with the exception of "
    "an initial optional system message!') }}\n    {%- endif %}\n{%- endfor %}\n",
    "zephyr": "{% for message in messages %}\n{% if message['role'] == 'user' %}\n"
    "{{ '<|user|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'system' %}\n"
    "{{ '<|system|>\n' + message['content'] + eos_token }}\n{% elif message['role'] == 'assistant' %}\n"
    "{{ '<|assistant|>\n'  + message['content'] + eos_token }}\n{% endif %}\n"
    "{% if loop.last and add_generation_prompt %}\n{{ '<|assistant|>' }}\n{% endif %}\n{% endfor %}",
    "qwen2": "{%- if messages[0].role == 'system' %}\n    {{- '<|im_start|>system\\n' + messages[0].content + "
    "'<|im_end|>\\n' }}\n{%- else %}\n    {{- '<|im_start|>system\\nYou are Qwen.<|im_end|>\\n' }}\n{%- endif %}\n"
    "{%- for message in messages %}\n    {%- if (message.role == \"user\") or (message.role == \"system\" and not "
    "loop.first) or (message.role == \"assistant\" and not message.tool_calls) %}\n"
    "        {{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}\n"
    "    {%- endif %}\n{%- endfor %}\n{%- if add_generation_prompt %}\n    {{- '<|im_start|>assistant\\n' }}\n"
    "{%- endif %}\n",
    "namespace": "{%- set ns = namespace(turns=0, seen=false) -%}\n{%- for m in messages -%}\n"
    "{%- if m['role'] == 'user' -%}{%- set ns.turns = ns.turns + 1 -%}{%- endif -%}\n"
    "{%- if not ns.seen and m['role'] in ['system', 'user'] -%}{{ bos_token }}{%- set ns.seen = true -%}{%- endif -%}\n"
    "[{{ loop.index }}/{{ messages | length }} {{ m['role'] | upper }} {{ ns.turns }}]"
    "{{ m.content.strip() if m.content is string else '' }}{{ '' if loop.last else '\\n' }}\n{%- endfor -%}\n"
    "{{ eos_token if not add_generation_prompt else '\\n>' }}",
}


def make_templates(out):
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.BPE()), bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    chats = [
        *[CHATS[i] for i in (0, 10, 12, 13, 16)],
        [user("  spaces around \n"), assistant("\n\nand here  ")],
        [user('quotes "\'{{ braces }}\' {% raw %}')],
        [user("a"), assistant("b"), user("c"), assistant("d")],
        [user("twice"), user("the same role")],
        [assistant("I begin")],
    ]
    cases = []
    for name, template in TEMPLATES.items():
        for chat in chats:
            for generate in (False, True):
                case = {"template": name, "messages": chat, "addGenerationPrompt": generate}
                try:
                    case["rendered"] = tokenizer.apply_chat_template(
                        chat, chat_template=template, tokenize=False, add_generation_prompt=generate
                    )
                except Exception as error:
                    case["error"] = str(error)
                cases.append(case)
    write(
        f"{out}/chat-templates.json",
        {
            "madeBy": "scripts/reference/make_tokenizers.py", "madeWith": "transformers 5.23",
            "bosToken": "<s>", "eosToken": "</s>", "templates": TEMPLATES, "cases": cases,
        },
    )


def main():
    cli = argparse.ArgumentParser()
    cli.add_argument("--fixtures", required=True)
    args = cli.parse_args()
    greedy = json.load(open(f"{args.fixtures}/smollm2/greedy.json"))
    corpus = [case["rendered"] + case["text"] for case in greedy["cases"]] + TEXTS
    make_tokenizers(f"{args.fixtures}/tokenizers", corpus)
    make_templates(args.fixtures)


main()

"""Chat templates as transformers renders them, for conversations of each shape: what `npm run check:templates` compares.

  python chat_templates.py FOLDER > expected.jsonl

FOLDER has .jinja files, for example those that the package trl installs (trl/chat_templates). Each line of the output has
a template's name, a shape's, the variables, and the text, or the error's. Templates that write the day get a fixed one.
"""

import datetime
import json
import sys
from pathlib import Path

from transformers.utils import chat_template_utils

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "Weather of a city, in \u00b0C & \"plain\" words",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "Name <of> the city"},
                    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]},
                    "days": {"type": "integer", "default": 1},
                },
                "required": ["city"],
            },
        },
    }
]


def call(arguments):
    return {"type": "function", "id": "abcde1234", "function": {"name": "get_weather", "arguments": arguments}}


def message(role, content, **more):
    return {"role": role, "content": content, **more}


SYSTEM = message("system", "Be brief.")
ONE = [message("user", "Hello")]
TWO = [*ONE, message("assistant", "Hi!"), message("user", " More,\r\nplease ")]
CALLED = [
    message("user", "Weather in K\u00f6ln?"),
    message("assistant", "", tool_calls=[call({"city": "K\u00f6ln", "days": 2, "exact": True, "unit": None, "at": [1.5, "a"]})]),
    message("tool", '{"celsius": 21.5}', name="get_weather", tool_call_id="abcde1234"),
]

SHAPES = {
    "user": dict(messages=ONE, add_generation_prompt=True),
    "system": dict(messages=[SYSTEM, *ONE], add_generation_prompt=True),
    "turns": dict(messages=TWO, add_generation_prompt=True),
    "turns and system": dict(messages=[SYSTEM, *TWO], add_generation_prompt=True),
    "answered": dict(messages=[*TWO, message("assistant", "All of it.\n")], add_generation_prompt=False),
    "answered and system": dict(messages=[SYSTEM, *ONE, message("assistant", "Hi!")], add_generation_prompt=False),
    "thinking on": dict(messages=ONE, add_generation_prompt=True, enable_thinking=True),
    "thinking off": dict(messages=ONE, add_generation_prompt=True, enable_thinking=False),
    "reasoning": dict(
        messages=[*ONE, message("assistant", "Hi!", reasoning_content="A greeting.\nSo greet.")],
        add_generation_prompt=False,
    ),
    "earlier reasoning": dict(
        messages=[*ONE, message("assistant", "Hi!", reasoning_content="A greeting."), message("user", "And?")],
        add_generation_prompt=True,
    ),
    "thought in the text": dict(
        messages=[*ONE, message("assistant", "<think>\nA greeting.\n</think>\n\nHi!"), message("user", "And?")],
        add_generation_prompt=True,
    ),
    "tools": dict(messages=ONE, tools=TOOLS, add_generation_prompt=True),
    "tools and system": dict(messages=[SYSTEM, *ONE], tools=TOOLS, add_generation_prompt=True),
    "called": dict(messages=CALLED, tools=TOOLS, add_generation_prompt=True),
    "called and told": dict(
        messages=[SYSTEM, *CALLED, message("assistant", "21.5 degrees.")], tools=TOOLS, add_generation_prompt=False
    ),
    "called with a text": dict(
        messages=[
            ONE[0],
            message("assistant", "Let me see.", tool_calls=[call({"city": "Rome"}), call({"city": "Oslo"})]),
            message("tool", "21", name="get_weather", tool_call_id="abcde1234"),
            message("tool", "3", name="get_weather", tool_call_id="abcde1234"),
        ],
        tools=TOOLS,
        add_generation_prompt=True,
    ),
    "assistant first": dict(messages=[message("assistant", "Hi!"), *ONE], add_generation_prompt=True),
    "empty content": dict(messages=[message("user", "")], add_generation_prompt=True),
    "parts": dict(
        messages=[message("user", [{"type": "text", "text": "Hello"}])], add_generation_prompt=True
    ),
}


class FixedDay(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2026, 1, 5, 9, 7, 3)


def main():
    chat_template_utils.datetime = FixedDay
    for path in sorted(Path(sys.argv[1]).glob("*.jinja")):
        template = path.read_text()
        for shape, given in SHAPES.items():
            given = dict(given)
            messages = chat_template_utils._normalize_chat_messages(given.pop("messages"))
            variables = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", **given}
            line = {"template": path.name, "shape": shape, "messages": messages, "variables": variables}
            try:
                texts, _ = chat_template_utils.render_jinja_template([messages], chat_template=template, **variables)
                line["text"] = texts[0]
            except Exception as error:
                line["error"] = f"{type(error).__name__}: {error}"
            print(json.dumps(line))


if __name__ == "__main__":
    main()

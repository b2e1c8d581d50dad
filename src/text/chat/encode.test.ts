import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PlumbError } from "../../base/errors.js";
import { trainByteLevelBpe } from "../bpe-trainer.js";
import { tokenizerFromJson } from "../tokenizer.js";
import { chatIds, encodeChat, encodeLastAnswer } from "./encode.js";
import type { ChatMessage } from "./messages.js";
import { renderChat } from "./render.js";
import { turnEndOf } from "./turn-end.js";

const specialTokens = ["<pad>", "<|im_start|>", "<|im_end|>"];
const json = trainByteLevelBpe(["user assistant system hello \n\n the the\n"], {
  vocabSize: 300,
  specialTokens,
});
const chatMl =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
/** Without any special token between the turns, so that words could merge over the boundary. */
const plain =
  "{% for message in messages %}{{ message.role + ': ' + message.content + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}assistant: {% endif %}";

function withTemplate(template: string | undefined) {
  return tokenizerFromJson(json, {
    eos_token: "<|im_end|>",
    pad_token: "<pad>",
    ...(template === undefined ? {} : { chat_template: template }),
  });
}

const conversation: ChatMessage[] = [
  { role: "user", content: "hello" },
  { role: "assistant", content: "the the" },
  { role: "user", content: "more" },
  { role: "assistant", content: "no" },
];

describe("renderChat", () => {
  it("renders the model's template", () => {
    expect(renderChat(withTemplate(chatMl), conversation.slice(0, 1), { addGenerationPrompt: true })).toBe(
      "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n",
    );
  });

  it.each([
    ["no template", undefined, /no chat template/],
    ["a broken template", "{% if %}", /not valid/],
    ["a template that refuses", "{{ raise_exception('roles must alternate') }}", /roles must alternate/],
    ["an endless range", "{% for i in range(1000000000) %}x{% endfor %}", /range/],
    ["a huge template", "x".repeat(300_000), /characters/],
    ["an unknown filter", "{{ messages | nonsense }}", /cannot be run/],
  ])("gives a PlumbError for %s", (_, template, message) => {
    const render = () => renderChat(withTemplate(template), conversation, { addGenerationPrompt: true });
    expect(render).toThrow(PlumbError);
    expect(render).toThrow(message);
  });
});

describe("encodeChat", () => {
  it("marks each answer and the token that ends it, and ends there", () => {
    const tokenizer = withTemplate(chatMl);
    const [{ ids, assistantMask }, ...others] = encodeChat(tokenizer, conversation);
    expect(others).toEqual([]);
    expect(tokenizer.decode(ids.filter((_, i) => assistantMask[i]))).toBe("the the<|im_end|>no<|im_end|>");
    expect(`${tokenizer.decode(ids)}\n`).toBe(
      renderChat(tokenizer, conversation, { addGenerationPrompt: false }),
    );
  });

  it("refuses a template that writes the beginning otherwise when it asks", () => {
    expect(() => encodeChat(withTemplate(`{{ messages | length }}${plain}`), conversation)).toThrow(
      /turn 2 otherwise/,
    );
  });

  it("begins every answer with exactly the ids that generation sees", () => {
    const content = fc.string({ unit: "grapheme", maxLength: 12 });
    for (const template of [chatMl, plain]) {
      const tokenizer = withTemplate(template);
      fc.assert(
        fc.property(fc.array(content, { minLength: 2, maxLength: 6 }), (contents) => {
          const messages = contents.map((text, i) => ({
            role: i % 2 === 0 ? "user" : "assistant",
            content: text,
          }));
          const examples = encodeChat(tokenizer, messages);
          for (const { ids, assistantMask } of examples) expect(ids).toHaveLength(assistantMask.length);
          messages.forEach((message, turn) => {
            if (message.role !== "assistant") return;
            const prompt = chatIds(tokenizer, messages.slice(0, turn), { addGenerationPrompt: true });
            const asked = examples.filter(
              ({ ids, assistantMask }) =>
                prompt.every((id, t) => ids[t] === id) &&
                assistantMask[prompt.length] &&
                !assistantMask[prompt.length - 1],
            );
            expect(asked).toHaveLength(1);
          });
        }),
        { numRuns: 30 },
      );
    }
  });

  /** Marked text of each example, after what it is asked with. */
  const learnedOf = (template: string, messages: ChatMessage[]) => {
    const tokenizer = withTemplate(template);
    return encodeChat(tokenizer, messages).map(({ ids, assistantMask }) => {
      const from = assistantMask.indexOf(true);
      return [tokenizer.decode(ids.slice(0, from)), tokenizer.decode(ids.slice(from))];
    });
  };

  it("ends an answer at the turn's end, not at an end of text that the template adds", () => {
    const withEos = chatMl.replace("{% endif %}", "{% else %}{{ '<pad>' }}{% endif %}");
    const [[, first]] = learnedOf(withEos, conversation.slice(0, 2));
    expect(first).toBe("the the<|im_end|>");
  });

  it("learns what follows an empty thought that the template writes for the last turn only", () => {
    const thinking =
      "{% set n = namespace(last=0) %}{% for m in messages %}{% if m.role == 'user' %}{% set n.last = loop.index0 %}{% endif %}{% endfor %}" +
      "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' }}{% if m.role == 'assistant' and loop.index0 > n.last %}" +
      "{{ '<think>\n\n</think>\n\n' }}{% endif %}{{ m.content + '<|im_end|>\n' }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
    expect(learnedOf(thinking, conversation)).toEqual([
      [
        "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\n",
        "<think>\n\n</think>\n\nthe the<|im_end|>",
      ],
      [
        "<|im_start|>user\nhello<|im_end|>\n<|im_start|>assistant\nthe the<|im_end|>\n<|im_start|>user\nmore<|im_end|>\n<|im_start|>assistant\n",
        "<think>\n\n</think>\n\nno<|im_end|>",
      ],
    ]);
  });

  const opensThought =
    "{% for m in messages %}{% set c = m.content %}{% if '</think>' in c %}{% set c = c.split('</think>')[-1] %}{% endif %}" +
    "{{ '<|im_start|>' + m.role + ':' + c + '<|im_end|>' }}{% endfor %}" +
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant:<think>\n' }}{% endif %}";

  it.each([
    [{}, "the the", "\n</think>\n\nthe the<|im_end|>"],
    [{ reasoning_content: "so\nit is" }, "the the", "so\nit is\n</think>\n\nthe the<|im_end|>"],
    [{}, "<think>\nso\n</think>\n\nthe the", "so\n</think>\n\nthe the<|im_end|>"],
  ])("closes a thought that the prompt opens: %j %j", (more, content, expected) => {
    const answer = { role: "assistant", content, ...more };
    const [[asked, learned]] = learnedOf(opensThought, [conversation[0], answer]);
    expect(asked).toBe("<|im_start|>user:hello<|im_end|><|im_start|>assistant:<think>\n");
    expect(learned).toBe(expected);
  });

  const call = { type: "function", function: { name: "find", arguments: '{"what": "the"}' } };
  const toolUse =
    "{% if tools %}{{ tools | tojson }}{% endif %}{% for m in messages %}{{ '<|im_start|>' + m.role + ':' + m.content }}" +
    "{% for c in m.tool_calls or [] %}{{ c.function.name + '(' + ARGUMENTS + ')' }}{% endfor %}{{ '<|im_end|>' }}{% endfor %}" +
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant:' }}{% endif %}";

  it.each([
    ["as an object", "c.function.arguments | tojson"],
    ["as text", "c.function.arguments"],
  ])("gives arguments of calls %s, as the template takes them", (_, form) => {
    const messages = [conversation[0], { role: "assistant", content: "", tool_calls: [call] }];
    const [[, learned]] = learnedOf(toolUse.replace("ARGUMENTS", form), messages);
    expect(learned).toBe('find({"what": "the"})<|im_end|>');
  });

  it.each([
    ["tool_calls", { tool_calls: [call] }, /tool calls, so they would be lost/],
    ["reasoning_content", { reasoning_content: "because" }, /leaves "reasoning_content" of turn 2 out/],
  ])("refuses an answer whose %s the template drops", (_, more, message) => {
    const messages = [conversation[0], { role: "assistant", content: "the", ...more }];
    expect(() => encodeChat(withTemplate(chatMl), messages)).toThrow(message);
  });

  it("refuses tools that the template does not write", () => {
    expect(() => encodeChat(withTemplate(chatMl), conversation, { tools: [call] })).toThrow(/list of tools/);
  });

  it("refuses a template that writes an answer otherwise than it asks for it", () => {
    const odd = chatMl.replace("<|im_start|>assistant\n", "<|im_start|>bot\n");
    expect(() => encodeChat(withTemplate(odd), conversation)).toThrow(/turn 2 otherwise than it asks/);
  });
});

describe("encodeLastAnswer", () => {
  it("marks only the last answer", () => {
    const tokenizer = withTemplate(chatMl);
    const { ids, assistantMask } = encodeLastAnswer(tokenizer, conversation);
    expect(tokenizer.decode(ids.filter((_, i) => assistantMask[i]))).toBe("no<|im_end|>");
    expect(() => encodeLastAnswer(tokenizer, conversation.slice(0, 1))).toThrow(/no answer/);
  });
});

describe("turnEndOf", () => {
  it("finds the token that ends a turn", () => {
    const tokenizer = withTemplate(chatMl);
    expect(turnEndOf(tokenizer)).toEqual({
      closing: "<|im_end|>\n",
      sampled: "<|im_end|>",
      id: tokenizer.idOf("<|im_end|>"),
    });
    expect(turnEndOf(withTemplate(plain))).toEqual({ closing: "\n", sampled: "\n" });
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PlumbError } from "../base/errors.js";
import { trainByteLevelBpe } from "./bpe-trainer.js";
import { type ChatMessage, encodeChat, renderChat } from "./chat-template.js";
import { tokenizerFromJson } from "./tokenizer.js";

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
  it("marks each answer and the token that ends it, and nothing after it", () => {
    const tokenizer = withTemplate(chatMl);
    const { ids, assistantMask } = encodeChat(tokenizer, conversation);
    expect(tokenizer.decode(ids.filter((_, i) => assistantMask[i]))).toBe("the the<|im_end|>no<|im_end|>");
    expect(tokenizer.decode(ids)).toBe(renderChat(tokenizer, conversation, { addGenerationPrompt: false }));
  });

  it("refuses a template that rewrites earlier turns", () => {
    const forgetful = withTemplate(`{{ messages | length }}${plain}`);
    expect(() => encodeChat(forgetful, conversation)).toThrow(/differently/);
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
          const { ids, assistantMask } = encodeChat(tokenizer, messages);
          expect(ids).toHaveLength(assistantMask.length);
          messages.forEach((message, turn) => {
            if (message.role !== "assistant") return;
            const prompt = encodeChat(tokenizer, messages.slice(0, turn), { addGenerationPrompt: true }).ids;
            expect(ids.slice(0, prompt.length)).toEqual(prompt);
            expect(assistantMask[prompt.length]).toBe(true);
            expect(assistantMask[prompt.length - 1]).toBe(false);
          });
        }),
        { numRuns: 30 },
      );
    }
  });
});

import { describe, expect, it } from "vitest";
import { demonstrationsOf } from "../data/index.js";
import { trainByteLevelBpe } from "../text/bpe-trainer.js";
import { tokenizerFromJson } from "../text/tokenizer.js";
import { sftMethod } from "./methods/sft.js";

const json = trainByteLevelBpe(["hello there"], {
  vocabSize: 270,
  specialTokens: ["<pad>", "</s>", "<|end|>"],
});
const turns = (end: string) => `{% for m in messages %}{{ m.role }}: {{ m.content }}${end}{% endfor %}`;
const withTemplate = (chat_template?: string) =>
  tokenizerFromJson(json, { eos_token: "</s>", pad_token: "<pad>", ...(chat_template && { chat_template }) });

const chat = {
  messages: [
    { role: "user", content: "hello" },
    { role: "assistant", content: "there" },
  ],
};

describe("the warning of plumb sft that no token ends answers", () => {
  const warningsOf = (row: Record<string, unknown>, tokenizer: ReturnType<typeof withTemplate>) => {
    const where = { file: "rows.jsonl", unit: "line", number: 1 } as const;
    const rows = demonstrationsOf([{ value: row, where, untyped: false }]);
    const config = sftMethod.schema.parse({ model: "m", data: ["rows.jsonl"], holdOut: 0 });
    return sftMethod.encode(rows, { tokenizer, context: 64 }, config).warnings;
  };

  it("comes with a template that ends a turn with text alone", () => {
    for (const end of ["\\n", ";", " bye "])
      expect(warningsOf(chat, withTemplate(turns(end))), end).toEqual([
        expect.stringMatching(/^the chat template ends an answer with no token of its own/),
      ]);
  });

  it("comes with prompts that are conversations", () => {
    const row = { prompt: chat.messages.slice(0, 1), completion: chat.messages.slice(1) };
    expect(warningsOf(row, withTemplate(turns("\\n")))).toHaveLength(1);
    expect(warningsOf(row, withTemplate(turns("</s>")))).toEqual([]);
  });

  it("does not come where an added token ends a turn, or text has no template", () => {
    expect(warningsOf(chat, withTemplate(turns("</s>")))).toEqual([]);
    expect(warningsOf(chat, withTemplate(turns("<|end|>\\n")))).toEqual([]);
    expect(warningsOf({ prompt: "hello", completion: "there" }, withTemplate())).toEqual([]);
    expect(warningsOf({ text: "hello there" }, withTemplate(turns("\\n")))).toEqual([]);
  });
});

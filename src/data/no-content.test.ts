import { expect, it } from "vitest";
import { trainByteLevelBpe } from "../text/bpe-trainer.js";
import { tokenizerFromJson } from "../text/index.js";
import { checkRow } from "./formats.js";
import { toConversation } from "./normalise.js";
import { describePrompt, encodeConversation } from "./tokenize.js";

const json = trainByteLevelBpe(["ab"], { vocabSize: 257, specialTokens: ["<s>"] });
/** Asks whether a turn has a content, as templates do. */
const template =
  "{% for m in messages %}{{ 'said' if 'content' in m else 'silent' }} {{ m.content }}{% if m.tool_calls %}!{% endif %};{% endfor %}";

/** Expected is what transformers 5.24 renders: it leaves keys out that hold None, and keeps empty texts. */
it.each([
  [{ content: null }, "silent !;"],
  [{}, "silent !;"],
  [{ content: "" }, "said !;"],
  [{ content: "x" }, "said x!;"],
])("an assistant's turn of calls with %j", (given, written) => {
  const call = { type: "function", function: { name: "add", arguments: {} } };
  const value = {
    messages: [
      { role: "user", content: "u" },
      { role: "assistant", tool_calls: [call], ...given },
    ],
  };
  const row = { value, untyped: false, where: { file: "f", unit: "line", number: 1 } } as const;
  const conversation = toConversation(checkRow(row, "messages"));
  const tokenizer = tokenizerFromJson(json, { chat_template: template });
  expect(tokenizer.decode(encodeConversation(tokenizer, conversation))).toBe(`said u;${written}`);
  expect(describePrompt(conversation.messages)).not.toContain("undefined");
});

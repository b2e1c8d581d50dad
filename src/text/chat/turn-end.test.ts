import { describe, expect, it } from "vitest";
import { trainByteLevelBpe } from "../bpe-trainer.js";
import { tokenizerFromJson } from "../tokenizer.js";
import { turnEndOf } from "./turn-end.js";

const specialTokens = ["<|im_start|>", "<|im_end|>", "<eos>"];
const json = trainByteLevelBpe(["ab ab"], { vocabSize: 259, specialTokens });
const endOf = (template: string): string | undefined => {
  const config = { eos_token: "<eos>", chat_template: template };
  const tokenizer = tokenizerFromJson(json, config);
  const { id } = turnEndOf(tokenizer);
  return id === undefined ? undefined : tokenizer.tokenOf(id);
};
const each = (turn: string): string => `{% for m in messages %}${turn}{% endfor %}`;

describe("the end of a turn", () => {
  it.each([
    [
      "the token after an answer",
      each("<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"),
      "<|im_end|>",
    ],
    ["spaces between are passed over", each("{{ m.content }} \n<eos>"), "<eos>"],
    ["text alone ends no turn", each("{{ m.role }}: {{ m.content }}\n"), undefined],
    ["a template that drops answers", "<|im_end|>{{ messages[0].content }}", undefined],
  ])("%s", (_, template, expected) => {
    expect(endOf(template)).toBe(expected);
  });
});

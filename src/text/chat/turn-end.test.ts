import { describe, expect, it } from "vitest";
import { trainByteLevelBpe } from "../bpe-trainer.js";
import { tokenizerFromJson } from "../tokenizer.js";
import { turnEndOf } from "./turn-end.js";

const specialTokens = ["<|im_start|>", "<|im_end|>", "<eos>"];
const json = trainByteLevelBpe(["ab ab"], { vocabSize: 259, specialTokens });
const endOf = (template: string, from: object = json): string | undefined => {
  const config = { eos_token: "<eos>", chat_template: template };
  const tokenizer = tokenizerFromJson(from, config);
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

  it("may be a token that was added and is not called special, but no white space that was", () => {
    const { added_tokens: added, ...rest } = json as { added_tokens: object[]; model: object };
    const plain = added.map((token) => ({ ...token, special: false }));
    const blank = { ...plain[0], id: 259, content: "\n" };
    const turn = each("<|im_start|>{{ m.role }}: {{ m.content }}\n<|im_end|>\n");
    expect(endOf(turn, { ...rest, added_tokens: [...plain, blank] })).toBe("<|im_end|>");
  });
});

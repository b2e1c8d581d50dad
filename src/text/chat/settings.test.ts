import { expect, it } from "vitest";
import { trainByteLevelBpe } from "../bpe-trainer.js";
import { tokenizerFromJson } from "../tokenizer.js";
import { renderChat } from "./render.js";
import { withChatSettings } from "./settings.js";

const json = trainByteLevelBpe(["a b\n"], { vocabSize: 260, specialTokens: ["<end>"] });
const template =
  "{{ strftime_now('%d %b %Y') }}{% if enable_thinking is defined and enable_thinking is false %}, no thought{% endif %}";
const tokenizer = tokenizerFromJson(json, { eos_token: "<end>", chat_template: template });
const render = (settings: object) =>
  renderChat(withChatSettings(tokenizer, settings, "model"), [{ role: "user", content: "a" }], {
    addGenerationPrompt: true,
  });

it("tells the template its variables and the day", () => {
  expect(render({})).toBe("26 Jul 2024");
  expect(render({ variables: { enable_thinking: false }, date: "2026-11-28" })).toBe(
    "28 Nov 2026, no thought",
  );
  expect(render({ variables: { enable_thinking: true } })).toBe("26 Jul 2024");
});

it.each([
  [{ thinking: true }, 'the chat template of model has no variable "thinking"'],
  [{ enable: true }, 'has no variable "enable"'],
  [{ messages: [] }, '"messages" is set by what is rendered'],
])("refuses %j", (variables, message) => {
  expect(() => render({ variables })).toThrow(message);
});

it("refuses variables where there is no template", () => {
  const bare = tokenizerFromJson(json, { eos_token: "<end>" });
  expect(() => withChatSettings(bare, { variables: { a: 1 } }, "model")).toThrow(/no chat template/);
});

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  type ChatMessage,
  chatIds,
  encodeChat,
  renderChat,
  tokenizerFromJson,
} from "../../src/text/index.js";

const read = (path: string) => JSON.parse(readFileSync(`test/fixtures/${path}`, "utf8"));

interface IdCase {
  tokenizer: string;
  template: string;
  messages: ChatMessage[];
  ids: number[];
  prompts: number[][];
}

describe("conversations as ids, against transformers", () => {
  const { templates, special, cases } = read("chat-ids.json");
  const withTemplate = ({ tokenizer, template }: IdCase) =>
    tokenizerFromJson(read(`tokenizers/${tokenizer}/tokenizer.json`), {
      ...special[tokenizer],
      chat_template: templates[template],
    });
  const startsWith = (ids: readonly number[], start: readonly number[]) =>
    start.every((id, i) => ids[i] === id);

  it.each(cases as IdCase[])("$tokenizer, $template: $messages", (one) => {
    const tokenizer = withTemplate(one);
    const { messages, ids, prompts } = one;
    const answers = messages.flatMap(({ role }, turn) => (role === "assistant" ? [turn] : []));
    // The whole, and what generation starts from.
    expect(chatIds(tokenizer, messages, { addGenerationPrompt: false })).toEqual(ids);
    for (const [i, turn] of answers.entries())
      expect(chatIds(tokenizer, messages.slice(0, turn), { addGenerationPrompt: true })).toEqual(prompts[i]);
    // What is learned follows what generation starts from, and is what the whole has there.
    const examples = encodeChat(tokenizer, messages);
    for (const prompt of prompts) {
      const own = examples.filter(
        (example) =>
          startsWith(example.ids, prompt) &&
          example.assistantMask[prompt.length] &&
          !example.assistantMask[prompt.length - 1],
      );
      expect(own).toHaveLength(1);
    }
    const last = examples[examples.length - 1];
    if (startsWith(ids, prompts[prompts.length - 1])) expect(startsWith(ids, last.ids)).toBe(true);
  });
});

interface TextCase {
  template: string;
  messages: ChatMessage[];
  addGenerationPrompt: boolean;
  rendered?: string;
  error?: string;
}

describe("conversations as text, against transformers", () => {
  const { templates, bosToken, eosToken, cases } = read("chat-templates.json");
  const json = read("tokenizers/sentencepiece/tokenizer.json");

  it.each(cases as TextCase[])("$template, $messages, $addGenerationPrompt", (one) => {
    const tokenizer = tokenizerFromJson(json, {
      bos_token: bosToken,
      eos_token: eosToken,
      chat_template: templates[one.template],
    });
    const render = () =>
      renderChat(tokenizer, one.messages, { addGenerationPrompt: one.addGenerationPrompt });
    if (one.error === undefined) expect(render()).toBe(one.rendered);
    else expect(render).toThrow(one.error);
  });
});

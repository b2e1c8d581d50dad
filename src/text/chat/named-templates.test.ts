import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { trainByteLevelBpe } from "../bpe-trainer.js";
import { loadTokenizer, tokenizerFromJson } from "../tokenizer.js";
import { renderChat } from "./render.js";

const json = trainByteLevelBpe(["ab"], { vocabSize: 258, specialTokens: ["<s>", "</s>"] });
const PLAIN = "plain: {{ messages[0].content }}";
const TOOLS = "{{ tools | length }} tools: {{ messages[0].content }}";
const asked = [{ role: "user", content: "hi" }];
const tools = [{ type: "function", function: { name: "add" } }];
const options = { addGenerationPrompt: true };

describe("a template of its own for tools", () => {
  const folder = (): string => {
    const dir = mkdtempSync(path.join(tmpdir(), "plumb-named-templates-"));
    writeFileSync(path.join(dir, "tokenizer.json"), JSON.stringify(json));
    writeFileSync(path.join(dir, "chat_template.jinja"), PLAIN);
    mkdirSync(path.join(dir, "additional_chat_templates"));
    writeFileSync(path.join(dir, "additional_chat_templates", "tool_use.jinja"), TOOLS);
    return dir;
  };
  const listed = () =>
    tokenizerFromJson(json, {
      chat_template: [
        { name: "default", template: PLAIN },
        { name: "tool_use", template: TOOLS },
      ],
    });

  it.each([
    ["in a list", async () => listed()],
    ["in a folder of templates", async () => loadTokenizer(folder())],
    [
      "saved again",
      async () =>
        tokenizerFromJson(json, JSON.parse((await loadTokenizer(folder())).files["tokenizer_config.json"])),
    ],
  ])("writes conversations with tools, %s", async (_, open) => {
    const tokenizer = await open();
    expect(renderChat(tokenizer, asked, { ...options, tools })).toBe("1 tools: hi");
    expect(renderChat(tokenizer, asked, options)).toBe("plain: hi");
  });
});

it("gives a template every token that the configuration names, and no other", () => {
  const tokens = { bos_token: "<s>", unk_token: { content: "<unk>" }, image_token: "<image>" };
  const tokenizer = tokenizerFromJson(json, {
    ...tokens,
    add_bos_token: true,
    chat_template:
      "{{ bos_token }}{{ unk_token }}{{ image_token }}{{ pad_token }}{{ eos_token }}{{ add_bos_token }}",
  });
  expect(renderChat(tokenizer, asked, options)).toBe("<s><unk><image>");
});

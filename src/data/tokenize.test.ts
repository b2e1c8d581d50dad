import { describe, expect, it } from "vitest";
import { tokenizerFromJson, trainByteLevelBpe } from "../text/index.js";
import type { Demonstration, PreferenceRow } from "./rows.js";
import {
  describePrompt,
  encodeDemonstration,
  encodeDemonstrations,
  encodePreference,
  encodePrompt,
} from "./tokenize.js";

const json = trainByteLevelBpe(["user assistant hello"], {
  vocabSize: 270,
  specialTokens: ["<pad>", "<|im_start|>", "<|im_end|>"],
});
const chatMl =
  "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' + message['content'] + '<|im_end|>' + '\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const names = { eos_token: "<|im_end|>", pad_token: "<pad>" };
const tokenizer = tokenizerFromJson(json, { ...names, chat_template: chatMl });
const where = { file: "a.jsonl", unit: "line", number: 3 } as const;
const user = { role: "user", content: "hi" } as const;
const answer = (content: string) => ({ role: "assistant", content }) as const;

const readText = ({ ids, lossMask }: { ids: number[]; lossMask: boolean[] }) =>
  tokenizer.decode(ids.filter((_, t) => lossMask[t]));

describe("encodePrompt", () => {
  it("opens the assistant's turn of a conversation and leaves text as it is", () => {
    expect(tokenizer.decode(encodePrompt(tokenizer, [user]))).toBe(
      "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
    );
    expect(tokenizer.decode(encodePrompt(tokenizer, "hi "))).toBe("hi ");
    expect(describePrompt([user])).toBe("user: hi");
  });
});

describe("encodeDemonstrations", () => {
  const rows: [string, Demonstration, string][] = [
    ["all of a text", { kind: "text", text: "ab", where }, "ab<|im_end|>"],
    [
      "every answer",
      { kind: "messages", messages: [user, answer("a"), user, answer("b")], where },
      "a<|im_end|>b<|im_end|>",
    ],
    ["a completion", { kind: "completion", prompt: "p", completion: " c", where }, " c<|im_end|>"],
    [
      "the completion of a conversation, not its earlier answers",
      { kind: "completion", prompt: [user, answer("a"), user], completion: [answer("b")], where },
      "b<|im_end|>",
    ],
  ];
  it.each(rows)("reads %s", (_, row, text) => {
    expect(encodeDemonstrations(tokenizer, row).map(readText)).toEqual([text]);
    expect(text.endsWith(readText(encodeDemonstration(tokenizer, row)))).toBe(true);
  });

  it("names the row that cannot be encoded", () => {
    const bare = tokenizerFromJson(json, names);
    expect(() =>
      encodeDemonstrations(bare, { kind: "messages", messages: [user, answer("a")], where }),
    ).toThrow(/^a\.jsonl, line 3: .*no chat template/);
  });
});

describe("encodePreference", () => {
  it("ends both sides with the token that a sampled response ends with", () => {
    const chat: PreferenceRow = { prompt: [user], chosen: [answer("a")], rejected: [answer("b")], where };
    const text: PreferenceRow = { prompt: "p", chosen: "a", rejected: "b", where };
    for (const row of [chat, text]) {
      const { chosen, rejected } = encodePreference(tokenizer, row);
      expect([chosen.at(-1), rejected.at(-1)]).toEqual([tokenizer.eosId, tokenizer.eosId]);
      const prompt = encodePrompt(tokenizer, row.prompt);
      expect(chosen.slice(0, prompt.length)).toEqual(prompt);
      expect(tokenizer.decode(chosen.slice(prompt.length))).toBe("a<|im_end|>");
    }
  });
});

describe("what a turn holds besides its content", () => {
  const calling =
    "{% if tools %}{{ '<|im_start|>system\\n' + (tools | tojson) + '<|im_end|>\\n' }}{% endif %}" +
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\\n' }}" +
    "{% if message.reasoning_content %}{{ '<think>' + message.reasoning_content + '</think>' }}{% endif %}" +
    "{{ message.content }}{% for call in message.tool_calls or [] %}{{ call.function.name + (call.function.arguments | tojson) }}{% endfor %}" +
    "{{ '<|im_end|>\\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}";
  const caller = tokenizerFromJson(json, { ...names, chat_template: calling });
  const called = (given: string | Record<string, unknown>): Demonstration => ({
    kind: "messages",
    messages: [
      user,
      { ...answer(""), tool_calls: [{ type: "function", function: { name: "add", arguments: given } }] },
      { role: "tool", name: "add", content: "4" },
      answer("4"),
    ],
    tools: [{ type: "function", function: { name: "add" } }],
    where,
  });
  const learned = (row: Demonstration) => {
    const [{ ids, lossMask }] = encodeDemonstrations(caller, row);
    return caller.decode(ids.filter((_, t) => lossMask[t]));
  };

  it("goes to the template: functions, calls, thoughts; arguments in JSON become what they describe", () => {
    const whole = 'add{"a": 2}<|im_end|>4<|im_end|>';
    expect(learned(called({ a: 2 }))).toBe(whole);
    expect(learned(called('{"a":2}'))).toBe(whole);
    expect(caller.decode(encodeDemonstration(caller, called({ a: 2 })).ids)).toContain(
      '[{"type": "function"',
    );
    expect(caller.decode(encodePrompt(caller, [user], [{ name: "f" }]))).toContain('[{"name": "f"}]');
    const thinking: Demonstration = {
      kind: "messages",
      where,
      messages: [user, { ...answer("4"), reasoning_content: "so" }],
    };
    expect(learned(thinking)).toBe("<think>so</think>4<|im_end|>");
  });

  it("is refused by name where the template has no place for it", () => {
    const refused = (row: Demonstration) => () => encodeDemonstrations(tokenizer, row);
    expect(refused(called({ a: 2 }))).toThrow(/^a\.jsonl, line 3: .*tool/);
    const thought: Demonstration = {
      kind: "messages",
      where,
      messages: [user, { ...answer("a"), reasoning_content: "so" }],
    };
    expect(refused(thought)).toThrow('"reasoning_content" of turn 2');
    expect(refused({ kind: "messages", where, messages: [{ ...user, name: "Bo" }, answer("a")] })).toThrow(
      'no place for "name" of turn 1',
    );
  });

  it("can be that the loss does not read the turn", () => {
    const silent = { ...answer("a"), train: false };
    const both = (messages: Extract<Demonstration, { kind: "messages" }>["messages"]): Demonstration => ({
      kind: "messages",
      messages,
      where,
    });
    const read = (...rest: Parameters<typeof both>[0]) =>
      encodeDemonstrations(tokenizer, both([user, ...rest])).map(readText);
    expect(read(silent, user, answer("b"))).toEqual(["b<|im_end|>"]);
    expect(read(answer("a"), user, { ...answer("b"), train: false })).toEqual(["a<|im_end|>"]);
    expect(() => read(silent)).toThrow("no answer of the conversation is to be learned");
  });
});

/** Rows in the forms that other tools document, each as training reads it. The texts are made up here. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDemonstrations, loadPreferences, loadPrompts, loadUnpaired } from "./load.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-shapes-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

let files = 0;
async function jsonl(...rows: object[]): Promise<string> {
  const path = join(dir, `rows-${files++}.jsonl`);
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

const system = (content: string) => ({ role: "system", content });
const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });
const human = (value: string) => ({ from: "human", value });
const gpt = (value: string) => ({ from: "gpt", value });
const bare = (rows: readonly object[]) => rows.map(({ where: _, ...row }: { where?: unknown }) => row);
const preferences = async (...rows: object[]) => bare(await loadPreferences(await jsonl(...rows)));
const demonstrations = async (...rows: object[]) => bare(await loadDemonstrations(await jsonl(...rows)));

const sides = { chosen: [assistant("good")], rejected: [assistant("bad")] };
const add = { type: "function", function: { name: "add", parameters: { type: "object" } } };
const call = { type: "function", function: { name: "add", arguments: { a: 2 } } };

describe("preferences", () => {
  it.each<[string, object, object]>([
    [
      "LLaMA-Factory, alpaca",
      { instruction: "Name a fruit.", input: "red", chosen: "good", rejected: "bad" },
      { prompt: [user("Name a fruit.\nred")], ...sides },
    ],
    [
      "LLaMA-Factory, sharegpt",
      {
        conversations: [human("u"), gpt("a"), human("v")],
        chosen: gpt("good"),
        rejected: gpt("bad"),
        system: "s",
      },
      { prompt: [system("s"), user("u"), assistant("a"), user("v")], ...sides },
    ],
    [
      "Axolotl, argilla",
      { system: "s", instruction: "u", chosen_response: "good", rejected_response: "bad" },
      { prompt: [system("s"), user("u")], ...sides },
    ],
    ["Axolotl, icr", { input: "u", chosen: "good", rejected: "bad" }, { prompt: [user("u")], ...sides }],
    [
      "Axolotl, intel (orca pairs)",
      { system: "s", question: "u", chosen: "good", rejected: "bad" },
      { prompt: [system("s"), user("u")], ...sides },
    ],
    [
      "Axolotl, prompt_pairs",
      { system: "s", prompt: "u", chosen: "good", rejected: "bad" },
      { prompt: [system("s"), user("u")], ...sides },
    ],
    [
      "Axolotl, ultra",
      {
        system: "s",
        prompt: "u",
        chosen: [user("u"), ...sides.chosen],
        rejected: [user("u"), ...sides.rejected],
      },
      { prompt: [system("s"), user("u")], ...sides },
    ],
    [
      "Axolotl, chat_template",
      { messages: [system("s"), user("u")], chosen: assistant("good"), rejected: assistant("bad") },
      { prompt: [system("s"), user("u")], ...sides },
    ],
    [
      "ORPO, where the prompt is the last turn of the sides",
      {
        prompt: "v",
        chosen: [user("u"), assistant("a"), user("v"), ...sides.chosen],
        rejected: [user("u"), assistant("a"), user("v"), ...sides.rejected],
      },
      { prompt: [user("u"), assistant("a"), user("v")], ...sides },
    ],
    [
      "OpenAI",
      {
        input: { messages: [user("u")], tools: [add], parallel_tool_calls: true },
        preferred_output: sides.chosen,
        non_preferred_output: sides.rejected,
      },
      { prompt: [user("u")], ...sides, tools: [add] },
    ],
    [
      "Nectar",
      {
        prompt: "\n\nHuman: u\n\nAssistant: ",
        answers: [
          { answer: "bad", rank: 2, model: "m" },
          { answer: "good", rank: 1, model: "n" },
        ],
      },
      { prompt: [user("u")], ...sides },
    ],
    [
      "PKU-SafeRLHF",
      { prompt: "u", response_0: "bad", response_1: "good", better_response_id: 1 },
      { prompt: [user("u")], ...sides },
    ],
    [
      "SHP",
      { history: "u", human_ref_A: "good", human_ref_B: "bad", labels: 1 },
      { prompt: [user("u")], ...sides },
    ],
    [
      "HelpSteer2",
      {
        prompt: "u<extra_id_1>Assistant\na<extra_id_1>User\nv<extra_id_1>Assistant\n",
        response_1: "bad",
        response_2: "good",
        preference_strength: 2,
      },
      { prompt: [user("u"), assistant("a"), user("v")], ...sides },
    ],
    [
      "HelpSteer3",
      { context: [user("u")], response1: "good", response2: "bad", overall_preference: -1 },
      { prompt: [user("u")], ...sides },
    ],
    [
      "UltraFeedback",
      {
        instruction: "u",
        completions: [
          {
            response: "bad",
            overall_score: 10,
            annotations: { helpfulness: { Rating: "1" }, honesty: { Rating: "N/A" } },
          },
          { response: "good", overall_score: 2, annotations: { helpfulness: { Rating: "5" } } },
        ],
      },
      { prompt: [user("u")], ...sides },
    ],
  ])("%s", async (_, row, expected) => {
    const [{ meta: __, ...read }] = (await preferences(row)) as { meta?: unknown }[];
    expect(read).toEqual(expected);
  });

  it("UltraFeedback, binarized: what stands twice is read once, and named", async () => {
    const warnings: string[] = [];
    const chosen = [user("u"), ...sides.chosen];
    const row = {
      prompt: "u",
      prompt_id: "7",
      messages: chosen,
      chosen,
      rejected: [user("u"), ...sides.rejected],
    };
    const path = await jsonl({ ...row, score_chosen: 8 });
    const [read] = await loadPreferences(path, { warn: (message) => warnings.push(message) });
    expect(read).toMatchObject({ prompt: [user("u")], ...sides });
    expect(warnings).toEqual([
      `${path}: not read: "prompt_id" (1 of 1 rows), "score_chosen" (1 of 1 rows), "messages" (1 of 1 rows)`,
    ]);
    await expect(preferences({ ...row, messages: [user("w")] })).rejects.toThrow(
      'line 1: fields "prompt" and "messages" could both be the prompt',
    );
  });

  it("HelpSteer: answers of different helpfulness to one prompt", async () => {
    const rated = (prompt: string, response: string, helpfulness: number) => ({
      prompt,
      response,
      helpfulness,
    });
    const rows = [rated("u", "bad", 1), rated("v", "lone", 4), rated("u", "good", 3)];
    expect(await preferences(...rows)).toEqual([{ prompt: [user("u")], ...sides }]);
    await expect(demonstrations(...rows)).rejects.toThrow("none is called good");
  });

  it("two columns that could be the prompt, or two system texts, are refused", async () => {
    const pair = { chosen: "good", rejected: "bad" };
    await expect(preferences({ prompt: "u", question: "v", ...pair })).rejects.toThrow(
      '"prompt" and "question"',
    );
    await expect(preferences({ system: "s", prompt: [system("t"), user("u")], ...pair })).rejects.toThrow(
      'differs from the field "system"',
    );
    await expect(
      preferences({ prompt: "u", chosen: [user("w"), assistant("a")], rejected: "b" }),
    ).rejects.toThrow("neither the prompt nor the assistant's");
  });
});

describe("demonstrations", () => {
  it.each<[string, object, object]>([
    [
      "LLaMA-Factory, alpaca with system and history, whose answers are learned",
      {
        instruction: "And in French?",
        input: "",
        output: "Bonjour",
        system: "s",
        history: [["Spanish?", "Hola"]],
      },
      {
        kind: "messages",
        messages: [
          system("s"),
          user("Spanish?"),
          assistant("Hola"),
          user("And in French?"),
          assistant("Bonjour"),
        ],
      },
    ],
    [
      "LLaMA-Factory, sharegpt with functions",
      {
        conversations: [
          human("2+2?"),
          { from: "function_call", value: '{"name": "add", "arguments": {"a": 2}}' },
          { from: "observation", value: "4" },
          gpt("4"),
        ],
        tools: JSON.stringify([add.function]),
        system: "s",
      },
      {
        kind: "messages",
        messages: [
          system("s"),
          user("2+2?"),
          { role: "assistant", content: "", tool_calls: [call] },
          { role: "tool", content: "4" },
          assistant("4"),
        ],
        tools: [add],
      },
    ],
    [
      "OpenAI, with calls",
      {
        messages: [
          user("2+2?"),
          { role: "assistant", content: null, tool_calls: [{ id: "c", ...call }] },
          { role: "tool", tool_call_id: "c", content: "4" },
          assistant("4"),
        ],
        tools: [add],
      },
      {
        kind: "messages",
        messages: [
          user("2+2?"),
          { role: "assistant", tool_calls: [{ id: "c", ...call }] },
          { role: "tool", tool_call_id: "c", content: "4" },
          assistant("4"),
        ],
        tools: [add],
      },
    ],
    [
      "OpenAI, functions before there were tools",
      {
        messages: [
          user("2+2?"),
          { role: "assistant", function_call: { name: "add", arguments: '{"a":2}' } },
          { role: "function", name: "add", content: "4" },
          assistant("4"),
        ],
        functions: [add.function],
      },
      {
        kind: "messages",
        messages: [
          user("2+2?"),
          {
            role: "assistant",
            tool_calls: [{ type: "function", function: { name: "add", arguments: '{"a":2}' } }],
          },
          { role: "tool", name: "add", content: "4" },
          assistant("4"),
        ],
        tools: [add],
      },
    ],
    [
      "weights of turns",
      {
        messages: [user("u"), { ...assistant("a"), weight: 0 }, user("v"), { ...assistant("b"), weight: 1 }],
      },
      {
        kind: "messages",
        messages: [user("u"), { ...assistant("a"), train: false }, user("v"), assistant("b")],
      },
    ],
    [
      "Axolotl's flags, in ShareGPT's notation",
      {
        conversations: [
          { ...human("u"), train: false },
          { from: "assistant", value: "a", train: false },
          { from: "assistant", value: "b", training: true },
        ],
      },
      { kind: "messages", messages: [user("u"), { ...assistant("a"), train: false }, assistant("b")] },
    ],
    [
      "thoughts",
      { messages: [user("u"), { ...assistant("4"), reasoning_content: "two and two" }] },
      { kind: "messages", messages: [user("u"), { ...assistant("4"), reasoning_content: "two and two" }] },
    ],
    [
      "thoughts, as gpt-oss and TRL's Harmony data name them",
      { messages: [user("u"), { ...assistant("4"), thinking: "two and two" }] },
      { kind: "messages", messages: [user("u"), { ...assistant("4"), reasoning_content: "two and two" }] },
    ],
    [
      "OpenOrca",
      { system_prompt: "s", question: "u", response: "a", id: "1" },
      { kind: "completion", prompt: [system("s"), user("u")], completion: [assistant("a")] },
    ],
    [
      "Dolly",
      { instruction: "u", context: "c", response: "a", category: "qa" },
      { kind: "completion", prompt: [user("u\n\nc")], completion: [assistant("a")] },
    ],
    [
      "TRL, prompt and completion with a system text in another row's column",
      { prompt: "u", completion: "a", system: "s" },
      { kind: "completion", prompt: [system("s"), user("u")], completion: [assistant("a")] },
    ],
    [
      "Axolotl's pygmalion notation",
      {
        conversations: [
          { role: "human", value: "u" },
          { role: "gpt", value: "a" },
        ],
      },
      { kind: "messages", messages: [user("u"), assistant("a")] },
    ],
    [
      "messages as text in a column",
      { messages: "[{'role': 'user', 'content': 'it\\'s'}, {'role': 'assistant', 'content': 'a'}]" },
      { kind: "messages", messages: [user("it's"), assistant("a")] },
    ],
  ])("%s", async (_, row, expected) => {
    expect(await demonstrations(row)).toEqual([expected]);
  });

  it("one row with a system text makes conversations of all", async () => {
    const rows = await demonstrations(
      { prompt: "u", completion: "a" },
      { prompt: "v", completion: "b", system: "s" },
    );
    expect(rows[0]).toMatchObject({ prompt: [user("u")], completion: [assistant("a")] });
  });

  it.each<[string, object, string]>([
    [
      "a user's turn to learn",
      { messages: [{ ...user("u"), train: true }, assistant("a")] },
      '"messages[0].train" asks to learn',
    ],
    ["half a weight", { messages: [user("u"), { ...assistant("a"), weight: 0.5 }] }, '"messages[1].weight"'],
    [
      "flags that differ",
      { messages: [user("u"), { ...assistant("a"), weight: 0, train: true }] },
      "says the opposite",
    ],
    [
      "parts of a turn",
      { messages: [user("u"), { ...assistant("a"), train_detail: [{}] }] },
      "messages[].train_detail",
    ],
    ["pictures", { instruction: "u", output: "a", images: ["a.png"] }, '"images" is not read'],
    [
      "a call of a user",
      { messages: [{ ...user("u"), tool_calls: [call] }, assistant("a")] },
      "only for the assistant's",
    ],
    [
      "a turn without content",
      { messages: [user("u"), { role: "assistant" }] },
      '"messages[1].content" is missing',
    ],
    [
      "an unknown speaker",
      { conversations: [human("u"), { from: "narrator", value: "x" }] },
      "conversations[1].from",
    ],
    [
      "a broken call",
      { conversations: [human("u"), { from: "function_call", value: "add(2)" }] },
      "expected JSON of a call",
    ],
    ["weights of rows", { prompt: "u", completion: "a", weight: 2 }, '"weight" is not read'],
    ["Axolotl's segments", { segments: [{ label: true, text: "a" }] }, "its pieces have no roles"],
    ["steps", { prompt: "p", completions: ["a"], labels: [true] }, "its labels judge single steps"],
    ["token ids", { input_ids: [1], labels: [1] }, "made for one tokenizer"],
    [
      "a list that breaks off",
      { messages: "[{'role': 'user', 'content': 'it" },
      "neither JSON nor a Python literal",
    ],
    [
      "a picture in a message",
      { messages: [{ role: "user", content: [{ type: "image_url", image_url: {} }] }] },
      "messages[0].content",
    ],
  ])("refuses %s", async (_, row, message) => {
    await expect(demonstrations(row)).rejects.toThrow(message);
  });
});

it("reads judgements of single answers: TRL's, LLaMA-Factory's and conversations'", async () => {
  const rows = [
    { prompt: "u", completion: "a", label: false },
    { instruction: "u", output: "a", kto_tag: false },
    { conversations: [human("u"), gpt("a")], kto_tag: false },
    { messages: [user("u"), assistant("a")], label: false },
  ];
  for (const row of rows) {
    expect(await loadUnpaired(await jsonl(row))).toMatchObject([{ label: false }]);
    await expect(demonstrations(row)).rejects.toThrow("holds no demonstrations");
    expect(
      await demonstrations({
        ...row,
        label: undefined,
        kto_tag: undefined,
        ...("label" in row ? { label: true } : { kto_tag: true }),
      }),
    ).toHaveLength(1);
  }
});

it("reads prompts of every form, and hands other columns on", async () => {
  const prompt = async (row: object) => (await loadPrompts(await jsonl(row)))[0];
  expect(await prompt({ question: "u", answer: "4", level: 1 })).toMatchObject({
    prompt: [user("u")],
    meta: { answer: "4", level: 1 },
  });
  expect(await prompt({ prompt: "u", system: "s", tools: [add] })).toMatchObject({
    prompt: [system("s"), user("u")],
    tools: [add],
  });
  const warnings: string[] = [];
  const path = await jsonl({ prompt: "u", answer: "4" });
  await loadPrompts(path, { metaIsRead: true, warn: (message) => warnings.push(message) });
  expect(warnings).toEqual([]);
  await loadPrompts(path, { warn: (message) => warnings.push(message) });
  expect(warnings).toEqual([`${path}: not read: "answer" (1 of 1 rows)`]);
});

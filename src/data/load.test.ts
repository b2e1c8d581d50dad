import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadDemonstrations, loadPreferences, loadPrompts, loadUnpaired } from "./load.js";
import { writeRows } from "./write-rows.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-load-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function jsonl(...rows: object[]): Promise<string> {
  const path = join(dir, "rows.jsonl");
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

const user = (content: string) => ({ role: "user", content });
const assistant = (content: string) => ({ role: "assistant", content });

describe("loadPreferences", () => {
  it("keeps an explicit prompt, margin, noise, weight and other fields", async () => {
    const path = await jsonl({
      prompt: "p",
      chosen: "c",
      rejected: "r",
      margin: 1,
      noise: 0.1,
      weight: 2,
      id: 7,
    });
    expect(await loadPreferences(path)).toMatchObject([
      { prompt: "p", chosen: "c", rejected: "r", margin: 1, noise: 0.1, weight: 2, meta: { id: 7 } },
    ]);
  });

  it("finds the prompt that both sides begin with, in text and in messages", async () => {
    expect(
      await loadPreferences(await jsonl({ chosen: "Sky is blue", rejected: "Sky is green" })),
    ).toMatchObject([{ prompt: "Sky is", chosen: " blue", rejected: " green" }]);
    const both = { chosen: [user("u"), assistant("a")], rejected: [user("u"), assistant("b")] };
    expect(await loadPreferences(await jsonl(both))).toMatchObject([
      { prompt: [user("u")], chosen: [assistant("a")], rejected: [assistant("b")] },
    ]);
  });

  it("does not cut a character in two where the sides differ in its second half", async () => {
    const [row] = await loadPreferences(await jsonl({ chosen: "a😀", rejected: "a😁" }));
    expect(row).toMatchObject({ prompt: "a", chosen: "😀", rejected: "😁" });
  });

  it("drops the prompt that UltraFeedback repeats inside both sides", async () => {
    const row = { prompt: "u", chosen: [user("u"), assistant("a")], rejected: [user("u"), assistant("b")] };
    expect(await loadPreferences(await jsonl(row))).toMatchObject([
      { prompt: [user("u")], chosen: [assistant("a")], rejected: [assistant("b")] },
    ]);
  });

  it("reads Anthropic's transcripts as messages, also where one side goes on longer", async () => {
    const start = "\n\nHuman: hi\n\nAssistant: hello\n\nHuman: how?\n\nAssistant:";
    const path = await jsonl({
      chosen: `${start} so`,
      rejected: `${start} no\n\nHuman: why\n\nAssistant: eh`,
    });
    expect(await loadPreferences(path)).toMatchObject([
      {
        prompt: [user("hi"), assistant("hello"), user("how?")],
        chosen: [assistant("so")],
        rejected: [assistant("no"), user("why"), assistant("eh")],
      },
    ]);
  });

  it("keeps a pair of equal transcripts, with the last turn as completion", async () => {
    const same = "\n\nHuman: hi\n\nAssistant: hello";
    const [row] = await loadPreferences(await jsonl({ chosen: same, rejected: same }));
    expect(row).toMatchObject({
      prompt: [user("hi")],
      chosen: [assistant("hello")],
      rejected: [assistant("hello")],
    });
  });

  it("reads OpenAI's preference format", async () => {
    const path = await jsonl({
      input: { messages: [{ role: "developer", content: "s" }, user("u")] },
      preferred_output: [{ role: "assistant", content: [{ type: "text", text: "a" }] }],
      non_preferred_output: [assistant("b")],
    });
    expect(await loadPreferences(path)).toMatchObject([
      {
        prompt: [{ role: "system", content: "s" }, user("u")],
        chosen: [assistant("a")],
        rejected: [assistant("b")],
      },
    ]);
  });

  it("makes pairs of ranked completions, none of a tie", async () => {
    const completions = [
      { text: "b", rank: 2 },
      { text: "a", rank: 1 },
      { text: "c", rank: 2 },
    ];
    const rows = await loadPreferences(await jsonl({ prompt: "p", completions }));
    expect(rows.map(({ chosen, rejected }) => [chosen, rejected])).toEqual([
      ["a", "b"],
      ["a", "c"],
    ]);
  });

  it("reads the same preferences from CSV and Parquet, where messages are JSON in CSV", async () => {
    const rows = [
      { prompt: [user("1")], chosen: [assistant("a")], rejected: [assistant("b")], margin: 0.5 },
      { prompt: [user("2")], chosen: [assistant("c")], rejected: [assistant("d")], margin: 1 },
    ];
    for (const name of ["p.csv", "p.parquet"]) {
      await writeRows(join(dir, name), rows);
      expect(await loadPreferences(join(dir, name))).toMatchObject(rows);
    }
  });
});

describe("bad rows", () => {
  const good = { prompt: "p", chosen: "c", rejected: "r" };
  it.each([
    [{ ...good, chosen: 3 }, /rows\.jsonl, line 2: field "chosen" expected text or a list, got 3/],
    [{ ...good, margin: "x" }, /line 2: field "margin" expected a finite number, got "x"/],
    [{ ...good, noise: 0.5 }, /line 2: field "noise" expected less than 0\.5, got 0\.5/],
    [{ prompt: "p", chosen: "c" }, /line 2: field "rejected" is missing/],
    [
      { ...good, chosen: [{ role: "asistant", content: "" }] },
      /field "chosen\[0\]\.role" .*did you mean "assistant"/,
    ],
  ])("are named by file, line, field and expectation: %j", async (bad, message) => {
    await expect(loadPreferences(await jsonl(good, bad))).rejects.toThrow(message);
  });

  it("get the nearest known field", async () => {
    await expect(
      loadPreferences(await jsonl({ prompt: "p", chosen: "c", rejcted: "r" })),
    ).rejects.toMatchObject({
      hint: 'Did you mean "rejected" instead of "rejcted"?',
    });
    await expect(
      loadPreferences(await jsonl(good, { ...good, rejected: undefined, reject: "r" })),
    ).rejects.toMatchObject({
      hint: /has a field "reject"; did you mean "rejected"/,
    });
  });

  it("say when a format does not fit the purpose", async () => {
    await expect(loadPreferences(await jsonl({ text: "t" }))).rejects.toThrow(
      "line 1: the text format cannot be used as preferences (its answers are not judged: plumb sft learns from those); expected chosen+rejected",
    );
  });

  it("refuse NaN from a CSV cell and infinity from JSON", async () => {
    await writeFile(join(dir, "nan.csv"), "prompt,chosen,rejected,margin\np,c,r,nan\n");
    await expect(loadPreferences(join(dir, "nan.csv"))).rejects.toThrow(
      'field "margin" expected a finite number, got NaN',
    );
    await writeFile(join(dir, "inf.jsonl"), '{"chosen":"c","rejected":"r","margin":1e999}');
    await expect(loadPreferences(join(dir, "inf.jsonl"))).rejects.toThrow("got Infinity");
  });
});

describe("loadDemonstrations", () => {
  it.each([
    [{ text: "t" }, { kind: "text", text: "t" }],
    [{ messages: [user("u"), assistant("a")] }, { kind: "messages", messages: [user("u"), assistant("a")] }],
    [
      { prompt: "p", completion: "c" },
      { kind: "completion", prompt: "p", completion: "c" },
    ],
    [
      { prompt: [user("u")], completion: "c" },
      { prompt: [user("u")], completion: [assistant("c")] },
    ],
    [
      { instruction: "i", input: "5", output: "o" },
      { prompt: [user("i\n\n5")], completion: [assistant("o")] },
    ],
    [
      { instruction: "i", input: "", output: "o" },
      { prompt: [user("i")], completion: [assistant("o")] },
    ],
    [
      {
        conversations: [
          { from: "human", value: "u" },
          { from: "gpt", value: "a" },
        ],
      },
      { kind: "messages", messages: [user("u"), assistant("a")] },
    ],
    [
      { prompt: "p", chosen: "c", rejected: "r" },
      { kind: "completion", prompt: "p", completion: "c" },
    ],
  ])("reads %j", async (row, expected) => {
    expect(await loadDemonstrations(await jsonl(row))).toMatchObject([expected]);
  });

  it("leaves out what was judged bad, and says so when nothing is left", async () => {
    const bad = { prompt: "p", completion: "x", label: false };
    expect(await loadDemonstrations(await jsonl({ ...bad, label: true }, bad))).toHaveLength(1);
    await expect(loadDemonstrations(await jsonl(bad))).rejects.toThrow("holds no demonstrations");
  });
});

it("loadPrompts takes the prompt's side of any format", async () => {
  const prompts = async (row: object) => (await loadPrompts(await jsonl(row)))[0].prompt;
  expect(await prompts({ prompt: "p" })).toBe("p");
  expect(
    await prompts({ chosen: "\n\nHuman: u\n\nAssistant: a", rejected: "\n\nHuman: u\n\nAssistant: b" }),
  ).toEqual([user("u")]);
  expect(await prompts({ messages: [user("u"), assistant("a")] })).toEqual([user("u")]);
  expect(await prompts({ prompt: "\n\nHuman: u\n\nAssistant:" })).toEqual([user("u")]);
});

it("loadUnpaired makes a preference into one good and one bad completion", async () => {
  const rows = await loadUnpaired(await jsonl({ prompt: "p", chosen: "c", rejected: "r" }));
  expect(rows.map(({ completion, label }) => [completion, label])).toEqual([
    ["c", true],
    ["r", false],
  ]);
});

import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { PlumbError } from "../../base/errors.js";
import { safetyOf } from "../../votes/exports/index.js";
import { answerProblem } from "../../votes/tasks/index.js";
import { importSchema, importTasks, readCastVotes, readTaskItems } from "./index.js";

const FIXTURES = "test/fixtures/exchange";
let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plumb-exchange-"));
});

type Loaded = Awaited<ReturnType<typeof importTasks>>;
const load = (file: string, config: Record<string, unknown> = {}) =>
  importTasks([file], importSchema.parse(config));
const fixture = (name: string, config: Record<string, unknown> = {}) => load(join(FIXTURES, name), config);
/** A file of this text, in the tests' folder. */
function written(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}
const lines = (rows: readonly unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const messageOf = async (result: Promise<unknown>): Promise<string> => {
  const error = await result.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(PlumbError);
  return (error as PlumbError).message;
};

/** Everything an import gives fits the tasks it gives. */
async function fitting(imported: Promise<Loaded>): Promise<Loaded> {
  const { items, votes } = await imported;
  const byId = new Map(items.map((item) => [item.id, item]));
  expect(byId.size).toBe(items.length);
  expect(new Set(votes.map(({ id }) => id)).size).toBe(votes.length);
  for (const { answer, item } of votes) {
    const { task, content } = byId.get(item)!;
    expect(answerProblem(answer, task, content.responses.length)).toBeUndefined();
  }
  return imported;
}

const said = ({ votes }: Loaded) =>
  votes.map(({ item, rater, answer }) => {
    if (answer.kind === "pairwise") {
      const verdicts = Object.values(answer.aspects).map(
        ({ verdict, strength }) => `${verdict}${strength ?? ""}`,
      );
      return [item, rater, ...verdicts];
    }
    return [item, rater, ...(answer.kind === "ranking" ? answer.ranks : [answer.kind])];
  });

describe("Label Studio's exports, as its own converter writes them", () => {
  it("JSON with comparisons: sides, ties, times, rationales, gold; none of a cancelled annotation", async () => {
    const imported = await fitting(fixture("label-studio-pairwise.json"));
    expect(imported.source).toBe("label-studio");
    expect(said(imported)).toEqual([
      ["11", "1", "left"],
      ["11", "rater-1", "right"],
      ["12", "1", "tie"],
    ]);
    const [first] = imported.votes;
    expect(first.answer.rationale).toBe("The second is a myth,\nsaid at length.");
    expect([first.milliseconds, first.castAt]).toEqual([10_500, Date.parse("2026-03-02T10:00:00Z")]);
    expect(imported.items[0].content.responses.map(({ text }) => text)).toEqual([
      "Because air scatters blue light most.",
      "It mirrors the sea.",
    ]);
    expect(imported.items[1].gold).toMatchObject({ aspects: { overall: { verdict: "right" } } });
    expect(JSON.stringify(imported)).not.toContain("firm.org");
  });

  it("JSON_MIN and CSV with choices, whose strengths are read", async () => {
    const expected = [
      ["21", "2", "tie"],
      ["21", "1", "left"],
      ["22", "1", "right3"],
    ];
    const min = await fitting(fixture("label-studio-choices.min.json"));
    expect(said(min)).toEqual(expected);
    const reasons = ["I could not choose.", "It explains the light.", "Nine is three times three."];
    expect(min.votes.map(({ answer }) => answer.rationale)).toEqual(reasons);
    const csv = await fitting(fixture("label-studio-choices.csv"));
    expect(said(csv)).toEqual(expected);
    const named = await fitting(fixture("label-studio-choices.csv", { rationaleField: "reason" }));
    expect(named.votes.map(({ answer }) => answer.rationale)).toEqual(reasons);
  });

  it("CSV with comparisons in cells of JSON", async () => {
    expect(said(await fitting(fixture("label-studio-pairwise.csv")))).toEqual([
      ["11", "rater-1", "right"],
      ["11", "1", "left"],
      ["12", "9", "right"],
      ["12", "1", "tie"],
    ]);
  });

  it("rankings of listed items and ratings by aspect", async () => {
    const ranked = await fitting(fixture("label-studio-ranker.json"));
    expect(said(ranked)).toEqual([["31", "1", 2, 3, 1]]);
    expect(ranked.items[0].content.responses.map(({ name, text }) => [name, text])).toEqual([
      ["m1", "A\nFirst text"],
      ["m2", "B\nSecond text"],
      ["m3", "Third text"],
    ]);
    const rated = await fitting(fixture("label-studio-rating.json"));
    expect(rated.votes.map(({ answer }) => answer)).toMatchObject([
      { ratings: [{ helpful: 4, honest: 2 }] },
      { ratings: [{ helpful: 5, honest: 3 }] },
    ]);
  });
});

describe("Argilla's records, as its own library writes them", () => {
  const [ada, bob] = [1, 2].map((n) => `00000000-0000-0000-0000-00000000000${n}`);

  it("version 2, nested and flattened, say the same", async () => {
    const nested = await fitting(fixture("argilla-v2.json"));
    expect(said(nested)).toEqual([
      ["rec-1", ada, "left"],
      ["rec-1", bob, "tie"],
      ["rec-2", ada, "right"],
    ]);
    expect(nested.votes[0].answer.rationale).toMatch(/^The second is a myth/);
    expect(nested.items[0].content.meta).toMatchObject({
      source: "quiz",
      suggestions: { preference: { value: "response_b" } },
    });
    const flat = await fitting(fixture("argilla-v2-flattened.jsonl"));
    expect(flat.votes.map(({ answer }) => answer)).toEqual(nested.votes.map(({ answer }) => answer));
    const shown = ({ items }: Loaded) => items.map(({ content }) => [content.prompt, content.responses]);
    expect(shown(flat)).toEqual(shown(nested));
  });

  it("version 1 with rankings that have ties; what was discarded or suggested is nobody's vote", async () => {
    const imported = await fitting(fixture("argilla-v1.json"));
    expect(said(imported)).toEqual([["ext-1", ada, 2, 1, 2]]);
  });
});

describe("tables of votes", () => {
  it("compare texts or names, on whichever side a row shows them", async () => {
    const rows = "q1,ada,Yes.,No.,left\nq1,bob,No.,Yes.,left\nq1,cy,No.,Yes.,tie\nq2,ada,A,B,right\n";
    const imported = await fitting(load(written("votes.csv", `item,rater,left,right,winner\n${rows}`)));
    expect(said(imported)).toEqual([
      ["q1", "ada", "left"],
      ["q1", "bob", "right"],
      ["q1", "cy", "tie"],
      ["q2", "ada", "right"],
    ]);
    expect(imported.items[0].content.responses).toEqual([
      { name: "Yes.", text: "Yes." },
      { name: "No.", text: "No." },
    ]);
  });

  it("name every bad row by line and field, and give nothing", async () => {
    const rows = "q1,ada,A,B,left\nq1,,A,B,left\nq1,bob,A,C,left\nq1,cy,A,B,both\n";
    const message = await messageOf(load(written("bad.csv", `item,rater,left,right,winner\n${rows}`)));
    expect(message).toContain('bad.csv, line 3: field "rater" is missing or empty');
    expect(message).toContain('line 4: field "left" and right are not those of item "q1" in line 2');
    expect(message).toContain('line 5: field "winner" is "both"; expected left, right or tie');
    expect(message).toMatch(/^3 rows are wrong; nothing was imported/);
  });
});

describe("datasets as items", () => {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    prompt: `Question ${i}?`,
    chosen: `Good ${i}.`,
    rejected: `Bad ${i}.`,
  }));

  it("preferences have both sides in an order that does not tell the chosen one", async () => {
    const file = written("pairs.jsonl", lines(rows));
    const { items } = await fitting(load(file));
    const first = items.filter(({ content }) => content.responses[0].name === "chosen").length;
    expect(first).toBeGreaterThan(8);
    expect(first).toBeLessThan(32);
    const chosen = items.map(({ content }) => content.responses.find(({ name }) => name === "chosen")?.text);
    expect(chosen).toEqual(rows.map((row) => row.chosen));
    expect((await load(file)).items).toEqual(items);
  });

  it("HH's transcripts, rankings, prompts and completions become tasks of their kind", async () => {
    const kinds = async (row: unknown, config = {}) => {
      const { items } = await fitting(load(written("one.jsonl", lines([row])), config));
      return items.map(({ task }) => task.kind);
    };
    const hh = (answer: string) => `\n\nHuman: Hi\n\nAssistant: ${answer}`;
    expect(await kinds({ chosen: hh("Hello"), rejected: hh("Go") })).toEqual(["pairwise"]);
    const completions = ["a", "b", "c"].map((text, i) => ({ text, rank: i + 1 }));
    expect(await kinds({ prompt: "p", completions })).toEqual(["ranking"]);
    expect(await kinds({ prompt: "p" })).toEqual(["demonstration"]);
    expect(await kinds({ prompt: "p", completion: "c" })).toEqual(["rewrite"]);
    expect(await kinds({ prompt: "p", completion: "c" }, { kind: "safety" })).toEqual(["safety"]);
    await expect(kinds({ prompt: "p", completion: "c" }, { kind: "pairwise" })).rejects.toThrow(
      /line 1: has 1 responses; a pairwise task needs 2/,
    );
  });

  it("name every line that is no row", async () => {
    const bad = `{"prompt":\n[1]\n${lines([{ prompt: "p", chosen: 3, rejected: "x" }])}`;
    const message = await messageOf(load(written("broken.jsonl", lines(rows.slice(0, 1)) + bad)));
    expect(message).toContain("line 2: not valid JSON");
    expect(message).toContain("line 3: expected an object");
    expect(message).toContain('line 4: field "chosen"');
    const many = await messageOf(load(written("many.jsonl", "x\n".repeat(50))));
    expect(many).toMatch(/50 rows are wrong[\s\S]*and 30 more/);
  });
});

describe("bad exports", () => {
  const two = { prompt: "p", response_a: "r", response_b: "s" };
  const answered = (fields: object, value: unknown, id?: string) => ({
    ...(id && { id }),
    fields,
    responses: { better: [{ value, user_id: "u" }] },
  });
  const video = { completed_by: 1, result: [{ type: "video", from_name: "v", value: {} }] };
  it.each([
    ["a task without annotations", [{ id: 1, data: { prompt: "p" }, annotations: 3 }], /field "annotations"/],
    [
      "an unknown result",
      [{ id: 1, data: { prompt: "p", a: "x" }, annotations: [video] }],
      /result\[0\]\.value" is of an unsupported type: video/,
    ],
    [
      "no prompt",
      [{ id: 1, data: { foo: "p" }, annotations: [] }],
      /no column is surely the prompt; it may be "foo"/,
    ],
    [
      "one id twice",
      [1, 1].map((id) => ({ id, data: { prompt: "p" }, annotations: [] })),
      /field "id" is "1", which an earlier record already has/,
    ],
    [
      "a rating off the scale",
      [answered({ prompt: "p", response: "r" }, 40)],
      /rating 40 is not a whole number/,
    ],
    ["a label that means nothing", [answered(two, "maybe")], /names neither side nor a tie/],
    [
      "two types in one question",
      [answered(two, "left", "a"), answered(two, 2, "b")],
      /is a rating here and a label elsewhere/,
    ],
  ])("with %s are refused by line and field", async (_, rows, problem) => {
    expect(await messageOf(load(written("bad.json", JSON.stringify(rows))))).toMatch(problem);
  });

  it("never make anything but a PlumbError or an import", async () => {
    const json = fc.jsonValue({ maxDepth: 3 });
    const results = fc.array(fc.record({ type: json, value: json }), { maxLength: 3 });
    const annotations = fc.array(fc.record({ result: results, completed_by: json }), { maxLength: 3 });
    const said = fc.array(fc.record({ value: json, user_id: json }), { maxLength: 3 });
    const fields = fc.dictionary(fc.constantFrom("prompt", "response_a", "response_b"), fc.string());
    const record = fc.oneof(
      fc.record({ id: json, data: json, annotations: fc.oneof(json, annotations) }),
      fc.record({ fields, responses: fc.oneof(json, fc.dictionary(fc.string(), said)) }),
      fc.record({ item: json, rater: json, label: json }),
      fc.record({ annotation_id: json, annotator: json, prompt: fc.string(), x: json }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 3 }), async (rows) => {
        try {
          await fitting(load(written("fuzz.jsonl", lines(rows))));
        } catch (error) {
          if (!(error instanceof PlumbError)) throw error;
        }
      }),
      { numRuns: 100 },
    );
  });
});

it("labels of safety that are not understood, or differ, mean nothing", () => {
  expect([["Safe"], ["unsafe"], ["unsafe", "harmful"]].map(safetyOf)).toEqual([true, false, false]);
  expect([[], ["blue"], ["safe", "unsafe"], ["unsafe", "blue"]].map(safetyOf)).toEqual(
    Array(4).fill(undefined),
  );
});

describe("files of items and votes", () => {
  const responses = ["x", "y"].map((name) => ({ name, text: `text ${name}` }));
  const item = { id: "a", task: { kind: "pairwise" }, content: { prompt: "p", responses } };
  const answer = { kind: "pairwise", aspects: { overall: { verdict: "left" } } };
  const vote = { id: "v", item: "a", rater: "ada", answer, order: [1, 0], castAt: 5, guidelinesVersion: 1 };

  it("come back as they were written, with defaults filled in", async () => {
    const items = await readTaskItems(written("items.jsonl", lines([item])));
    const [read] = await readCastVotes(written("votes.jsonl", lines([vote])), items);
    expect(items[0].task).toMatchObject({ aspects: ["overall"], scale: 5 });
    expect(read).toEqual({ ...vote, answer: { ...answer, flags: [] }, repeat: false });
  });

  it("are refused by line and field", async () => {
    const gold = { ...item, id: "b", gold: { kind: "safety", safe: true } };
    const badItems = await messageOf(readTaskItems(written("items.jsonl", lines([item, item, gold]))));
    expect(badItems).toMatch(/line 2: field "id"[\s\S]*line 3: field "gold" does not fit the task/);
    const items = await readTaskItems(written("items.jsonl", lines([item])));
    const ranks = { kind: "ranking", ranks: [1, 2] };
    const wrong = [
      { ...vote, item: "z" },
      { ...vote, order: [0, 0] },
      vote,
      { ...vote, id: "w", answer: ranks },
    ];
    const message = await messageOf(readCastVotes(written("votes.jsonl", lines(wrong)), items));
    expect(message).toContain('line 1: field "item" is "z"');
    expect(message).toContain('line 2: field "order" is not an order of 2');
    expect(message).toContain('line 3: field "id" is "v"');
    expect(message).toContain('line 4: field "answer" does not fit');
  });
});

/**
 * Shapes that people complain of in exports of labelling tools. Each test names the complaint; nothing is taken for
 * something else without a word.
 */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { importSchema, importTasks } from "../../feedback/exchange/index.js";
import { readVotes } from "../vote-file/index.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plumb-hostile-"));
});
function written(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}
const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const load = (path: string) => importTasks([path], importSchema.parse({}));
async function labelsOf(path: string, aspect?: string) {
  const { votes, notes, repeated } = await readVotes(path, { aspect });
  if (votes.kind !== "labels") throw new Error("expected labels");
  const { labels, label, items, raters } = votes.labels;
  return { said: [...label].map((l) => labels[l]), items, raters, notes, repeated };
}

/** A task of Label Studio with annotations, each a person with results. */
const task = (id: number, ...annotations: [person: unknown, ...results: object[]][]) => ({
  ...{ id, data: { text: `text ${id}` } },
  annotations: annotations.map(([completed_by, ...result]) => ({ completed_by, result })),
});
const choice = (label: string | string[], more: object = {}) => ({
  ...{ from_name: "tone", type: "choices", value: { choices: [label].flat(), ...more } },
});
const labelStudio = (...tasks: object[]) => written("ls.json", JSON.stringify(tasks));

describe("Label Studio", () => {
  it("a task that the export repeats is one, and its votes count once (label-studio 1289, 764)", async () => {
    const one = task(1, [1, choice("rude")], [2, choice("kind")]);
    const { said, repeated } = await labelsOf(labelStudio(one, one, task(2, [1, choice("kind")])));
    expect([said, repeated]).toEqual([["rude", "kind", "kind"], 2]);
    const other = { ...task(1, [3, choice("kind")]), data: { text: "of another project" } };
    await expect(readVotes(labelStudio(one, other))).rejects.toThrow(/row 2: field "id".*shows other texts/);
  });

  it("a copy of one's own annotation that says something else is refused (label-studio 1289)", async () => {
    await expect(readVotes(labelStudio(task(1, [1, choice("rude")], [1, choice("kind")])))).rejects.toThrow(
      /rater "1" says "rude" and "kind" of the same item/,
    );
  });

  it("marks of a part are no answers about the whole (label-studio 2954)", async () => {
    const span = {
      ...{ from_name: "tone", type: "labels" },
      value: { start: 0, end: 4, text: "text", labels: ["Positive"] },
    };
    const region = choice("rude", { start: 0, end: 4 });
    for (const result of [span, region]) {
      const path = labelStudio(task(1, [1, result]));
      for (const read of [readVotes, load])
        await expect(read(path)).rejects.toThrow(/unsupported type: (labels|choices), about a part/);
    }
    const min = { text: "t", id: 1, tone: [span.value, span.value], annotator: 1, annotation_id: 5 };
    const file = written("min.json", JSON.stringify([min]));
    for (const read of [readVotes, load])
      await expect(read(file)).rejects.toThrow(/"tone" is not a choice, side, rating, ranking or text/);
  });

  it("two answers of one annotation to one question are refused; pieces of text are one text", async () => {
    const path = labelStudio(task(1, [1, choice("rude"), choice("kind")]));
    await expect(readVotes(path)).rejects.toThrow(
      /result\[1\].value" is a second answer to the question "tone"/,
    );
    const piece = (text: string) => ({ from_name: "why", type: "textarea", value: { text: [text] } });
    const both = labelStudio(task(1, [1, choice("rude"), piece("It is"), piece("not kind.")]));
    expect((await labelsOf(both)).said).toEqual(["rude"]);
  });

  it("several choices in one answer are no vote, in JSON, JSON_MIN and CSV", async () => {
    const json = labelStudio(task(1, [1, choice(["rude", "loud"])]));
    const row = { text: "t", id: 1, tone: { choices: ["rude", "loud"] }, annotator: 1, annotation_id: 5 };
    const min = written("min.json", JSON.stringify([row]));
    const cell = `"{""choices"": [""rude"", ""loud""]}"`;
    const csv = written("ls.csv", `annotation_id,annotator,id,text,tone\n5,1,1,t,${cell}\n`);
    for (const path of [json, min, csv])
      await expect(readVotes(path), path).rejects.toThrow(/has 2 labels \("rude", "loud"\)/);
  });

  it("answers of nobody are each of somebody else, over the whole file (label-studio 889)", async () => {
    const path = labelStudio(
      task(1, [null, choice("rude")], [null, choice("kind")]),
      task(2, [null, choice("rude")]),
    );
    const { raters, notes } = await labelsOf(path);
    expect(raters).toHaveLength(3);
    expect(notes?.join()).toMatch(/3 answers name nobody; each counts as somebody else's/);
    const shown = (id: number) => ({
      ...task(id, [null, choice("response_a")]),
      data: { prompt: `p${id}`, response_a: "x", response_b: "y" },
    });
    const { votes } = await load(labelStudio(shown(1), shown(2)));
    expect(new Set(votes.map(({ rater }) => rater)).size).toBe(2);
  });

  it("names in other scripts, and composed in two ways, are one person", async () => {
    const path = labelStudio(
      task(1, ["Jos\u00e9", choice("rude")]),
      task(2, ["Jose\u0301 ", choice("rude")]),
      task(3, ["\u5f20\u4f1f", choice("kind")]),
    );
    const { raters, notes } = await labelsOf(path);
    expect(raters).toEqual(["Jos\u00e9", "\u5f20\u4f1f"]);
    expect(notes?.join()).toMatch(/1 answer names a rater with white space/);
  });

  it("CSV whose labels are no verdicts is read where the question is named", async () => {
    const path = written(
      "tone.csv",
      "annotation_id,annotator,id,lead_time,text,tone\n1,ada,7,1.5,hello,kind\n2,bo,7,1.5,hello,rude\n",
    );
    await expect(readVotes(path)).rejects.toThrow(/no column holds answers.*--aspect/);
    expect((await labelsOf(path, "tone")).said).toEqual(["kind", "rude"]);
    await expect(readVotes(path, { aspect: "mood" })).rejects.toThrow(/no column holds answers/);
  });

  it("exports of versions before 1.0 are refused once, with what to do (label-studio 279)", async () => {
    const old = { id: 1, data: { text: "t" }, completions: [{ result: [choice("rude")], skipped: true }] };
    for (const read of [readVotes, load])
      await expect(read(labelStudio(old, old))).rejects.toThrow(/^[^\n]*\n[^\n]*version before 1\.0[^\n]*$/);
  });
});

describe("Argilla", () => {
  const record = (id: string, ...values: unknown[]) => ({
    ...{ id, fields: { prompt: "p", response_a: "x", response_b: "y" } },
    responses: { ok: values.map((value, i) => ({ value, user_id: `u${i}`, status: "submitted" })) },
  });

  it("several labels are no ranking, though both are lists of names (argilla 4295)", async () => {
    const both = ["response_a", "response_b"];
    const path = written("multi.json", JSON.stringify([record("1", both, ["response_b"])]));
    for (const read of [readVotes, load])
      await expect(read(path)).rejects.toThrow(/response_a, response_b|"response_a, response_b"/);
    const ranked = written("ranked.json", JSON.stringify([record("1", both, both)]));
    expect((await readVotes(ranked)).votes.kind).toBe("pairs");
    const flat = {
      ...{ id: "1", prompt: "p", response_a: "x", response_b: "y" },
      ...{ "ok.responses": [both, ["response_b"]], "ok.responses.users": ["u", "v"] },
    };
    await expect(readVotes(written("flat.jsonl", lines(flat)))).rejects.toThrow(
      /expected left, right or tie/,
    );
  });

  it("a ranking of names that no response has is refused (argilla 5712)", async () => {
    const path = written("named.json", JSON.stringify([record("1", ["1", "2"], ["2", "1"])]));
    await expect(readVotes(path)).rejects.toThrow(/lists "1", which is none of the responses/);
  });

  it("null answers say nothing, and are counted", async () => {
    const path = written("null.json", JSON.stringify([record("1", "response_a", null)]));
    const { votes, notes } = await readVotes(path);
    expect(votes.kind === "pairs" && [...votes.comparisons.outcome]).toEqual([1]);
    expect(notes).toEqual(["1 answer says nothing: not counted"]);
    expect((await load(path)).warnings).toEqual(["1 answer says nothing: not counted"]);
  });

  it("verdicts in another language are no sides: refused by import, said to be labels by plumb aggregate", async () => {
    const path = written("german.json", JSON.stringify([record("1", "links", "rechts")]));
    await expect(load(path)).rejects.toThrow(/"links", which names neither side nor a tie/);
    expect((await labelsOf(path)).notes?.join()).toMatch(/no answer is a verdict.*counted as labels/);
    const mixed = written("mixed.json", JSON.stringify([record("1", "links", "response_b")]));
    await expect(readVotes(mixed)).rejects.toThrow(/ok: expected left, right or tie.*got "links"/);
  });
});

describe("spreadsheets", () => {
  it("ids that Excel has rounded are refused by both doors", async () => {
    const table = (id: string) => written("ids.csv", `item,rater,left,right,winner\n${id},r,a,b,left\n`);
    for (const id of ["1.23457E+16", "2E+16"]) {
      await expect(readVotes(table(id))).rejects.toThrow(/line 2, item: expected a name with all its digits/);
      await expect(load(table(id))).rejects.toThrow(
        /line 2: field "item" is "[^"]+"; expected a name with all/,
      );
    }
    expect((await readVotes(table("E+16"))).hasItems).toBe(true);
    const tool = written("hit.csv", "HITId,WorkerId,Answer.q\n1.23457E+16,W1,yes\n");
    await expect(readVotes(tool)).rejects.toThrow(/line 2: names "1.23457E\+16"; expected a name with all/);
  });

  it("cells with several labels, and labels that differ by case or spaces alone, are named", async () => {
    const rows = ["yes", "no", "yes;no", "Yes", "no "].map((label, i) => `i${i},r${i},${label}`);
    const { notes } = await labelsOf(written("cells.csv", `item,rater,label\n${rows.join("\n")}\n`));
    expect(notes).toEqual([
      'the labels "yes" and "Yes" differ by letter case, white space or Unicode form alone, and count as two',
      'the labels "no" and "no " differ by letter case, white space or Unicode form alone, and count as two',
      'the label "yes;no" is made of others, and counts as one of its own: a vote is one label',
    ]);
    const names = written("names.csv", "item,rater,label\ni,Ada,yes\nj,ada,yes\nI ,bo,yes\n");
    expect((await labelsOf(names)).notes).toEqual([
      'the raters "Ada" and "ada" differ by letter case, white space or Unicode form alone, and count as two',
      'the items "i" and "I " differ by letter case, white space or Unicode form alone, and count as two',
    ]);
  });

  it("a comma too many at the end of a row is refused by row, and of all rows is no column", async () => {
    await expect(readVotes(written("one.csv", "item,rater,label\ni,r,yes,\n"))).rejects.toThrow(
      /line 2: has 4 cells; the header has 3/,
    );
    expect((await labelsOf(written("all.csv", "item,rater,label,\ni,r,yes,\n"))).said).toEqual(["yes"]);
  });
});

it("an arena's tstamp is its time, in seconds with a fraction", async () => {
  const row = {
    question_id: "q",
    model_a: "m",
    model_b: "n",
    winner: "tie (bothbad)",
    judge: "arena_user_1",
  };
  const path = written("arena.jsonl", lines({ ...row, turn: 1, tstamp: 1_682_351_591.1322 }));
  expect((await readVotes(path)).time?.[0]).toBe(1_682_351_591_132);
  const texts = { response_a: "x", response_b: "y", prompt: "p", tstamp: 1_682_351_591.1322 };
  const { votes, columns } = await load(written("shown.jsonl", lines({ ...row, ...texts })));
  const unread = columns.filter(({ role }) => role === "ignored").map(({ name }) => name);
  expect([votes[0].castAt, unread]).toEqual([1_682_351_591_132, []]);
});

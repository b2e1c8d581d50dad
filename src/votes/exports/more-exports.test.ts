/** Exports of tools that name fewer raters, or none, through both doors. */
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { imported, lines, load, votesOf, written } from "../../../test/exports.js";
import { readVotes } from "../vote-file/index.js";

describe("doccano", () => {
  it("labels of named annotators count, in each of its versions", async () => {
    const files = [
      lines(
        { id: 1, text: "t", label: ["pos"], Comments: [], annotator: "ada" },
        { id: 1, text: "t", label: ["neg"], Comments: [], annotator: "bo" },
        { id: 2, text: "u", label: [], Comments: [], annotator: "bo" },
      ),
      lines(
        { doc_id: 1, text: "t", labels: ["pos"], username: "ada" },
        { doc_id: 1, text: "t", labels: ["neg"], username: "bo" },
        { doc_id: 2, text: "u", labels: [], username: "bo" },
      ),
      lines(
        { id: 1, text: "t", cats: ["pos"], entities: [], annotator: "ada" },
        { id: 1, text: "t", cats: ["neg"], entities: [], annotator: "bo" },
        { id: 2, text: "u", cats: [], entities: [], annotator: "bo" },
      ),
    ];
    for (const [i, text] of files.entries()) {
      const { said, notes } = await votesOf(written(`doccano-${i}.jsonl`, text));
      expect(said, text).toEqual([
        ["1", "ada", "pos"],
        ["1", "bo", "neg"],
      ]);
      expect(notes).toEqual(["1 answer says nothing: not counted"]);
    }
    const numbered = lines({
      ...{ id: 5, text: "t", meta: {} },
      annotations: [
        { label: 7, user: 1 },
        { label: 8, user: 2 },
      ],
    });
    // doccano 113 and 156: numbers of labels are no points, and no order.
    expect((await votesOf(written("numbered.jsonl", numbered))).said).toEqual([
      ["5", "1", "label 7"],
      ["5", "2", "label 8"],
    ]);
  });

  it("files that name nobody are refused once, with what to do, and marks by row", async () => {
    const shared = written(
      "all.jsonl",
      lines(...[1, 2].map((id) => ({ id, text: "t", label: ["pos", "neg"] }))),
    );
    for (const read of [readVotes, load])
      await expect(read(shared)).rejects.toThrow(/name of the file only.*add the field annotator/);
    const marks = written(
      "marks.jsonl",
      lines({ id: 1, text: "t", label: [[0, 1, "PER"]], annotator: "ada" }),
    );
    await expect(readVotes(marks)).rejects.toThrow(/line 1: field "label" holds marks/);
    const joined = written(
      "joined.jsonl",
      lines(
        { id: 1, text: "t", label: ["pos"], annotator: "ada" },
        { id: 1, text: "of another project", label: ["pos"], annotator: "bo" },
      ),
    );
    await expect(readVotes(joined)).rejects.toThrow(/line 2: is about item "1" as line 1 is.*other texts/);
  });
});

describe("Potato", () => {
  const expected = [
    ["i1", "ada", "positive"],
    ["i1", "bo", "negative"],
  ];

  it("JSONL, CSV and the files of version 1 say the same", async () => {
    const own = lines(
      { instance_id: "i1", user_id: "ada", labels: { tone: { positive: true } }, spans: {}, links: {} },
      { instance_id: "i1", user_id: "bo", labels: { tone: { negative: "negative" } }, spans: {}, links: {} },
    );
    const csv =
      "instance_id,user_id,tone.positive,tone.negative,ner._spans\ni1,ada,positive,,[]\ni1,bo,,negative,[]\n";
    const first =
      "user\tinstance_id\tdisplayed_text\ttone:::positive\ttone:::negative\nada\ti1\tt\t1\t\nbo\ti1\tt\t\t2\n";
    const old = lines(
      { user_id: "ada", instance_id: "i1", label_annotations: { tone: { positive: "1" } } },
      { user_id: "bo", instance_id: "i1", label_annotations: { tone: { negative: "2" } } },
    );
    for (const [name, text] of [
      ["p.jsonl", own],
      ["p.csv", csv],
      ["p1.tsv", first],
      ["p1.jsonl", old],
    ])
      expect((await votesOf(written(name, text))).said, name).toEqual(expected);
  });

  it("two options of which one was clicked before are asked about, unless the file says which is final", async () => {
    const both = "instance_id,user_id,tone.positive,tone.negative";
    const clicked = written("both.csv", `${both}\ni1,ada,positive,negative\n`);
    await expect(readVotes(clicked)).rejects.toThrow(/line 2.*has 2 labels \("positive", "negative"\)/);
    const final = written("final.csv", `${both},tone\ni1,ada,positive,negative,negative\ni1,bo,,negative,\n`);
    expect((await votesOf(final)).said.map((one) => one[2])).toEqual(["negative", "negative"]);
  });

  it("machines are no raters; scales, boxes and lists of one value are read by their value", async () => {
    const row = (user_id: string, labels: object, annotator_origin: object) => ({
      ...{ instance_id: "i1", user_id, labels, annotator_origin },
    });
    const path = written(
      "origin.jsonl",
      lines(
        row("ada", { care: { scale_4: "4" } }, { kind: "human" }),
        row("gpt", { care: { scale_1: "1" } }, { kind: "llm" }),
        row("bo", { care: { slider: "2" } }, { kind: "human" }),
      ),
    );
    const { said, notes } = await votesOf(path);
    expect(said.map((one) => one[2])).toEqual(["4", "2"]);
    expect(notes).toEqual(["1 answer is a machine's: not counted"]);
  });
});

describe("OpenAI's ratings of summaries", () => {
  it("are read by axis; an axis that was left open says nothing", async () => {
    const row = (worker: string, overall: number, coverage: number | null) => ({
      ...{ info: { id: "t3", post: "A post." }, worker, split: "test" },
      summary: { text: "Short.", policy: "sup", axes: { overall, coverage } },
    });
    const path = written("axis.jsonl", lines(row("w1", 6, 7), row("w2", 5, null)));
    expect((await votesOf(path, "overall")).said.map((one) => one[2])).toEqual(["6", "5"]);
    expect((await votesOf(path, "coverage")).said.map((one) => one[2])).toEqual(["7"]);
  });
});

describe("Label Studio and Argilla by plumb aggregate", () => {
  const FIXTURES = "test/fixtures/exchange";

  it("give the votes that an import gives, without gold and what was cancelled", async () => {
    const pairwise = await votesOf(join(FIXTURES, "label-studio-pairwise.json"));
    expect(pairwise.said).toEqual([
      ["11", "1", expect.stringMatching(/>/)],
      ["11", expect.stringMatching(/@/), expect.stringMatching(/</)],
    ]);
    expect(pairwise.notes?.join("\n")).toMatch(/1 answer was skipped[\s\S]*gold/);
    const chosen = await votesOf(join(FIXTURES, "label-studio-choices.csv"));
    expect(chosen.said).toHaveLength(3);
    const ranked = await votesOf(join(FIXTURES, "label-studio-ranker.json"));
    expect(ranked.said.map((one) => one[2]).sort()).toEqual(["m1>m2", "m3>m1", "m3>m2"]);
    const [nested, flat] = await Promise.all(
      ["argilla-v2.json", "argilla-v2-flattened.jsonl"].map((name) =>
        votesOf(join(FIXTURES, name), "preference"),
      ),
    );
    expect(nested.said.map((one) => one.slice(1))).toEqual(flat.said.map((one) => one.slice(1)));
    expect(nested.said).toHaveLength(3);
  });

  it("labels of no comparison are labels", async () => {
    const annotation = (completed_by: number, choice: string) => ({
      ...{ completed_by, was_cancelled: false },
      result: [{ from_name: "tone", type: "choices", value: { choices: [choice] } }],
    });
    const task = {
      ...{ id: 4, data: { text: "t" } },
      annotations: [annotation(1, "rude"), annotation(2, "kind")],
    };
    const path = written("tone.json", JSON.stringify([task]));
    expect((await votesOf(path)).said).toEqual([
      ["4", "1", "rude"],
      ["4", "2", "kind"],
    ]);
  });

  it("datasets of Argilla 1 on a hub have their votes, as lists and by column", async () => {
    const people = {
      user_id: ["u1", "u2"],
      value: ["response_a", "response_b"],
      status: ["submitted", "draft"],
    };
    const listed = people.user_id.map((user_id, i) => ({
      ...{ user_id, value: people.value[i], status: people.status[i] },
    }));
    for (const better of [people, listed]) {
      const row = {
        ...{ prompt: "p", response_a: "x", response_b: "y", better, "better-suggestion": "response_b" },
        ...{ "better-suggestion-metadata": { agent: "m" }, external_id: "e1", metadata: "{}" },
      };
      const path = written("hub.jsonl", lines(row));
      const { said, notes } = await votesOf(path);
      expect(said).toEqual([["e1", "u1", "response_a>response_b"]]);
      expect(notes).toEqual(["1 answer was skipped, ignored, cancelled or not handed in: not counted"]);
      expect((await imported(path)).said).toEqual([["e1", "u1", "left"]]);
    }
  });
});

it("pairs and battles of nobody are refused by plumb aggregate with what to do", async () => {
  const hh = written(
    "hh.jsonl",
    lines({ chosen: "\n\nHuman: Hi\n\nAssistant: Yes", rejected: "\n\nHuman: Hi\n\nAssistant: No" }),
  );
  await expect(readVotes(hh)).rejects.toThrow(/names no raters.*plumb tasks import/);
  const battle = { id: "b", model_a: "m", model_b: "n", winner: "tie", evaluation_session_id: "s" };
  await expect(readVotes(written("battles.jsonl", lines(battle)))).rejects.toThrow(
    /a column judge \(evaluation_session_id/,
  );
});

/** Exports of services and tools that name a rater in each row, through both doors. */
import { describe, expect, it } from "vitest";
import { imported, lines, load, votesOf, written } from "../../../test/exports.js";
import { readVotes } from "../vote-file/index.js";

describe("Prodigy", () => {
  const at = 1_770_000_000;
  const task = (hash: number, annotator: string, rest: object) => ({
    ...{ text: `prompt ${hash}`, _input_hash: hash, _task_hash: hash, _view_id: "choice", _timestamp: at },
    ...{ _annotator_id: annotator, _session_id: annotator, answer: "accept", ...rest },
  });
  const labels = ["safe", "unsafe"].map((id) => ({ id, text: id }));
  const pair = (hash: number) => [
    { id: "A", text: `answer ${hash}.1` },
    { id: "B", text: `answer ${hash}.2` },
    { id: "tie", text: "Both are equally good" },
  ];

  it("the chosen option is the vote; ignored, rejected and empty answers are counted and left out", async () => {
    const path = written(
      "labels.jsonl",
      lines(
        task(1, "set-ada", { options: labels, accept: ["unsafe"] }),
        task(1, "set-bo", { options: labels, accept: ["safe"] }),
        task(2, "set-ada", { options: labels, accept: ["safe"], answer: "ignore" }),
        task(2, "set-bo", { options: labels, accept: [], answer: "reject" }),
        task(2, "set-cy", { options: labels, accept: [] }),
      ),
    );
    const { said, time, notes } = await votesOf(path);
    expect(said).toEqual([
      ["1", "set-ada", "unsafe"],
      ["1", "set-bo", "safe"],
    ]);
    expect([...(time ?? [])]).toEqual([at * 1000, at * 1000]);
    expect(notes).toEqual([
      "2 answers were skipped, ignored, cancelled or not handed in: not counted",
      "1 answer says nothing: not counted",
    ]);
  });

  it("options that are each task's own are responses, and those that all share are verdicts", async () => {
    const path = written(
      "pairs.jsonl",
      lines(
        task(-7, "ada", { options: pair(7), accept: ["B"] }),
        task(-7, "bo", { options: pair(7), accept: ["tie"] }),
        task(8, "ada", { options: pair(8), accept: ["A"] }),
      ),
    );
    expect((await votesOf(path)).said).toEqual([
      ["-7", "ada", "A<B"],
      ["-7", "bo", "A=B"],
      ["8", "ada", "A>B"],
    ]);
    const { items, said, source } = await imported(path);
    expect(source).toBe("prodigy");
    expect(said.map((one) => one[2])).toEqual(["right", "tie", "left"]);
    expect(items[0].content).toMatchObject({
      prompt: "prompt -7",
      responses: [{ text: "answer 7.1" }, { text: "answer 7.2" }],
    });
  });

  it("in binary interfaces accept and reject are the labels", async () => {
    const row = (annotator: string, answer: string) =>
      task(3, annotator, { _view_id: "classification", label: "INSULT", answer });
    const old = task(3, "d", { _view_id: undefined, label: "INSULT", spans: [] });
    const path = written(
      "binary.jsonl",
      lines(row("a", "accept"), row("b", "reject"), row("c", "ignore"), old),
    );
    expect((await votesOf(path)).said).toEqual([
      ["3", "a", "accept"],
      ["3", "b", "reject"],
      ["3", "d", "accept"],
    ]);
  });

  it("numbers as ids say nothing by themselves: the options' texts are the labels", async () => {
    const options = [
      { id: 1, text: "Positive" },
      { id: 0, text: "Negative" },
    ];
    const path = written("numbers.jsonl", lines(task(1, "a", { options, accept: [0] })));
    expect((await votesOf(path)).said).toEqual([["1", "a", "Negative"]]);
  });

  it("sessions that nobody named are said to be no people", async () => {
    const path = written(
      "dated.jsonl",
      lines(task(1, "set-2026-02-02_10-00-00", { options: labels, accept: ["safe"] })),
    );
    expect((await votesOf(path)).notes?.join()).toMatch(/1 answer names its session by its start/);
  });

  it.each([
    ["A/B comparisons", { mapping: { A: "x", B: "y" } }, /A\/B comparison.*item,rater,left,right,winner/],
    ["reviews", { versions: [] }, /a decision of Prodigy's review/],
    ["marks", { _view_id: "ner_manual", spans: [{ start: 0 }] }, /interface "ner_manual".*is no vote/],
    ["marks of an unknown interface", { _view_id: undefined, spans: [{ start: 0 }] }, /interface "unknown"/],
    [
      "answers of nobody",
      { _annotator_id: null, _session_id: null, options: labels, accept: ["safe"] },
      /nobody/,
    ],
    ["an option that is not offered", { options: labels, accept: ["neutral"] }, /not among the options/],
    ["several labels", { options: labels, accept: ["safe", "unsafe"] }, /has 2 labels \("safe", "unsafe"\)/],
    ["another answer", { options: labels, accept: ["safe"], answer: "maybe" }, /answer/],
  ])("%s are refused by row", async (_, rest, problem) => {
    const path = written("refused.jsonl", lines(task(1, "a", rest)));
    await expect(readVotes(path)).rejects.toThrow(problem);
    await expect(load(path)).rejects.toThrow(/line 1/);
  });
});

describe("Mechanical Turk", () => {
  const head = ["HITId", "AssignmentId", "WorkerId", "AssignmentStatus", "SubmitTime", "WorkTimeInSeconds"];
  const csv = (columns: string[], ...rows: string[][]) =>
    [[...head, ...columns, "Approve", "Reject"], ...rows]
      .map((cells) => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(","))
      .join("\n");
  const row = (hit: string, worker: string, cells: string[], status = "Approved", reject = "") => [
    ...[hit, `${hit}-${worker}`, worker, status, "Tue Mar 03 10:00:00 PST 2026", "42"],
    ...[...cells, "x", reject],
  ];

  it("answers count by HIT and worker, those that were rejected do not; times have their zone", async () => {
    const columns = ["Input.prompt", "Input.response_a", "Input.response_b", "Answer.better.label"];
    const shown = ["Why?", "Because.", "So."];
    const path = written(
      "batch.csv",
      csv(
        columns,
        row("H1", "W1", [...shown, "response_b"]),
        row("H1", "W2", [...shown, "A is better"], "Submitted"),
        row("H1", "W3", [...shown, "tie"], "Rejected"),
        row("H1", "W4", [...shown, "tie"], "Submitted", "did not read"),
        row("H2", "W1", ["Who?", "You.", "Me.", "{}"]),
      ),
    );
    const { said, time, notes } = await votesOf(path);
    expect(said).toEqual([
      ["H1", "W1", "response_a<response_b"],
      ["H1", "W2", "response_a>response_b"],
    ]);
    expect(time?.[0]).toBe(Date.UTC(2026, 2, 3, 18));
    expect(notes).toEqual([
      "2 answers were rejected by who asked for it: not counted",
      "1 answer says nothing: not counted",
    ]);
    const { said: votes, votes: whole, items } = await imported(path);
    expect(votes).toEqual([
      ["H1", "W1", "right"],
      ["H1", "W2", "left"],
    ]);
    expect(whole[0]).toMatchObject({ milliseconds: 42_000, castAt: Date.UTC(2026, 2, 3, 18) });
    expect(items.map(({ id }) => id)).toEqual(["H1", "H2"]);
  });

  it("options in columns of their own, and forms in one cell of JSON, are one question", async () => {
    const options = ["Input.text", "Answer.tone.rude", "Answer.tone.kind"];
    const path = written(
      "options.csv",
      csv(
        options,
        row("H1", "W1", ["t", "true", "false"]),
        row("H1", "W2", ["t", "false", "true"]),
        row("H1", "W3", ["t", "false", "false"]),
      ),
    );
    expect((await votesOf(path)).said).toEqual([
      ["H1", "W1", "rude"],
      ["H1", "W2", "kind"],
    ]);
    const box = written(
      "box.csv",
      csv(["Answer.sure.on"], row("H1", "W1", ["true"]), row("H1", "W2", ["false"])),
    );
    expect((await votesOf(box)).said.map((one) => one[2])).toEqual(["true", "false"]);
    const form = (answer: object) => JSON.stringify([answer]);
    const forms = written(
      "forms.csv",
      csv(
        ["Input.text", "Answer.taskAnswers"],
        row("H1", "W1", ["t", form({ tone: { rude: true, kind: false }, sure: "4" })]),
        row("H1", "W2", ["t", form({ tone: { label: "kind" }, sure: "5" })]),
      ),
    );
    expect((await votesOf(forms, "tone")).said.map((one) => one[2])).toEqual(["rude", "kind"]);
    expect((await votesOf(forms, "sure")).said.map((one) => one[2])).toEqual(["4", "5"]);
    await expect(readVotes(forms)).rejects.toThrow('judges several aspects: "tone", "sure"');
  });

  it("several ticked boxes, unknown states and times of unknown zones are refused by row", async () => {
    const columns = ["Input.text", "Answer.tone"];
    const refused = async (cells: string[][]) =>
      readVotes(written("bad.csv", csv(columns, ...cells))).catch((error: Error) => error.message);
    expect(await refused([row("H1", "W1", ["t", "rude|kind"])])).toMatch(/line 2.*has 2 labels/);
    expect(await refused([row("H1", "W1", ["t", "rude"], "Pending")])).toMatch(
      /"AssignmentStatus" is "Pending"/,
    );
    const other = row("H1", "W1", ["t", "rude"]).map((cell) => cell.replace("PST", "XST"));
    expect(await refused([other])).toMatch(/"SubmitTime".*is not a time/);
    expect(await refused([row("H1", "", ["t", "rude"])])).toMatch(/"WorkerId" is missing/);
  });
});

describe("Toloka", () => {
  const head = "INPUT:text\tOUTPUT:result\tGOLDEN:result\tHINT:text\tASSIGNMENT:worker_id";
  const tsv = (...rows: string[]) => `${head}\tASSIGNMENT:status\tASSIGNMENT:started\n${rows.join("\n")}\n`;
  const at = "2026-03-01T10:00:00.5";

  it("control tasks are gold and no votes, whoever answers; rejected and expired ones do not count", async () => {
    const path = written(
      "pool.tsv",
      tsv(
        `bad words\tunsafe\t\t\tw1\tAPPROVED\t${at}`,
        `bad words\tsafe\t\t\tw2\tSUBMITTED\t${at}`,
        "",
        `kind words\tunsafe\tsafe\thint\tw1\tAPPROVED\t${at}`,
        `bad words\tsafe\t\t\tw3\tREJECTED\t${at}`,
        `bad words\t\t\t\tw4\tEXPIRED\t${at}`,
      ),
    );
    const { said, notes, time } = await votesOf(path);
    expect(said).toEqual([
      ["bad words", "w1", "unsafe"],
      ["bad words", "w2", "safe"],
    ]);
    expect(time?.[0]).toBe(Date.UTC(2026, 2, 1, 10, 0, 0, 500));
    expect(notes?.join("\n")).toMatch(
      /3 times state no zone[\s\S]*1 answer was rejected[\s\S]*1 answer was skipped[\s\S]*1 vote is on an item whose right answer is known/,
    );
  });

  it("comparisons come in with their gold answer as the item's", async () => {
    const names = ["prompt", "response_a", "response_b"].map((name) => `INPUT:${name}`).join("\t");
    const path = written(
      "pairs.tsv",
      `${names}\tOUTPUT:result\tGOLDEN:result\tASSIGNMENT:worker_id\tASSIGNMENT:task_id\n` +
        "p\tx\ty\tresponse_b\t\tw1\tt1\np\tx\tz\tresponse_a\tresponse_b\tw1\tt2\n",
    );
    const { items, said } = await imported(path);
    expect(said).toEqual([
      ["t1", "w1", "right"],
      ["t2", "w1", "left"],
    ]);
    expect(items.map(({ gold }) => gold !== undefined)).toEqual([false, true]);
    expect((await votesOf(path)).said).toEqual([["t1", "w1", "response_a<response_b"]]);
  });

  it("unknown states and workers are refused by row", async () => {
    const bad = written("bad.tsv", tsv(`t\tsafe\t\t\t\tAPPROVED\t${at}`, `t\tsafe\t\t\tw\tDONE\t${at}`));
    await expect(readVotes(bad)).rejects.toThrow(
      /line 2: field "ASSIGNMENT:worker_id" is missing[\s\S]*line 3: field "ASSIGNMENT:status" is "DONE"/,
    );
  });
});

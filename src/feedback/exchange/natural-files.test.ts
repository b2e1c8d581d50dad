import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { PlumbError } from "../../base/errors.js";
import { TaskDefinition } from "../../votes/tasks/index.js";
import { checkItems, importSchema, importTasks } from "./index.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plumb-natural-"));
});

function written(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}
const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const load = (name: string, text: string, config: Record<string, unknown> = {}) =>
  importTasks([written(name, text)], importSchema.parse(config));
async function refusal(result: Promise<unknown>): Promise<string> {
  const error = await result.catch((e: unknown) => e);
  expect(error).toBeInstanceOf(PlumbError);
  return (error as PlumbError).message;
}
const as = (role: string, { columns }: { columns: readonly { name: string; role: string }[] }) =>
  columns.filter((column) => column.role === role).map(({ name }) => name);
const pairwise = TaskDefinition.parse({ kind: "pairwise" });
const check = (name: string, text: string, task = pairwise, roles = {}) =>
  checkItems(written(name, text), task, roles);

describe("columns of a table", () => {
  it("that name models are kept with the responses, and are none themselves", async () => {
    const tables = [
      "id,prompt,response_a,response_b,model_a,model_b\n7,p,X,Y,gpt-4,claude\n",
      "prompt,answer_1,answer_2,model_1,model_2\np,X,Y,gpt-4,claude\n",
      "prompt,model_a,response_a,model_b,response_b\np,gpt-4,X,claude,Y\n",
      "prompt,response_a,response_b,response_a_model,response_b_model\np,X,Y,gpt-4,claude\n",
      "prompt,chosen_text,rejected_text,source_1,source_2\np,X,Y,gpt-4,claude\n",
      "prompt,left,right,model_left,model_right\np,X,Y,gpt-4,claude\n",
      "prompt,response_a,response_b,model_2,model_1\np,X,Y,gpt-4,claude\n",
    ];
    for (const text of tables) {
      const loaded = await load("models.csv", text);
      const { items } = loaded;
      const { responses } = items[0].content;
      expect(
        responses.map(({ text: shown, source }) => [shown, source]),
        text,
      ).toEqual([
        ["X", "gpt-4"],
        ["Y", "claude"],
      ]);
      expect(as("source", loaded), text).toHaveLength(2);
      expect(items[0].task.kind).toBe("pairwise");
    }
    const one = await load("one.csv", "prompt,response,model\np,X,gpt-4\n");
    expect(one.items[0].content.responses).toEqual([{ name: "response", text: "X", source: "gpt-4" }]);
  });

  it("that could be several things are asked about, by what can be said", async () => {
    expect(await refusal(load("m.csv", "prompt,model_a,model_b\np,X,Y\n"))).toMatch(
      /"model_a", "model_b" may be responses or not/,
    );
    expect(await refusal(load("two.csv", "prompt,response_a,response_b,output\np,X,Y,Z\n"))).toMatch(
      /"response_a", "response_b", "output" may each be a response/,
    );
    expect(await refusal(load("in.csv", "instruction,input,output_1,output_2\np,q,X,Y\n"))).toMatch(
      /"instruction", "input" may each be the prompt, or parts of it/,
    );
    expect(await refusal(load("ours.csv", "prompt,gpt,ours\np,X,Y\n"))).toMatch(
      /"gpt", "ours" may be responses or not/,
    );
    const asked = await load("ours.csv", "prompt,gpt,ours\np,X,Y\n").catch((error: PlumbError) => error.hint);
    expect(asked).toMatch(/--columns "response_a=gpt,response_b=ours".*--kind demonstration/);
    const columns = ["response_b=gpt", "response_a=ours"];
    const turned = await load("ours.csv", "prompt,gpt,ours\np,X,Y\n", { columns });
    expect(turned.items[0].content.responses.map(({ text }) => text)).toEqual(["Y", "X"]);
    for (const [odd, says] of [
      ["answer=gpt", /expected ROLE=COLUMN/],
      ["gpt", /expected ROLE=COLUMN/],
      ["gold_a=gpt", /expected ROLE=COLUMN/],
      ["response=none", /there is no field "none"; the fields are "prompt", "gpt", "ours"/],
    ] as const)
      expect(await refusal(load("ours.csv", "prompt,gpt,ours\np,X,Y\n", { columns: [odd] })), odd).toMatch(
        says,
      );
    const said = await load("ours.csv", "prompt,gpt,ours\np,X,Y\n", { responseFields: ["gpt", "ours"] });
    expect(said.items[0].content.responses.map(({ text }) => text)).toEqual(["X", "Y"]);
    expect(as("prompt", said)).toEqual(["prompt"]);
    expect(as("response", said)).toEqual(["gpt", "ours"]);
    const wrote = await load("ours.csv", "prompt,gpt,ours\np,X,Y\n", { kind: "demonstration" });
    expect(wrote.items[0]).toMatchObject({
      task: { kind: "demonstration" },
      content: { meta: { gpt: "X" } },
    });
    const plain = await load("topics.csv", "id,prompt,category\n1,p,food\n");
    expect(plain.items[0].task.kind).toBe("demonstration");
    const { questions } = await check("ours.csv", "prompt,gpt,ours\np,X,Y\n");
    expect(questions).toEqual([{ about: "responses", columns: ["gpt", "ours"] }]);
    const roles = { gpt: "response", ours: "response" };
    expect((await check("ours.csv", "prompt,gpt,ours\np,X,Y\n", pairwise, roles)).problemCount).toBe(0);
  });

  it("may list responses, and a conversation may be the prompt", async () => {
    const turns = [{ role: "user", content: "Hi" }];
    const rows = [
      { prompt: "p", responses: ["X", "Y"] },
      {
        prompt: "p",
        answers: [
          { answer: "X", model: "gpt-4", rank: 2 },
          { answer: "Y", model: "claude", rank: 1 },
        ],
      },
      {
        instruction: "p",
        completions: [
          { response: "X", model: "m" },
          { response: "Y", model: "n" },
        ],
      },
      { messages: turns, response_a: "X", response_b: "Y" },
      {
        messages: turns,
        responses: [
          { id: "x", text: "X" },
          { id: "y", text: "Y" },
        ],
      },
    ];
    for (const row of rows) {
      const { items } = await load("listed.jsonl", lines(row));
      expect(items[0].content.responses.map(({ text }) => text)).toEqual(["X", "Y"]);
      expect(items[0].content.prompt).toEqual("messages" in row ? turns : "p");
    }
    const csv = `prompt,responses\n"[{""role"":""user"",""content"":""Hi""}]","[""X"",""Y""]"\n`;
    expect((await load("listed.csv", csv)).items[0].content).toMatchObject({
      ...{ prompt: turns, responses: [{ text: "X" }, { text: "Y" }] },
    });
    const ragged = lines({ prompt: "p", responses: ["X", "Y"] }, { prompt: "p", responses: "X" });
    expect(await refusal(load("ragged.jsonl", ragged))).toMatch(
      /line 2: field "responses" is not a list of texts/,
    );
    const late = lines(
      { prompt: "p", response_a: "X", response_b: "Y" },
      { prompt: "p", response_a: "X", response_b: "Y", response_c: "Z" },
    );
    expect(await refusal(load("late.jsonl", late))).toMatch(/line 1: field "response_c" is missing/);
    const ranked = {
      prompt: "p",
      completions: [
        { text: "X", rank: 1 },
        { text: "Y", rank: 2 },
      ],
    };
    expect((await load("ranked.jsonl", lines(ranked))).source).toBe("dataset");
    expect(
      (await load("alpaca.jsonl", lines({ instruction: "p", input: "q", output: "X" }))).items[0].content
        .prompt,
    ).toEqual([{ role: "user", content: "p\n\nq" }]);
  });
});

describe("a column gold", () => {
  const gold = async (cell: unknown, more: object = {}) => {
    const row = {
      prompt: "p",
      response_a: "X",
      response_b: "Y",
      model_a: "gpt-4",
      model_b: "claude",
      ...more,
    };
    const { items, problems } = await check("gold.jsonl", lines({ ...row, gold: cell }));
    return (
      problems[0]?.problem ??
      (items[0].gold as { aspects: Record<string, object> } | undefined)?.aspects.overall
    );
  };

  it("is taken in the shapes that it naturally has", async () => {
    for (const right of [
      "right",
      "b",
      "B",
      "response_b",
      "claude",
      "B is better",
      "A<B",
      { verdict: "right" },
      { aspects: { overall: "right" } },
    ])
      expect(await gold(right), JSON.stringify(right)).toEqual({ verdict: "right" });
    expect(await gold({ kind: "pairwise", aspects: { overall: { verdict: "right" } } })).toEqual({
      verdict: "right",
    });
    expect(await gold("tie")).toEqual({ verdict: "tie" });
    for (const none of ["", null]) expect(await gold(none)).toBeUndefined();
  });

  it("is refused where it is not understood, with what it says", async () => {
    for (const odd of ["maybe", "1", 1, true, "None", "c", { verdict: "up" }, ["left"], {}])
      expect(await gold(odd), JSON.stringify(odd)).toMatch(/^is .*expected left, right or tie/);
    expect(await gold({ kind: "safety", safe: true })).toMatch(/this project asks for pairwise/);
    const several = TaskDefinition.parse({ kind: "pairwise", aspects: ["helpful", "honest"] });
    const row = { prompt: "p", response_a: "X", response_b: "Y" };
    const { problems } = await check("g.jsonl", lines({ ...row, gold: "left" }), several);
    expect(problems[0]).toMatchObject({
      field: "gold",
      problem: expect.stringContaining("asks about helpful, honest"),
    });
    const both = { aspects: { helpful: "left", honest: "b" } };
    const { items } = await check("g.jsonl", lines({ ...row, gold: both }), several);
    expect(items[0].gold).toMatchObject({
      aspects: { helpful: { verdict: "left" }, honest: { verdict: "right" } },
    });
  });

  it("is about the response that it names, in whatever order responses are stored", async () => {
    const rows = Array.from({ length: 30 }, (_, i) => ({
      ...{ prompt: `p${i}`, chosen: `good ${i}`, rejected: `bad ${i}` },
      gold: i % 2 ? "chosen" : "right",
    }));
    const { items } = await load("shuffled.jsonl", lines(...rows));
    for (const [i, { content, gold: answer }] of items.entries()) {
      if (answer?.kind !== "pairwise") throw new Error("no gold");
      const place = answer.aspects.overall.verdict === "left" ? 0 : 1;
      expect(content.responses[place].text).toBe(i % 2 ? `good ${i}` : `bad ${i}`);
      expect(content.meta).toBeUndefined();
    }
    expect(new Set(items.map(({ content }) => content.responses[0].name)).size).toBe(2);
  });

  it("is read for other kinds of tasks, beside content, in tables of votes and in exports", async () => {
    const safety = TaskDefinition.parse({ kind: "safety" });
    const unsafe = await check("s.jsonl", lines({ prompt: "p", response: "X", gold: "unsafe" }), safety);
    expect(unsafe.items[0].gold).toMatchObject({ kind: "safety", safe: false });
    const ranking = TaskDefinition.parse({ kind: "ranking" });
    const ranked = lines({
      prompt: "p",
      responses: ["X", "Y", "Z"],
      gold: ["response-2", "response-3", "response-1"],
    });
    expect((await check("r.jsonl", ranked, ranking)).items[0].gold).toMatchObject({ ranks: [3, 1, 2] });
    const likert = TaskDefinition.parse({ kind: "likert" });
    const rated = await check("l.csv", "prompt,response,gold\np,X,4\n", likert);
    expect(rated.items[0].gold).toMatchObject({ ratings: [{ overall: 4 }] });
    const responses = ["a", "b"].map((name) => ({ name, text: name }));
    const own = lines({ content: { prompt: "p", responses }, gold: "b" });
    expect((await check("own.jsonl", own)).items[0].gold).toMatchObject({
      aspects: { overall: { verdict: "right" } },
    });
    const odd = await check("own.jsonl", lines({ content: { prompt: "p", responses }, gold: "perhaps" }));
    expect(odd.problems).toMatchObject([{ field: "gold" }]);
    const votes = "item,rater,left,right,winner,gold\nq,ada,A,B,left,right\nq,bo,A,B,left,right\n";
    expect((await load("v.csv", votes)).items[0].gold).toMatchObject({
      aspects: { overall: { verdict: "right" } },
    });
    expect(await refusal(load("v.csv", `${votes}q,cy,A,B,left,left\n`))).toMatch(
      /line 4: field "gold" is "left", and "right" before/,
    );
    const exported = [
      { id: 1, data: { prompt: "p", response_a: "x", response_b: "y", gold: "b" }, annotations: [] },
    ];
    expect((await load("ls.json", JSON.stringify(exported))).items[0].gold).toMatchObject({
      aspects: { overall: { verdict: "right" } },
    });
    exported[0].data.gold = "which";
    expect(await refusal(load("ls.json", JSON.stringify(exported)))).toMatch(/field "gold" is "which"/);
  });
});

describe("verdicts of exports", () => {
  const choice = (...labels: string[]) =>
    JSON.stringify(
      labels.map((label, id) => ({
        ...{ id, data: { prompt: "p", response_a: "x", response_b: "y", model_a: "m", model_b: "n" } },
        annotations: [
          {
            completed_by: 1,
            result: [{ from_name: "better", type: "choices", value: { choices: [label] } }],
          },
        ],
      })),
    );

  it("are read as they are meant, by models' names too, and refused with all rows otherwise", async () => {
    const { votes } = await load(
      "c.json",
      choice("A<B", "A is not as good as B", "m", "n > m", "A=B", "tie (bothbad)"),
    );
    expect(votes.map(({ answer }) => answer.kind === "pairwise" && answer.aspects.overall.verdict)).toEqual([
      ...["right", "right", "left", "right", "tie", "both-bad"],
    ]);
    const message = await refusal(
      load("c.json", choice("left", "-1", "B is not better", ...Array(30).fill("?"))),
    );
    expect(message).toMatch(/^32 rows are wrong; nothing was imported:/);
    expect(message).toContain('question "better" is "-1", which names neither side nor a tie');
    expect(message).toContain("and 12 more");
  });

  it("that are not understood in a CSV lose no votes silently", async () => {
    const head = "annotation_id,annotator,id,lead_time,prompt,answer1,answer2,better\n";
    const row = (n: number, label: string) => `${n},a,${n},1,Why?,Yes,No,${label}\n`;
    expect((await load("l.csv", head + row(1, "Answer 2"))).votes).toHaveLength(1);
    expect(await refusal(load("l.csv", head + row(1, "Answer 2") + row(2, "hm")))).toMatch(/line 3.*"hm"/);
    expect(await refusal(load("l.csv", head + row(1, "hm")))).toMatch(
      /no column holds answers that are understood/,
    );
  });
});

describe("tables of votes", () => {
  it("keep aspects, groups and times; a time without a zone is UTC, and said to be", async () => {
    const text =
      "item,rater,left,right,winner,aspect,group,time,milliseconds,note\n" +
      "q,ada,A,B,left,helpful,x,2026-03-29 01:30:00,900,n\nq,ada,A,B,B,honest,x,2026-03-29 01:30:00,900,n\n" +
      "q,bo,B,A,A>B,helpful,,2026-03-29T03:30:00+02:00,,n\nq,bo,B,A,tie,honest,,2026-03-29T03:30:00+02:00,,n\n";
    const loaded = await load("aspects.csv", text);
    const { votes, items, warnings } = loaded;
    expect(items[0].task.aspects).toEqual(["helpful", "honest"]);
    expect(votes).toMatchObject([
      { group: "x", castAt: Date.UTC(2026, 2, 29, 1, 30), milliseconds: 900 },
      {
        castAt: Date.UTC(2026, 2, 29, 1, 30),
        answer: { aspects: { helpful: { verdict: "left" }, honest: { verdict: "tie" } } },
      },
    ]);
    expect(warnings).toEqual(["1 time states no zone and was read as UTC"]);
    expect(as("ignored", loaded)).toEqual(["note"]);
    const seconds = text.replaceAll("2026-03-29 01:30:00", "1774747800");
    expect(await refusal(load("seconds.csv", seconds))).toMatch(
      /field "time" is "1774747800": looks like Unix seconds/,
    );
    expect(await refusal(load("odd.csv", text.replace("900", '"0,9"')))).toMatch(
      /field "milliseconds" is "0,9"/,
    );
  });

  it("take a rater for one, in both Unicode forms and with white space around the name, and say so", async () => {
    const head = "item,rater,left,right,winner\n";
    const { votes, warnings } = await load(
      "names.csv",
      `${head}p,Jos\u00e9,A,B,left\nq,Jose\u0301,A,B,left\nr,Jos\u00e9 ,A,B,right\n`,
    );
    expect(new Set(votes.map(({ rater }) => rater))).toEqual(new Set(["Jos\u00e9"]));
    expect(warnings).toEqual([
      expect.stringMatching(/^2 answers name a rater with white space .* the same rater$/),
    ]);
    const twice = `${head}q,Jos\u00e9,A,B,left\nq,Jose\u0301,A,B,right\n`;
    expect(await refusal(load("twice.csv", twice))).toMatch(/line 3.*has said something else of item "q"/);
    expect(await refusal(load("none.csv", `${head}q,\u00a0,A,B,left\n`))).toMatch(
      /"rater" is missing or empty/,
    );
    const day = `${head.trim()},time\nq,ada,A,B,left,45000\n`;
    expect(await refusal(load("day.csv", day))).toMatch(
      /line 2.*"time" is "45000": looks like a day as spreadsheets/,
    );
  });

  it("count a repeated vote once, and refuse a rater who contradicts itself", async () => {
    const rows = "item,rater,left,right,winner\nq,ada,A,B,left\nq,ada,B,A,right\n";
    const { votes, warnings } = await load("again.csv", rows);
    expect([votes.length, warnings]).toEqual([
      1,
      ["1 row repeats a vote of the same rater, which counts once"],
    ]);
    expect(await refusal(load("contra.csv", `${rows}q,ada,A,B,right\n`))).toMatch(
      /line 4: field "rater" has said something else/,
    );
  });

  it("of tools count what one person says twice once, refuse what contradicts itself, and tell nobody from nobody", async () => {
    const data = { prompt: "p", response_a: "x", response_b: "y" };
    const labelStudio = (...said: [number | null, string][]) =>
      JSON.stringify([
        {
          ...{ id: 1, data },
          annotations: said.map(([completed_by, choice]) => ({
            ...{ completed_by, was_cancelled: false },
            result: [{ from_name: "pref", type: "choices", value: { choices: [choice] } }],
          })),
        },
      ]);
    const argilla = (...said: [string | null, string][]) =>
      JSON.stringify([
        {
          ...{ id: "1", fields: data },
          responses: { pref: said.map(([user_id, value]) => ({ value, user_id, status: "submitted" })) },
        },
      ]);
    const once = "1 row repeats a vote of the same rater, which counts once";
    const nobody = "2 answers name nobody; each counts as somebody else's";
    for (const [name, file] of [
      ["ls", labelStudio],
      ["argilla", argilla],
    ] as const) {
      const one = 7 as never;
      const same = await load(`${name}-same.json`, file([one, "response_a"], [one, "response_a"]));
      expect([same.votes.length, same.warnings], name).toEqual([1, [once]]);
      const other = file([one, "response_a"], [one, "response_b"]);
      expect(await refusal(load(`${name}-other.json`, other)), name).toMatch(/leave the one that counts/);
      const unnamed = await load(`${name}-unnamed.json`, file([null, "response_a"], [null, "response_b"]));
      expect(new Set(unnamed.votes.map(({ rater }) => rater)).size, name).toBe(2);
      expect(unnamed.warnings, name).toEqual([nobody]);
    }
  });

  it("of arenas show texts with models hidden, and never models' names as texts", async () => {
    const head = "question_id,judge,model_a,model_b,winner";
    const { items, votes } = await load(
      "arena.csv",
      `${head},prompt,response_a,response_b\n1,j,gpt-4,claude,model_b,p,X,Y\n`,
    );
    expect(items[0].content).toMatchObject({
      prompt: "p",
      responses: [{ text: "X", source: "gpt-4" }, { text: "Y" }],
    });
    expect(votes[0].answer).toMatchObject({ aspects: { overall: { verdict: "right" } } });
    expect(await refusal(load("bare.csv", `${head}\n1,j,gpt-4,claude,model_b\n`))).toMatch(
      /no texts of theirs/,
    );
  });
});

it("what is taken but may not be meant is said with counts", async () => {
  const row = { prompt: "p", response_a: "X", response_b: "X" };
  const odd = { prompt: "caf\ufffd", response_a: "X", response_b: "Y" };
  const { warnings } = await load(
    "same.jsonl",
    lines(row, row, odd, { ...odd, response_a: "Y", response_b: "X" }),
  );
  expect(warnings).toEqual([
    "2 items show equal responses, between which nobody can choose",
    "2 items repeat the prompt and the responses of an earlier one",
    expect.stringMatching(/^2 items hold the character/),
  ]);
  expect((await check("same.jsonl", lines(row))).warnings).toHaveLength(1);
  const half = { prompt: [{ role: "user", content: "\ud83c" }], response_a: "X", response_b: "Y" };
  expect((await check("half.jsonl", lines(half))).warnings).toEqual([
    expect.stringMatching(/^1 item holds half a character/),
  ]);
  const unsafe = await load("unsafe.csv", "item,rater,label,response\n1,a,unsafe,X\n");
  expect(unsafe.warnings).toEqual(["1 unsafe vote names no category; S1 stands for it"]);
  expect((await load("fine.jsonl", lines({ ...row, response_b: "Y" }))).warnings).toEqual([]);
});

it("what was published with verdicts of nobody gives items, and its sources stay hidden", async () => {
  const shp = { history: "p", human_ref_A: "X", human_ref_B: "Y", labels: 1, score_A: 5, score_B: 2 };
  const loaded = await load("shp.jsonl", lines(shp));
  const { items } = loaded;
  expect(items[0].content.responses.map(({ text }) => text)).toEqual(["X", "Y"]);
  expect(as("metadata", loaded)).toEqual(["labels", "score_A", "score_B"]);
  const pku = {
    prompt: "p",
    response_0: "X",
    response_1: "Y",
    response_0_source: "m",
    response_1_source: "n",
    better_response_id: 1,
  };
  expect((await load("pku.jsonl", lines(pku))).items[0].content.responses).toMatchObject([
    { source: "m" },
    { source: "n" },
  ]);
});

it("long ids keep their digits, in JSON and in cells of JSON", async () => {
  const [first, second] = ["9007199254740993", "9007199254740992"];
  const task = (id: string) =>
    `{"id":${id},"data":{"prompt":"p","response_a":"x","response_b":"y"},"annotations":[{"completed_by":${id},"result":[{"from_name":"b","type":"pairwise","value":{"selected":"left"}}]}]}`;
  const { items, votes } = await load("ids.json", `[${task(first)},${task(second)}]`);
  expect(items.map(({ id }) => id)).toEqual([first, second]);
  expect(votes.map(({ rater }) => rater)).toEqual([first, second]);
});

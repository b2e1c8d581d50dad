import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { commands } from "../../src/cli/command-list.js";
import { runProgram } from "../../src/cli/program.js";
import { readVotes } from "../../src/votes/vote-file/read-votes.js";

let dir = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "votes-"));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(dir, { recursive: true });
});

const file = async (name: string, text: string | Uint8Array): Promise<string> => {
  await writeFile(join(dir, name), text);
  return join(dir, name);
};

describe("readVotes", () => {
  it("reads labels under crowd-kit's names too, gzipped and as JSONL", async () => {
    const ours = await readVotes(await file("a.csv", "item,rater,label\ni,r,yes\ni,s,no\n"));
    const theirs = await readVotes(
      await file("b.csv.gz", gzipSync("question,worker,answer\ni,r,yes\ni,s,no\n")),
    );
    const lines = '{"task":"i","worker":"r","label":"yes"}\n{"task":"i","worker":"s","label":"no"}\n';
    const jsonl = await readVotes(await file("c.jsonl", lines));
    expect(theirs).toEqual(ours);
    expect(jsonl).toEqual(ours);
    expect(ours.votes).toMatchObject({
      kind: "labels",
      labels: { items: ["i"], raters: ["r", "s"], labels: ["yes", "no"] },
    });
  });

  it("reads pairs: sides or names of winners, ties, strengths, groups and times", async () => {
    const text =
      "worker,left,right,label,strength,group,time,note\nr,a,b,left,3,x,2026-01-01T00:00:00Z,n\ns,b,a,a,1,y,1700000000000,n\nt,a,b,tie,,,1700000000001,n\n";
    const { votes, group, time, hasItems, ignoredColumns } = await readVotes(await file("p.csv", text));
    if (votes.kind !== "pairs") throw new Error("labels");
    expect([...votes.comparisons.outcome]).toEqual([1, 0.5 - 1 / 6, 0.5]);
    expect(group).toEqual(["x", "y", ""]);
    expect([...(time ?? [])]).toEqual([Date.UTC(2026, 0, 1), 1700000000000, 1700000000001]);
    expect(hasItems).toBe(false);
    expect(ignoredColumns).toEqual(["note"]);
  });

  it("names every bad row with line and field", async () => {
    const text =
      "item,rater,left,right,winner,strength\ni,,a,b,left,1\ni,r,a,a,left,1\ni,r,a,b,up,1\ni,r,a,b,left,-1\n";
    await expect(readVotes(await file("bad.csv", text))).rejects.toThrow(
      /4 bad rows:\n.*line 2, rater: .*\n.*line 3, right: .*\n.*line 4, winner: .*"up"\n.*line 5, strength: .*"-1"/,
    );
    const many = `item,rater,label\n${"i,,a\n".repeat(500)}`;
    await expect(readVotes(await file("many.csv", many))).rejects.toThrow(/500 bad rows[\s\S]*and 480 more$/);
  });

  it("goes on after rows whose quotes or cells are broken, and names those too", async () => {
    const text = 'item,rater,label\ni,r,a\ni,s,"a"b\ni,t\nj,,a\nj,s,a\nj,t,"a\n';
    await expect(readVotes(await file("broken.csv", text))).rejects.toThrow(
      /4 bad rows:\n.*line 3: text after the closing quote of cell 3\n.*line 4: has 2 cells; the header has 3\n.*line 5, rater: .*\n.*line 7: .*ends inside a quoted cell$/,
    );
    await expect(readVotes(await file("all.csv", "item,rater,label\ni\n"))).rejects.toThrow(
      "line 2: has 1 cells",
    );
    const lines = '{"item":"i","rater":"r","label":"a"}\n{"item":\n[]\n';
    await expect(readVotes(await file("broken.jsonl", lines))).rejects.toThrow(
      /2 bad rows:\n.*line 2: .*\n.*line 3: /,
    );
  });

  it("takes one aspect of several, and asks which", async () => {
    const text =
      "item,rater,left,right,winner,aspect\ni,r,a,b,left,helpful\ni,r,a,b,right,harmless\ni,s,a,b,tie,harmless\n";
    const path = await file("aspects.csv", text);
    const { votes } = await readVotes(path, { aspect: "harmless" });
    if (votes.kind !== "pairs") throw new Error("labels");
    expect([...votes.comparisons.outcome]).toEqual([0, 0.5]);
    await expect(readVotes(path)).rejects.toThrow('several aspects: "helpful", "harmless"');
    await expect(readVotes(path, { aspect: "honest" })).rejects.toThrow('no votes on the aspect "honest"');
    await expect(
      readVotes(await file("none.csv", "item,rater,label\ni,r,a\n"), { aspect: "honest" }),
    ).rejects.toMatchObject({ hint: "It has no column aspect." });
  });

  it("counts a repeated vote once and refuses a rater who contradicts itself", async () => {
    const repeated = await readVotes(await file("r.csv", "item,rater,label\ni,r,a\ni,r,a\nj,r,b\n"));
    expect(repeated.repeated).toBe(1);
    const labels = "item,rater,label\ni,r,a\nj,r,b\ni,r,b\n";
    await expect(readVotes(await file("c.csv", labels))).rejects.toThrow(
      'lines 2 and 4: rater "r" says "a" and "b" of the same item',
    );
    // The other way round the same word is the opposite, and the other word the same.
    const turned = await readVotes(
      await file("t.csv", "item,rater,left,right,winner\ni,r,a,b,left\ni,r,b,a,right\n"),
    );
    expect(turned.repeated).toBe(1);
    const pairs = "item,rater,left,right,winner\ni,r,a,b,left\ni,r,b,a,left\n";
    await expect(readVotes(await file("d.csv", pairs))).rejects.toThrow("of the same pair");
  });

  it("reads semicolons, and verdicts in words and signs with what they say of strength", async () => {
    const labels = await readVotes(await file("s.csv", "item;rater;label\n1;a;yes\n1;b;no\n"));
    expect(labels.votes).toMatchObject({ kind: "labels", labels: { labels: ["yes", "no"] } });
    const rows = ["A>B", "B is slightly better", "B is not as good as A", "tie (bothbad)", "right", "x"];
    const text = `item,rater,left,right,winner\n${rows.map((row, i) => `${i},r,x,y,${row}`).join("\n")}\n`;
    const { votes } = await readVotes(await file("words.csv", text));
    if (votes.kind !== "pairs") throw new Error("labels");
    expect([...votes.comparisons.outcome]).toEqual([1, 0.5 - 1 / 6, 1, 0.5, 0, 1]);
    const odd = ["-1", "1", "B is not better", "maybe", "None"];
    const bad = `item,rater,left,right,winner\n${odd.map((row, i) => `${i},r,x,y,${row}`).join("\n")}\n`;
    await expect(readVotes(await file("odd.csv", bad))).rejects.toThrow(/5 bad rows/);
    // A candidate that is called as a side is makes the word mean two things.
    const called = "item,rater,left,right,winner\n1,r,tie,left,left\n";
    await expect(readVotes(await file("called.csv", called))).rejects.toThrow(/line 2, winner/);
  });

  it("takes rows without an item as battles, in which a rater compares the same two again", async () => {
    const rows =
      "gpt-4,claude,model_a\ngpt-4,claude,model_b\nclaude,gpt-4,model_b\ngpt-4,claude,tie (bothbad)\n";
    const arena = `model_a,model_b,winner,judge\n${rows.replaceAll("\n", ",j\n")}`;
    const read = await readVotes(await file("arena.csv", arena));
    if (read.votes.kind !== "pairs") throw new Error("labels");
    expect([...read.votes.comparisons.outcome]).toEqual([1, 0, 0, 0.5]);
    expect(read).toMatchObject({ hasItems: false, repeated: 0, battles: 3 });
    expect(read.notes).toEqual([
      expect.stringContaining("3 rows in which a rater compares the same two again"),
    ]);
    const { status, stdout } = await plumb("aggregate", await file("a.csv", arena), "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "pairs",
      votes: 4,
      candidates: 2,
      raters: 1,
      repeated: 0,
    });
    expect(JSON.parse(stdout).agreement.percent).toBeNull();
  });

  it("says what a file leaves open: zones, missing values", async () => {
    const text =
      "item,rater,label,time\n1,a,NaN,2026-03-29 01:30:00\n1,b,None,2026-03-29T01:30:00Z\n2,nan,x,1774747800005\n";
    const { time, notes } = await readVotes(await file("open.csv", text));
    expect([...(time ?? [])]).toEqual([
      Date.UTC(2026, 2, 29, 1, 30),
      Date.UTC(2026, 2, 29, 1, 30),
      1774747800005,
    ]);
    expect(notes).toEqual([
      "1 time without a zone is read as UTC",
      expect.stringMatching(/^1 vote has the label "NaN", as pandas/),
      expect.stringMatching(/^1 vote has the label "None"/),
      expect.stringMatching(/^1 vote has the rater "nan"/),
    ]);
    const { stderr } = await plumb("agreement", join(dir, "open.csv"));
    expect(stderr).toContain('the label "NaN"');
  });

  it("takes a rater for one, in both Unicode forms and with white space around the name, and says so", async () => {
    const rows = ["Jos\u00e9", "Jose\u0301", "Jos\u00e9 ", "\u00a0Jos\u00e9", "jos\u00e9"];
    const text = `item,rater,label\n${rows.map((rater, i) => `${i},${rater},x`).join("\n")}\n`;
    const { votes, notes } = await readVotes(await file("names.csv", text));
    expect(votes.kind === "labels" && votes.labels.raters).toEqual(["Jos\u00e9", "jos\u00e9"]);
    expect(notes).toEqual([
      expect.stringMatching(/^3 votes name their raters with white space .* the same rater$/),
      'the raters "Jos\u00e9" and "jos\u00e9" differ by letter case, white space or Unicode form alone, and count as two',
    ]);
    const twice = `item,rater,label\n1,Jos\u00e9,x\n1,Jose\u0301,y\n`;
    await expect(readVotes(await file("twice.csv", twice))).rejects.toThrow(
      /lines 2 and 3: rater "Jos\u00e9" says "x" and "y"/,
    );
  });

  it.each([
    [
      "Unix seconds",
      "item,rater,label,time\n1,a,x,1774747800\n",
      /line 2, time: "1774747800" looks like Unix seconds/,
    ],
    [
      "a spreadsheet's day",
      "item,rater,label,time\n1,a,x,2026-03-29T01:30:00Z\n1,b,x,45000\n",
      /line 3, time: "45000" looks like a day as spreadsheets count them \(2023-03-15\); expected a time such as/,
    ],
    [
      "a number that is no time",
      "item,rater,label,time\n1,a,x,7\n",
      /line 2, time: "7" would be in 1970 as Unix milliseconds; expected a time such as .*, from 2000 on/,
    ],
    [
      "a name of white space",
      "item,rater,label\n1,\u00a0,x\n",
      /line 2, rater: expected a name, and not only white space/,
    ],
    [
      "a date of two meanings",
      "item,rater,label,time\n1,a,x,03/04/2026\n",
      /line 2, time: "03\/04\/2026" is not/,
    ],
    [
      "a decimal comma",
      "item;rater;left;right;winner;strength\n1;a;x;y;x;1,5\n",
      /strength: .*decimal point and no commas/,
    ],
    [
      "an id that a spreadsheet rounded",
      "item,rater,label\n9.00720E+15,a,x\n",
      /line 2, item: expected a name with all/,
    ],
  ])("refuses %s by name", async (_, text, problem) => {
    await expect(readVotes(await file("refused.csv", text))).rejects.toThrow(problem);
  });

  it("keeps the digits of long ids", async () => {
    const lines = ["9007199254740993", "9007199254740992"].map(
      (id) => `{"item":${id},"rater":"r","label":"a"}\n`,
    );
    const { votes } = await readVotes(await file("long.jsonl", lines.join("")));
    expect(votes).toMatchObject({ labels: { items: ["9007199254740993", "9007199254740992"] } });
    const rounded = await file("rounded.jsonl", '{"item":9.007199254740993e15,"rater":"r","label":"a"}\n');
    await expect(readVotes(rounded)).rejects.toThrow(/item: expected a name with all its digits/);
  });

  it("says which column is missing, and what a near one may have meant", async () => {
    await expect(readVotes(await file("m.csv", "item,ratr,label\ni,r,a\n"))).rejects.toMatchObject({
      message: expect.stringContaining('no column rater; its columns are "item", "ratr", "label"'),
      hint: expect.stringContaining('Is "ratr" meant?'),
    });
    await expect(readVotes(await file("e.csv", "item,rater,label\n"))).rejects.toThrow("holds no votes");
  });
});

/** Runs `plumb <args>`. */
async function plumb(...args: string[]) {
  let stdout = "";
  let stderr = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    stdout += text;
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    stderr += text;
    return true;
  });
  const status = await runProgram(args, commands, "0.0.0");
  vi.restoreAllMocks();
  return { status, stdout, stderr };
}

describe("plumb aggregate", () => {
  const labels = 'item,rater,label\ni,r,a\ni,s,a\ni,t,b\n"x,""y",r,b\n"x,""y",s,b\n';

  it("writes labels and raters, and a summary", async () => {
    const votes = await file("v.csv", labels);
    const out = join(dir, "out");
    const { status, stdout } = await plumb(
      "aggregate",
      "--votes",
      votes,
      "--out",
      out,
      "--method",
      "majority",
      "--json",
    );
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      kind: "labels",
      votes: 5,
      items: 2,
      labels: 2,
      raters: 3,
      flagged: [],
    });
    expect(JSON.parse(stdout).agreement.percent.estimate).toBeCloseTo(0.5, 12);
    expect((await readdir(out)).sort()).toEqual(["labels.csv", "raters.csv"]);
    expect(await readFile(join(out, "labels.csv"), "utf8")).toBe(
      'item,label,probability,review\ni,a,0.666667,\n"x,""y",b,1,\n',
    );
    const raters = await readFile(join(out, "raters.csv"), "utf8");
    expect(raters).toMatch(/^rater,votes,skill,low,high,flags\nr,2,[\d.]+,[\d.]+,[\d.]+,\ns,2,/);
  });

  it("writes preferences and scores", async () => {
    const votes = await file(
      "p.csv",
      "item,rater,left,right,winner\n1,r,a,b,left\n1,s,b,a,right\n2,r,c,d,tie\n",
    );
    const out = join(dir, "out");
    expect((await plumb("aggregate", votes, "--out", out)).status).toBe(0);
    const lines = (await readFile(join(out, "preferences.jsonl"), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ item: "1", left: "a", right: "b", votes: 2 });
    expect(lines[0].probability).toBeGreaterThan(0.6);
    expect(lines[0].noise).toBeCloseTo(Math.min(0.4, 1 - lines[0].probability), 6);
    expect(lines[1]).toMatchObject({ item: "2", left: "c", noise: 0.4, votes: 1 });
    expect(lines[1].probability).toBeCloseTo(0.5, 1);
    // A response is its item's own, and has no score.
    await expect(readFile(join(out, "scores.csv"), "utf8")).rejects.toThrow("ENOENT");
    const battles = await file("b.csv", "rater,left,right,winner\nr,a,b,left\ns,b,a,right\n");
    expect((await plumb("aggregate", battles, "--out", out)).status).toBe(0);
    expect(await readFile(join(out, "scores.csv"), "utf8")).toMatch(
      /^candidate,score,low,high\na,[\d.]+,-[\d.]+,[\d.]+\nb,-/,
    );
  });

  it("writes nothing on bad input, and leaves what was there", async () => {
    const out = join(dir, "out");
    await plumb("aggregate", await file("v.csv", labels), "--out", out);
    const before = await readFile(join(out, "labels.csv"), "utf8");
    const { status, stderr } = await plumb(
      "aggregate",
      await file("bad.csv", `${labels}i,r,c\n`),
      "--out",
      out,
    );
    expect(status).toBe(1);
    expect(stderr).toContain('says "a" and "c"');
    expect(await readFile(join(out, "labels.csv"), "utf8")).toBe(before);
    const wrong = await plumb("aggregate", await file("w.csv", labels), "--method", "crowd-bt");
    expect([wrong.status, wrong.stderr.includes("is not for labels")]).toEqual([1, true]);
  });

  it("tells people who is flagged and why", async () => {
    const rows = Array.from({ length: 60 }, (_, i) =>
      ["r", "s", "t", "u"].map((rater) => `${i},${rater},${rater === "u" ? 1 - (i % 2) : i % 2}`),
    ).flat();
    const { stdout } = await plumb(
      "aggregate",
      await file("f.csv", `item,rater,label\n${rows.join("\n")}\n`),
    );
    expect(stdout).toMatch(/1 of 4 raters are flagged:[\s\S]*u +60 .*contrary/);
    expect(stdout).toContain("Nothing was written");
  });
});

it("plumb agreement prints measures with intervals", async () => {
  const votes = await file(
    "v.csv",
    "item,rater,label\ni,r,1\ni,s,1\nj,r,2\nj,s,2\nk,r,1\nk,s,2\nl,r,3\nl,s,3\n",
  );
  const { stdout } = await plumb("agreement", "--votes", votes, "--json");
  const { alpha, cohen, percent, votes: count } = JSON.parse(stdout);
  expect(count).toBe(8);
  expect(percent.estimate).toBe(0.75);
  expect(cohen.estimate).toBeCloseTo((0.75 - 5 / 16) / (1 - 5 / 16), 9);
  expect(alpha.interval.estimate).toBeGreaterThan(alpha.nominal.estimate);
  expect((await plumb("agreement", votes)).stdout).toContain("Krippendorff's alpha, ordinal");
});

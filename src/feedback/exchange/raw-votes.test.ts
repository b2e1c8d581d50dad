import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { collection, judge, pair, verdict } from "../../../test/collection.js";
import { onBothEngines } from "../../../test/databases.js";
import { readVotes, type VoteFile } from "../../votes/vote-file/index.js";
import { projectVotes } from "../analysis/index.js";
import {
  correctVote,
  decideReview,
  exportVotes,
  holdVotes,
  listReviews,
  loadProject,
  openStore,
  setMemberState,
} from "../store/index.js";
import { exportFiles, fileExportSchema, readCastVotes, readTaskItems } from "./index.js";

/** The votes of a file by what they say, without the names of items and responses. */
function said({ votes }: VoteFile) {
  if (votes.kind !== "pairs") throw new Error("labels");
  const { item, rater, outcome, raters, left, right } = votes.comparisons;
  return Array.from(item, (_, v) => [raters[rater[v]], left[v] < right[v], outcome[v]].join(" ")).sort();
}

onBothEngines(({ fresh, dir }) => {
  it("raw votes have the marks that decide whether they count, and come back as they went out", async () => {
    const { location, keyFile } = await fresh();
    const store = await openStore(location, { keyFile });
    const gold = { ...pair(9), gold: verdict("right") };
    const { project, raters } = await collection(store, { items: 3, raters: 4, more: [gold] });
    const [first, second] = [
      await judge(store, project.id, raters[0]),
      await judge(store, project.id, raters[1]),
    ];
    await judge(store, project.id, raters[2], verdict("right"));
    await judge(store, project.id, raters[3]);
    await correctVote(store, { vote: first.id, rater: raters[0], answer: verdict("tie") });
    await holdVotes(store, project.id, [{ vote: second.id, filter: "too-fast", evidence: {} }], "system");
    const [review] = await listReviews(store, project.id);
    await decideReview(store, review.id, { state: "rejected" }, "system");
    const excluded = { project: project.id, rater: raters[3], state: "excluded", reason: "copies" } as const;
    await setMemberState(store, excluded, "system");

    const votes: object[] = [];
    for await (const vote of exportVotes(store, project.id)) votes.push(vote);
    const marks = (votes as { rater: string; gold: boolean; review?: string; excluded: boolean }[]).map(
      ({ rater, review: state, excluded }) => [raters.indexOf(rater), state, excluded],
    );
    expect(marks).toEqual([
      [0, undefined, false],
      [1, "rejected", false],
      [2, undefined, false],
      [3, undefined, true],
      [0, undefined, false],
    ]);
    const file = join(dir(), "votes.jsonl");
    writeFileSync(file, votes.map((vote) => `${JSON.stringify(vote)}\n`).join(""));
    const data = await loadProject(store.db, project.id);
    expect(said(await readVotes(file))).toEqual(said(projectVotes(data)));
    await expect(readVotes(file, { aspect: "honest" })).rejects.toThrow('no votes on the aspect "honest"');

    const [itemsOut, votesOut] = ["items.jsonl", "out.jsonl"].map((name) => join(dir(), name));
    const written = await exportFiles(
      fileExportSchema.parse({ project: project.id, db: location, itemsOut, votesOut }),
    );
    expect(written).toEqual({ counts: { items: 4, votes: 5 }, review: [] });
    expect(readFileSync(votesOut, "utf8")).toBe(readFileSync(file, "utf8"));
    const items = await readTaskItems(itemsOut);
    expect(items.filter((item) => item.gold !== undefined)).toHaveLength(1);
    expect(await readCastVotes(votesOut, items)).toEqual(votes);
    const preferences = async (from: object) => {
      const out = join(dir(), "preferences.jsonl");
      await exportFiles(fileExportSchema.parse({ ...from, preferences: out }));
      return readFileSync(out, "utf8");
    };
    expect(await preferences({ items: itemsOut, votes: votesOut })).toBe(
      await preferences({ project: project.id, db: location }),
    );
    await store.close();
  });

  it("raw votes that are none are named by line and field", async () => {
    const vote = { id: "v", item: "i", rater: "r", order: [0, 1], castAt: 1, guidelinesVersion: 1 };
    const answer = { kind: "pairwise", aspects: { overall: { verdict: "left" } } };
    const file = join(dir(), "bad.jsonl");
    const write = (...rows: object[]) =>
      writeFileSync(file, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
    write(
      { ...vote, answer },
      { ...vote, answer: { kind: "pairwise" } },
      { ...vote, answer, review: "perhaps" },
    );
    await expect(readVotes(file)).rejects.toThrow(/2 bad rows:\n.*line 2, answer.*\n.*line 3, review: /);
    write({ ...vote, answer }, { ...vote, id: "w", answer, order: [0] });
    await expect(readVotes(file)).rejects.toThrow(/line 2, order: another number/);
    write({ ...vote, answer }, { ...vote, id: "w", answer: { kind: "safety", safe: true } });
    await expect(readVotes(file)).rejects.toThrow(/answers of several kinds: pairwise, safety/);
    write({ ...vote, answer, gold: true });
    await expect(readVotes(file)).rejects.toThrow(/no votes that count/);
    write({ ...vote, order: [], answer: { kind: "demonstration", text: "x" } });
    await expect(readVotes(file)).rejects.toThrow(/nothing to count/);
  });
});

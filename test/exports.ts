/** Reads a file of votes through both doors, plumb aggregate (readVotes) and plumb tasks import, as short lists. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importSchema, importTasks } from "../src/feedback/exchange/index.js";
import { readVotes } from "../src/votes/vote-file/index.js";

const dir = mkdtempSync(join(tmpdir(), "plumb-exports-"));
/** A file of this text, in a folder of its own. */
export function written(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}
export const lines = (...rows: unknown[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
export const load = (path: string) => importTasks([path], importSchema.parse({}));

/** Votes as [item, rater, label], or [item, rater, better, worse] with = between equals. */
export async function votesOf(path: string, aspect?: string) {
  const file = await readVotes(path, { aspect });
  if (file.votes.kind === "labels") {
    const { items, raters, labels, item, rater, label } = file.votes.labels;
    return { ...file, said: [...item].map((i, v) => [items[i], raters[rater[v]], labels[label[v]]]) };
  }
  const { items, raters, candidates, item, rater, left, right, outcome } = file.votes.comparisons;
  const sign = (value: number) => (value === 0.5 ? "=" : value > 0.5 ? ">" : "<");
  return {
    ...file,
    said: [...item].map((i, v) => [
      ...[items[i], raters[rater[v]]],
      `${candidates[left[v]]}${sign(outcome[v])}${candidates[right[v]]}`,
    ]),
  };
}
export const imported = async (path: string) => {
  const { items, votes, warnings, source } = await load(path);
  const said = votes.map(({ item, rater, answer }) => [
    ...[item, rater],
    answer.kind === "pairwise"
      ? Object.values(answer.aspects)
          .map(({ verdict }) => verdict)
          .join()
      : answer.kind === "likert"
        ? JSON.stringify(answer.ratings)
        : answer.kind === "safety"
          ? answer.safe
          : answer.kind,
  ]);
  return { items, votes, warnings, source, said };
};

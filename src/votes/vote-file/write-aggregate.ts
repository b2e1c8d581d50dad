import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFolderAtomically } from "../../artifacts/atomic.js";
import type { LabelAggregate, PreferenceAggregate, RaterReport } from "../aggregate/index.js";

/** Rows joined into one write. */
const CHUNK = 4096;

/** Writes labels.csv and raters.csv. The folder is created as a whole or not at all. */
export async function writeLabels(dir: string, { items, raters }: LabelAggregate): Promise<void> {
  await writeFolderAtomically(dir, async (folder) => {
    await writeCsv(join(folder, "labels.csv"), ["item", "label", "probability", "review"], items, (row) => [
      row.item,
      row.label,
      rounded(row.probability),
      row.review ?? "",
    ]);
    await writeRaters(folder, raters);
  });
}

/**
 * Writes preferences.jsonl, raters.csv, and scores.csv where candidates have scores. @param withItems whether each
 * preference names its item.
 */
export async function writePreferences(
  dir: string,
  { preferences, scores, raters }: PreferenceAggregate,
  withItems: boolean,
): Promise<void> {
  await writeFolderAtomically(dir, async (folder) => {
    const lines = chunked(preferences, ({ item, left, right, probability, noise, votes, review }) =>
      JSON.stringify({
        ...(withItems ? { item } : {}),
        left,
        right,
        probability: rounded(probability),
        noise: rounded(noise),
        votes,
        ...(review !== undefined && { review }),
      }),
    );
    await writeFile(join(folder, "preferences.jsonl"), lines);
    if (scores.length > 0)
      await writeCsv(join(folder, "scores.csv"), ["candidate", "score", "low", "high"], scores, (row) => [
        row.candidate,
        rounded(row.score),
        rounded(row.low),
        rounded(row.high),
      ]);
    await writeRaters(folder, raters);
  });
}

/** Writes raters.csv, with flags joined by semicolons. */
function writeRaters(folder: string, raters: readonly RaterReport[]): Promise<void> {
  return writeCsv(
    join(folder, "raters.csv"),
    ["rater", "votes", "skill", "low", "high", "flags"],
    raters,
    ({ rater, votes, skill, flags }) => [
      rater,
      votes,
      rounded(skill.estimate),
      rounded(skill.low),
      rounded(skill.high),
      flags.map(({ kind }) => kind).join(";"),
    ],
  );
}

async function writeCsv<T>(
  path: string,
  header: readonly string[],
  rows: readonly T[],
  cells: (row: T) => (string | number)[],
): Promise<void> {
  const line = (row: T) => cells(row).map(csvCell).join(",");
  await writeFile(path, chunked(rows, line, `${header.join(",")}\n`));
}

function* chunked<T>(rows: readonly T[], line: (row: T) => string, head = ""): Generator<string> {
  if (head !== "") yield head;
  for (let at = 0; at < rows.length; at += CHUNK)
    yield `${rows
      .slice(at, at + CHUNK)
      .map(line)
      .join("\n")}\n`;
}

const csvCell = (cell: string | number): string => {
  const text = String(cell);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Rounds to six decimal places, which is more than the precision of these estimates. */
const rounded = (value: number): number => Number(value.toFixed(6));

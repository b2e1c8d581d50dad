import { nearestName, PlumbError } from "../../base/errors.js";
import { SECONDS_COLUMN } from "../exports/index.js";

/** The fields of a vote file, and the names that their columns may have, including crowd-kit's and the arenas'. */
const NAMES = {
  item: ["item", "task", "question", "question_id"],
  rater: ["rater", "worker", "annotator", "judge"],
  label: ["label", "answer"],
  left: ["left", "model_a"],
  right: ["right", "model_b"],
  winner: ["winner", "label", "answer"],
  strength: ["strength"],
  turn: ["turn"],
  aspect: ["aspect"],
  group: ["group"],
  time: ["time", SECONDS_COLUMN],
  topic: ["topic"],
  milliseconds: ["milliseconds"],
} as const;
export type VoteField = keyof typeof NAMES;

export interface VoteColumns {
  kind: "labels" | "pairs";
  /** Name of the column for each field that the file has. */
  name: Partial<Record<VoteField, string>>;
  /** Columns that are not read. */
  ignored: string[];
}

const EXPECTED =
  "Expected the columns item,rater,label, or item,rater,left,right,winner; aspect, strength, group, topic, time and milliseconds may follow.";

/** Finds the column of each field. @throws PlumbError naming a missing column. */
export function voteColumns(file: string, columns: readonly string[]): VoteColumns {
  const find = (field: VoteField) => NAMES[field].find((name) => columns.includes(name));
  const kind = find("left") !== undefined || find("right") !== undefined ? "pairs" : "labels";
  const needed: VoteField[] =
    kind === "pairs" ? ["rater", "left", "right", "winner"] : ["item", "rater", "label"];
  const optional: VoteField[] = [
    "item",
    "turn",
    "aspect",
    "strength",
    "group",
    "topic",
    "time",
    "milliseconds",
  ];
  const name = Object.fromEntries([...needed, ...optional].map((field) => [field, find(field)]));
  const missing = needed.find((field) => name[field] === undefined);
  if (missing !== undefined) {
    const near = nearestName(missing, columns);
    throw new PlumbError(
      `${file} has no column ${missing}; its columns are ${columns.slice(0, 12).map(quoted).join(", ") || "none"}`,
      { hint: (near === undefined ? "" : `Is ${quoted(near)} meant? `) + EXPECTED },
    );
  }
  const used = new Set<string | undefined>(Object.values(name));
  return { kind, name, ignored: columns.filter((column) => !used.has(column)) };
}

const quoted = (name: string): string => JSON.stringify(name.slice(0, 60));

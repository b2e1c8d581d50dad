/** What is said of columns and keys that nothing reads: refused where the result would be another, else counted. */
import { rowError } from "../base/location.js";
import { type CheckedRow, FORMATS } from "./formats.js";
import { displayName } from "./read-lines.js";
import { isNothing } from "./unread-keys.js";

/** Columns that belong to a prompt, or that its text depends on. */
const OF_PROMPTS = [
  ...["prompt", "instruction", "input", "question", "conversations", "messages", "system", "system_prompt"],
  ...["history", "tools", "functions", "chat_template", "chat_template_kwargs", "documents"],
  ...["image", "images", "video", "videos", "audio", "audios"],
];
/** Columns that say what is learned, or how much. */
const OF_ANSWERS = [
  ...["completion", "completions", "output", "chosen", "rejected", "chosen_response", "rejected_response"],
  ...["preferred_output", "non_preferred_output", "margin", "noise", "weight", "kto_tag", "text"],
  ...["train_on_input", "train_on_inputs", "train_on_prompt", "loss_mask", "assistant_masks", "instances"],
];
/** Keys of a turn that change what it says or whether it is learned. */
const OF_TURNS = [
  ...["train_detail", "refusal", "audio", "image", "images", "video", "videos", "prefix", "prefill", "loss"],
  ...["loss_mask", "mask", "masked", "reasoning", "documents", "citations", "custom_system_prompt", "weight"],
  ...[
    "train",
    "training",
    "tool_calls",
    "function_call",
    "reasoning_content",
    "thinking",
    "tool_call_id",
    "tools",
  ],
];

/** Why a column is not read, where there is more to say. */
const REASONS: Record<string, string> = {
  train_detail: "parts of a turn cannot be left out of the loss, only whole turns (train, weight)",
  reasoning: 'call it "reasoning_content" or "thinking", as the chat template does',
  chat_template_kwargs: "variables of the template are settings of a run, not of a row",
  weight: "rows of demonstrations have no weights; repeat or leave out rows, or give a turn weight 0",
};

/**
 * Refuses a row that holds what the reader does not read and what would change the result. A column whose texts all
 * stand in the columns that are read (the messages beside a prompt and both answers) is a copy, and changes nothing.
 *
 * @param purpose of prompts, what an answer says or weighs does not matter. @throws RowError
 */
export function refuseUnread(row: CheckedRow, purpose: "prompts" | "answers"): void {
  if (row.unread.length === 0) return;
  const matters = purpose === "prompts" ? OF_PROMPTS : [...OF_PROMPTS, ...OF_ANSWERS];
  let texts: Set<string> | undefined;
  for (const name of row.unread) {
    const inTurn = name.includes("[]") || name.startsWith("input.");
    const key = name.slice(name.lastIndexOf(".") + 1);
    // A column of the format that is not read here stands twice (prompt-columns.ts).
    if (name in FORMATS[row.format].shape) continue;
    if (!(inTurn ? OF_TURNS : matters).includes(key)) continue;
    if (!inTurn) {
      texts ??= new Set(textsIn(row.fields));
      if (isCopy(row.meta?.[name], texts)) continue;
    }
    const why = REASONS[key];
    throw rowError(
      row.where,
      `field "${name}" is not read in the ${row.format} format, and leaving it out would change what is learned${why === undefined ? "" : `: ${why}`}`,
      inTurn
        ? "Remove it if it means nothing."
        : `Rename or remove the column if it means nothing. Read here: ${Object.keys(FORMATS[row.format].shape).join(", ")}.`,
    );
  }
}

/** Whether a value says only what is read anyway: some of its texts, or a text that holds all of them. */
function isCopy(value: unknown, texts: ReadonlySet<string>): boolean {
  const own = textsIn(value);
  if (own.length > 0 && own.every((text) => texts.has(text))) return true;
  return typeof value === "string" && texts.size > 0 && [...texts].every((text) => value.includes(text));
}

/** All texts in a value, without the space around them and without names of roles. */
function textsIn(value: unknown): string[] {
  if (typeof value === "string") return value.trim() === "" ? [] : [value.trim()];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "role" || key === "from" ? [] : textsIn(inner),
  );
}

/** Counts, over the rows of files, the columns and keys that are not read. */
export class UnreadCount {
  private readonly counts = new Map<string, number>();
  private rows = 0;
  private last = { file: "", number: 0 };

  /**
   * Counts a row of a file, whose rows come in order; one that comes again, as a file is read twice, counts once.
   *
   * @param given columns of the row that are handed on as they are, and so count as read.
   */
  add(
    { unread, where }: Pick<CheckedRow, "unread" | "where">,
    given: Readonly<Record<string, unknown>> = {},
  ): void {
    if (where.file === this.last.file && where.number <= this.last.number) return;
    this.last = where;
    this.rows++;
    for (const name of unread)
      if (!Object.hasOwn(given, name)) this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** `not read: "id" (20 of 20 rows), "source" (3 of 20 rows)`; undefined if everything is read. */
  private sentence(): string | undefined {
    if (this.counts.size === 0) return undefined;
    const all = [...this.counts].sort((a, b) => b[1] - a[1]);
    const listed = all
      .slice(0, MAX_NAMED)
      .map(([name, count]) => `"${name}" (${count} of ${this.rows} rows)`);
    const more = all.length > MAX_NAMED ? ` and ${all.length - MAX_NAMED} more` : "";
    return `not read: ${listed.join(", ")}${more}`;
  }

  /** Says what is not read of a file, if anything. @param warn receives the message. */
  report(file: string, warn: (message: string) => void): void {
    const sentence = this.sentence();
    if (sentence !== undefined) warn(`${displayName(file)}: ${sentence}`);
  }

  /** The names, those in most rows first. */
  entries(): { name: string; rows: number }[] {
    return [...this.counts].sort((a, b) => b[1] - a[1]).map(([name, rows]) => ({ name, rows }));
  }
}

const MAX_NAMED = 12;

/** The names of a row's columns that hold something and are none of those that are read. */
export const unreadBeside = (value: Readonly<Record<string, unknown>>, read: readonly string[]): string[] =>
  Object.keys(value).filter((name) => !read.includes(name) && !isNothing(value[name]));

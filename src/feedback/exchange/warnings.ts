/** Sentences, with counts, about what an import takes but its user may not have meant. */
import { createHash } from "node:crypto";
import { said, type Tally, tallyNotes } from "../../votes/exports/index.js";
import type { ItemContent, TaskItem } from "../../votes/tasks/index.js";

/** The character that readers put where text was not in the encoding that they expected. */
const REPLACEMENT = "\ufffd";
const LONE_SURROGATE = /\p{Surrogate}/u;

export function importWarnings(
  items: readonly Pick<TaskItem, "content">[],
  tallies: ReadonlyMap<Tally, number>,
): string[] {
  const seen = new Set<string>();
  let [equal, repeated, replaced, halves] = [0, 0, 0, 0];
  for (const { content } of items) {
    const texts = content.responses.map(({ text }) => text);
    if (new Set(texts).size < texts.length) equal++;
    const digest = contentDigest(content);
    if (seen.has(digest)) repeated++;
    seen.add(digest);
    const prompt =
      typeof content.prompt === "string" ? [content.prompt] : content.prompt.map((turn) => turn.content);
    const all = [...prompt, ...texts];
    if (all.some((text) => text.includes(REPLACEMENT))) replaced++;
    if (all.some((text) => LONE_SURROGATE.test(text))) halves++;
  }
  return [
    ...said(equal, "item", "shows", "show", "equal responses, between which nobody can choose"),
    ...said(repeated, "item", "repeats", "repeat", "the prompt and the responses of an earlier one"),
    ...said(replaced, "item", "holds", "hold", `the character ${REPLACEMENT}: was the file saved as UTF-8?`),
    ...said(
      halves,
      "item",
      "holds",
      "hold",
      `half a character (a lone surrogate), which files show as ${REPLACEMENT}`,
    ),
    ...tallyNotes(tallies),
  ];
}

/** What columns of published comparisons are called that say which response was found better. */
const VERDICT_COLUMN =
  /^(?:winner.*|.*_winner|(?:better|safer|preferred|chosen|best)(?:_.*)?|preferences?(?:_(?:strength|label|score))?|overall_preference|verdict|choice|labels?)$/i;

/** A sentence about columns that may hold verdicts and are kept unread, as a vote needs a rater. */
export function unreadVerdicts(columns: readonly string[]): string[] {
  const found = columns.filter((name) => VERDICT_COLUMN.test(name)).map((name) => JSON.stringify(name));
  return found.length === 0
    ? []
    : [
        `${found.join(", ")} may say which response was better; ${found.length === 1 ? "it is" : "they are"} kept with the items and not read as votes, which are rows item,rater,left,right,winner`,
      ];
}

/** A digest of what raters are shown: the same for the same prompt and responses in any order. */
export function contentDigest({ prompt, responses }: Pick<ItemContent, "prompt" | "responses">): string {
  const texts = responses.map(({ text }) => text).sort();
  return createHash("sha256")
    .update(JSON.stringify([prompt, texts]))
    .digest("base64");
}

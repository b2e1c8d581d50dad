import { hashName } from "../../base/random.js";
import type { ItemContent } from "../../votes/tasks/index.js";
import { diverse, selectionValue } from "./selection.js";

/** Number of features that the words of a prompt are hashed into. */
const FEATURES = 64;
/** Most characters of a prompt that are read. */
const MAX_CHARACTERS = 20_000;

/**
 * Selects items that are valuable and ask different things. The value is the information gain if every item has an
 * ensemble's scores, else the uncertainty if every item has scores, else the same for all. Differences are measured
 * between the words of the prompts.
 *
 * @returns indices of up to `count` items; the first should be asked first.
 */
export function diverseItems(contents: readonly ItemContent[], count: number): number[] {
  if (contents.length === 0) return [];
  const values =
    valuesBy("information-gain", contents) ?? valuesBy("uncertainty", contents) ?? contents.map(() => 1);
  return diverse(values, contents.map(wordFeatures), count);
}

function valuesBy(
  selection: "information-gain" | "uncertainty",
  contents: readonly ItemContent[],
): number[] | undefined {
  const values = contents.map((content) => selectionValue(selection, content));
  return values.every((value) => value !== undefined) ? (values as number[]) : undefined;
}

/** Hashed counts of a prompt's words, normalised to length 1, [FEATURES]. */
function wordFeatures({ prompt }: ItemContent): Float64Array {
  const text = typeof prompt === "string" ? prompt : prompt.map(({ content }) => content).join(" ");
  const features = new Float64Array(FEATURES);
  for (const [word] of text
    .slice(0, MAX_CHARACTERS)
    .toLowerCase()
    .matchAll(/[\p{L}\p{N}]+/gu))
    features[hashName(word) % FEATURES]++;
  const length = Math.hypot(...features);
  return length === 0 ? features : features.map((value) => value / length);
}

import { hashName } from "../../base/random.js";
import type { ItemContent } from "../tasks/index.js";
import { diverse, selectionValue } from "./selection.js";

/** Words of a prompt fall into so many features. */
const FEATURES = 64;
/** Characters of a prompt that are read. */
const MAX_CHARACTERS = 20_000;

/**
 * Items that are worth most and ask different things: the value is the information gain where every item has an ensemble's scores,
 * else the uncertainty where every item has scores, else the same for all; differences are those of the prompts' words.
 *
 * @returns indices of `count` items, the first to ask first.
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

/** Hashed counts of a prompt's words, of length 1. */
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

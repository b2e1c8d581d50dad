import type { Preference } from "../../votes/tasks/index.js";

const SIDES: Readonly<Record<string, "left" | "right">> = {
  ...{ left: "left", a: "left", "1": "left", first: "left", one: "left", chosen: "left" },
  ...{ right: "right", b: "right", "2": "right", second: "right", two: "right", rejected: "right" },
};
const TIES = new Set([
  "tie",
  "tied",
  "equal",
  "equally",
  "same",
  "draw",
  "neutral",
  "similar",
  "indifferent",
]);
const STRENGTHS: Readonly<Record<string, number>> = {
  ...{ slightly: 1, marginally: 1, little: 1, much: 3, far: 3, significantly: 3, clearly: 3, strongly: 3 },
};
/** Most words of a label that are read. */
const MAX_WORDS = 20;

/**
 * Interprets the label of a comparison, such as "left", "response_b", "A is much better", "tie" or "both bad". The
 * first side named is preferred; "worse" reverses that. Undefined if the label names neither a side nor a tie.
 *
 * @param names the names of the two responses, which labels may use.
 */
export function verdictOf(label: string, names: readonly string[]): Preference | undefined {
  const plain = label.trim().toLowerCase();
  const named = names.findIndex((name) => name.toLowerCase() === plain);
  if (named >= 0) return { verdict: named === 0 ? "left" : "right" };
  const words = plain.split(/[^a-z0-9]+/, MAX_WORDS).flatMap(withoutNumber);
  const has = (...some: string[]) => some.some((word) => words.includes(word));
  if (has("neither", "none") || (has("both") && has("bad", "poor", "wrong", "unacceptable")))
    return { verdict: "both-bad" };
  if (
    words.some((word) => TIES.has(word)) ||
    (has("no") && has("preference", "difference")) ||
    (has("both") && has("good"))
  )
    return { verdict: "tie" };
  const side = words
    .map((word) => (Object.hasOwn(SIDES, word) ? SIDES[word] : undefined))
    .find((found) => found !== undefined);
  if (side === undefined) return undefined;
  const verdict = has("worse") ? (side === "left" ? "right" : "left") : side;
  const strength = words
    .map((word) => (Object.hasOwn(STRENGTHS, word) ? STRENGTHS[word] : undefined))
    .find((found) => found !== undefined);
  return { verdict, ...(strength !== undefined && { strength }) };
}

/** Splits "response2" into "response" and "2". */
const withoutNumber = (word: string): string[] => {
  const parts = /^([a-z]+)(\d{1,2})$/.exec(word);
  return parts ? [parts[1], parts[2]] : [word];
};

const SAFE = new Set(["safe", "harmless", "acceptable", "not harmful"]);
const UNSAFE = new Set(["unsafe", "harmful", "not safe", "unacceptable"]);

/** Whether labels call a response safe; undefined if they say neither safe nor unsafe. */
export function safetyOf(labels: readonly string[]): boolean | undefined {
  const plain = labels.map((label) => label.trim().toLowerCase());
  if (plain.some((label) => UNSAFE.has(label))) return false;
  return plain.length > 0 && plain.every((label) => SAFE.has(label)) ? true : undefined;
}

import type { Weights } from "../network.js";
import { outputsAndInputs } from "../weight-names.js";

/**
 * Whether it suffices that these products of an 8-bit base round activations to 16 bits: always the first of a list by
 * cost, and as few as possible. Each call measures, which takes seconds.
 */
type Suffice = (first: readonly string[]) => Promise<boolean>;

/** Rounding an input to 16 bits instead of 8 takes as long as this many further columns of the product. */
const ROUNDING_COLUMNS = 1024;

/**
 * The products' weights, ordered by the cost of their rounding relative to the time that 16-bit activations take; the
 * largest ratio comes first.
 * @param costs of each weight's product, in any unit. @param base holds the weights' shapes.
 */
export function byCost(costs: ReadonlyMap<string, number>, base: Weights): string[] {
  const worth = (name: string): number => {
    const [columns, rows] = outputsAndInputs(name, base.get(name)?.shape ?? []);
    return (costs.get(name) ?? 0) / (rows * (columns + ROUNDING_COLUMNS));
  };
  return [...costs.keys()].sort((a, b) => worth(b) - worth(a));
}

/** Most products beyond the fewest that suffice, as a share of all. */
const PRECISION = 1 / 32;

/**
 * The fewest of the first names that suffice, within the precision, found by bisection; all names if even they do not
 * suffice.
 */
export async function fewestInt16(names: readonly string[], suffice: Suffice): Promise<string[]> {
  if (await suffice([])) return [];
  let [tooFew, enough] = [0, names.length];
  while (enough - tooFew > Math.max(1, PRECISION * names.length)) {
    const middle = Math.floor((tooFew + enough) / 2);
    if (await suffice(names.slice(0, middle))) enough = middle;
    else tooFew = middle;
  }
  return names.slice(0, enough);
}

/** Factor by which the number of names grows in each attempt. */
const MORE = 1.5;

/**
 * Extends the first names by half, repeatedly, until they suffice. If even all names would not suffice, returns those
 * given.
 */
export async function moreInt16(
  names: readonly string[],
  int16: readonly string[],
  suffice: Suffice,
): Promise<string[]> {
  if (int16.length === names.length || (await suffice(int16)) || !(await suffice(names))) return [...int16];
  let more = int16;
  do more = names.slice(0, Math.ceil(MORE * (more.length + 1)));
  while (more.length < names.length && !(await suffice(more)));
  return [...more];
}

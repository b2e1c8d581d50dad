/** Sweeps: a few of the cases by default, all of them under PLUMB_FULL=1 (`npm run check:full`). */
import { RandomStream } from "../src/base/random.js";

/** Whether sweeps go over all of their cases. */
export const FULL = process.env.PLUMB_FULL === "1";

/**
 * The cases of a sweep, in their order: all of them under PLUMB_FULL=1, else as many as `count`, the same ones each
 * time.
 *
 * @param name names the draw. @param always cases that are always among them.
 */
export function spread<T>(name: string, cases: readonly T[], count: number, always: readonly T[] = []): T[] {
  if (FULL || count >= cases.length) return [...cases];
  const others = cases.filter((one) => !always.includes(one));
  const drawn = new RandomStream(1, `test/spread/${name}`).shuffled(others).slice(0, count - always.length);
  return cases.filter((one) => always.includes(one) || drawn.includes(one));
}

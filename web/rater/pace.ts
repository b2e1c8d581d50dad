/** Detects a rater who answers faster than anyone can read, or has worked long without a break. */

/** Words per second that nobody can read, even when skimming (quick readers skim 10 to 12). */
const WORDS_A_SECOND = 25;
const MIN_MILLISECONDS = 700;
/** The warning appears when at least FAST of the last OF_LAST verdicts were too fast. */
const [FAST, OF_LAST] = [3, 5];
/** Verdicts between two warnings. */
const QUIET_FOR = 10;
/** Working time after which a break is suggested, and the pause between two verdicts that counts as a break. */
const WORK_MILLISECONDS = 45 * 60_000;
const BREAK_MILLISECONDS = 5 * 60_000;

export interface Pace {
  recent: boolean[];
  sinceWarning: number;
  workSince: number;
  last: number;
}

export const startPace = (now: number): Pace => ({
  recent: [],
  sinceWarning: QUIET_FOR,
  workSince: now,
  last: now,
});

/**
 * Updates the pace after a verdict.
 *
 * @param words number of words in the item.
 * @returns the new pace, and a warning if any.
 */
export function paced(
  pace: Pace,
  { words, milliseconds, now }: { words: number; milliseconds: number; now: number },
): { pace: Pace; say?: "too-fast" | "break" } {
  const fast = milliseconds < Math.max(MIN_MILLISECONDS, (1000 * words) / WORDS_A_SECOND);
  const recent = [...pace.recent, fast].slice(-OF_LAST);
  const workSince = now - pace.last >= BREAK_MILLISECONDS ? now : pace.workSince;
  const next = { recent, sinceWarning: pace.sinceWarning + 1, workSince, last: now };
  if (now - workSince >= WORK_MILLISECONDS) return { pace: { ...next, workSince: now }, say: "break" };
  if (recent.filter(Boolean).length >= FAST && next.sinceWarning > QUIET_FOR)
    return { pace: { ...next, recent: [], sinceWarning: 0 }, say: "too-fast" };
  return { pace: next };
}

export function countWords(texts: readonly string[]): number {
  let words = 0;
  for (const text of texts) {
    let inside = false;
    for (let i = 0; i < text.length; i++) {
      const blank = text.charCodeAt(i) <= 32;
      if (!blank && !inside) words++;
      inside = !blank;
    }
  }
  return words;
}

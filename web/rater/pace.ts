/** Whether a rater is quicker than one can read, or has worked for long without a break. */

/** Words in a second that nobody reads, even skimming (quick readers skim 10 to 12). */
const WORDS_A_SECOND = 25;
const MIN_MILLISECONDS = 700;
/** So many of the last verdicts were too fast: then it is said. */
const [FAST, OF_LAST] = [3, 5];
/** Verdicts between two warnings. */
const QUIET_FOR = 10;
/** Time of work after which a break is proposed; a pause this long between two verdicts is one. */
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

/** After a verdict on so many words. @returns the new pace, and what to say. */
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

/** Sentences about what a file of votes leaves open. */
import { countOf } from "../../base/format.js";

/** Texts that pandas and R write for a missing value. */
const ABSENT = new Set(["nan", "none", "null", "<na>", "na", "n/a", "nat", "undefined"]);

export const utcNote = (times: number): string =>
  `${countOf(times, "time")} without a zone ${times === 1 ? "is" : "are"} read as UTC`;

export const respelledNote = (votes: number): string =>
  `${countOf(votes, "vote")} ${votes === 1 ? "names its rater" : "name their raters"} with white space around the name or in decomposed letters (Unicode NFD): whoever is called the same without them is the same rater`;

export const battlesNote = (battles: number): string =>
  `there is no column item: ${countOf(battles, "row")} in which a rater compares the same two again ${battles === 1 ? "counts" : "count"} as battles of their own`;

/** Whether a text is how pandas or R write a missing value. */
export const isAbsent = (name: string): boolean => ABSENT.has(name.trim().toLowerCase());

/** A note for each name that looks like a missing value. @param votes the index of each vote's name, [V]. */
export function absentNotes(votes: ArrayLike<number>, names: readonly string[], what: string): string[] {
  return names.flatMap((name, index) => {
    if (!isAbsent(name)) return [];
    let count = 0;
    for (let v = 0; v < votes.length; v++) if (votes[v] === index) count++;
    return count === 0
      ? []
      : [
          `${countOf(count, "vote")} ${count === 1 ? "has" : "have"} the ${what} ${JSON.stringify(name)}, as pandas writes a missing value: it counts as a ${what}; remove those rows if nothing was said`,
        ];
  });
}

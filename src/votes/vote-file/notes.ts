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
const isAbsent = (name: string): boolean => ABSENT.has(name.trim().toLowerCase());

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

/** Names whose form is their own in every way that is looked at: no spaces at the ends, no capitals, ASCII. */
const PLAIN_NAME = /^[!-@[-~](?:[ -@[-~]*[!-@[-~])?$/;
/** Most notes about names that look the same. */
const MAX_SIMILAR = 5;

/** Notes on names that differ by letter case, white space or Unicode form alone, and count as different ones. */
export function similarNotes(names: readonly string[], what: string): string[] {
  const forms = new Map<string, string>();
  const odd = names.filter((name) => !PLAIN_NAME.test(name));
  if (odd.length === 0) return [];
  const plainForms = new Set(odd.map(formOf));
  const similar: [string, string][] = [];
  for (const name of names) {
    const form = formOf(name);
    if (!plainForms.has(form)) continue;
    const before = forms.get(form);
    if (before === undefined) forms.set(form, name);
    else similar.push([before, name]);
  }
  const shown = (name: string) => JSON.stringify(name.slice(0, 60));
  return [
    ...similar
      .slice(0, MAX_SIMILAR)
      .map(
        ([a, b]) =>
          `the ${what}s ${shown(a)} and ${shown(b)} differ by letter case, white space or Unicode form alone, and count as two`,
      ),
    ...(similar.length > MAX_SIMILAR
      ? [`and ${similar.length - MAX_SIMILAR} more ${what}s differ so from others`]
      : []),
  ];
}

const formOf = (name: string): string =>
  PLAIN_NAME.test(name) ? name : name.normalize("NFKC").trim().replace(/\s+/g, " ").toLowerCase();

/** Notes on labels that are made of other labels of the file, as where several are written into one cell. */
export function joinedNotes(labels: readonly string[]): string[] {
  const known = new Set(labels);
  const joined = labels.filter((label) => {
    const parts = label.split(/[|;,#]/).map((part) => part.trim());
    return parts.length > 1 && parts.every((part) => known.has(part));
  });
  return joined
    .slice(0, MAX_SIMILAR)
    .map(
      (label) =>
        `the label ${JSON.stringify(label.slice(0, 60))} is made of others, and counts as one of its own: a vote is one label`,
    );
}

/** Sentences, with counts, about what a file of votes leaves open and what of it does not count. */
import { countOf } from "../../base/format.js";
import type { Tally } from "./problems.js";
import { UNNAMED_CATEGORY } from "./safety-words.js";

/** Verbs for one and several, and what follows them. */
const SENTENCES: Readonly<Record<Tally, readonly [noun: string, one: string, many: string, rest: string]>> = {
  repeatedVote: ["row", "repeats", "repeat", "a vote of the same rater, which counts once"],
  assumedUtc: ["time", "states", "state", "no zone and was read as UTC"],
  unnamedRater: ["answer", "names", "name", "nobody; each counts as somebody else's"],
  respelledRater: [
    ...(["answer", "names", "name"] as const),
    "a rater with white space around the name or in decomposed letters (Unicode NFD): whoever is called the same without them is the same rater",
  ],
  unnamedCategory: ["unsafe vote", "names", "name", `no category; ${UNNAMED_CATEGORY} stands for it`],
  rejectedAnswer: ["answer", "was", "were", "rejected by who asked for it: not counted"],
  skippedAnswer: ["answer", "was", "were", "skipped, ignored, cancelled or not handed in: not counted"],
  blankAnswer: ["answer", "says", "say", "nothing: not counted"],
  machineAnswer: ["answer", "is", "are", "a machine's: not counted"],
  goldVote: ["vote", "is", "are", "on an item whose right answer is known (gold): not counted"],
  datedSession: [
    ...(["answer", "names", "name"] as const),
    "its session by its start instead of a person: whoever started twice counts as two raters; name sessions (?session=) or write _annotator_id",
  ],
};

/** What was counted, each as a sentence, in a fixed order. */
export const tallyNotes = (tallies: ReadonlyMap<Tally, number>): string[] =>
  (Object.keys(SENTENCES) as Tally[]).flatMap((tally) => said(tallies.get(tally) ?? 0, ...SENTENCES[tally]));

/** A sentence about a number of things; none if there are none. */
export const said = (count: number, noun: string, one: string, many: string, rest: string): string[] =>
  count === 0 ? [] : [`${countOf(count, noun)} ${count === 1 ? one : many} ${rest}`];

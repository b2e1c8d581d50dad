/**
 * Finds rationales and demonstrations with almost the same text. If several raters wrote a text, the earliest writer is
 * not a copier unless the text occurs under many of that rater's items; all other writers are. A rater with many copies
 * is held; one with few gets a warning, because people do choose the same words by chance. One rater's own text under
 * many items is a warning. Short texts ("A is clearer") are common and are not compared.
 */
import { groupBy } from "../../base/group-by.js";
import type { CastVote } from "../tasks/index.js";
import { type Finding, raterFinding } from "./finding.js";
import { normalized, similarTexts } from "./similar-texts.js";
import type { JudgedItem } from "./votes.js";

/** Most items under which one rater may write the same text. */
const OWN_USES = 2;
/** Least number of items with copies for which a rater is held. */
const HELD_COPIES = 3;

/**
 * @param similarity least Jaccard similarity of shingles. @param leastCharacters shorter texts, in letters and digits,
 * are not compared.
 */
export function copiedText(
  judged: readonly JudgedItem[],
  { similarity, leastCharacters }: { similarity: number; leastCharacters: number },
): Finding[] {
  const written = judged.flatMap(({ vote }) =>
    [vote.answer.rationale, vote.answer.kind === "demonstration" ? vote.answer.text : undefined]
      .filter((text) => text !== undefined && normalized(text).length >= leastCharacters)
      .map((text) => ({ vote, text: text as string })),
  );
  const texts = written.map(({ text }) => text);
  const groups = similarTexts(texts, similarity).map((group) => group.map((i) => written[i].vote));
  const copies: { vote: CastVote; from: string }[] = [];
  const own: CastVote[][] = [];
  for (const votes of groups) {
    const [{ rater: first }] = votes;
    const raters = groupBy(votes, ({ rater }) => rater);
    for (const [rater, wrote] of raters) {
      const often = groupBy(wrote, ({ item }) => item).size > OWN_USES;
      if (raters.size === 1) {
        if (often) own.push(wrote);
      } else if (rater !== first || often) {
        const from = [...raters.keys()].find((other) => other !== rater) as string;
        copies.push(...wrote.map((vote) => ({ vote, from })));
      }
    }
  }
  return [...copyFindings(copies, similarity), ...own.map(ownFinding)];
}

function copyFindings(copies: readonly { vote: CastVote; from: string }[], similarity: number): Finding[] {
  return [...groupBy(copies, ({ vote }) => vote.rater)].map(([rater, found]) => {
    const votes = [...new Set(found.map(({ vote }) => vote))];
    const others = new Set(found.map(({ from }) => from));
    const items = groupBy(votes, ({ item }) => item).size;
    return raterFinding(
      "copied-text",
      items >= HELD_COPIES ? "hold" : "warn",
      rater,
      votes,
      `${rater} wrote under ${items} items what ${found[0].from}${others.size > 1 ? ` and ${others.size - 1} others` : ""} wrote too (similarity of at least ${similarity})`,
      { votes: votes.length, items, others: others.size },
    );
  });
}

function ownFinding(votes: readonly CastVote[]): Finding {
  const [{ rater }] = votes;
  const items = groupBy(votes, ({ item }) => item).size;
  const figures = { votes: votes.length, items };
  return raterFinding(
    "copied-text",
    "warn",
    rater,
    votes,
    `${rater} wrote the same under ${items} items`,
    figures,
  );
}

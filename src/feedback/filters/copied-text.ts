/**
 * Rationales and demonstrations that are almost the same text. Between raters the earliest stands and the others are held; one
 * rater's own text under many items is a warning. Short texts ("A is clearer") are everyone's and are not compared.
 */
import { type Finding, percent } from "./finding.js";
import { normalized, similarTexts } from "./similar-texts.js";
import { groupBy, type JudgedItem } from "./votes.js";

/** Items under which one rater may write the same. */
const OWN_USES = 2;

/** @param similarity least Jaccard similarity of shingles. @param leastCharacters letters and digits that make a text telling. */
export function copiedText(
  judged: readonly JudgedItem[],
  { similarity, leastCharacters }: { similarity: number; leastCharacters: number },
): Finding[] {
  const written = judged.flatMap((one) =>
    [one.vote.answer.rationale, one.vote.answer.kind === "demonstration" ? one.vote.answer.text : undefined]
      .filter((text) => text !== undefined && normalized(text).length >= leastCharacters)
      .map((text) => ({ ...one, text: text as string })),
  );
  const groups = similarTexts(
    written.map(({ text }) => text),
    similarity,
  );
  return groups.flatMap((group): Finding[] => {
    const votes = group.map((i) => written[i].vote);
    const [{ rater: first, item }] = votes;
    const others = votes.filter(({ rater }) => rater !== first);
    if (others.length > 0) {
      const raters = [...new Set(others.map(({ rater }) => rater))];
      return [
        {
          filter: "copied-text",
          severity: "hold",
          votes: others.map(({ id }) => id),
          raters,
          items: [...new Set(others.map(({ item }) => item))],
          evidence: `${raters.join(", ")} wrote in ${others.length} votes what ${first} wrote before under item ${item} (similarity of at least ${percent(similarity)})`,
          figures: { votes: others.length, raters: raters.length },
        },
      ];
    }
    const uses = groupBy(votes, ({ item }) => item).size;
    if (uses <= OWN_USES) return [];
    return [
      {
        filter: "copied-text",
        severity: "warn",
        votes: votes.map(({ id }) => id),
        raters: [first],
        items: [...new Set(votes.map(({ item }) => item))],
        evidence: `${first} wrote the same under ${uses} items (similarity of at least ${percent(similarity)})`,
        figures: { votes: votes.length, items: uses },
      },
    ];
  });
}

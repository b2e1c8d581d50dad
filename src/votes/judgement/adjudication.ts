/** Leads' verdicts in results: what a lead decided of an item is its result, whatever its votes come to. */
import type { Answer } from "../tasks/index.js";
import type { QuestionAggregate } from "./aggregate-question.js";
import type { Judgement } from "./judgement.js";
import { labelsOf, pairsOf } from "./questions.js";

type Decided = Judgement["item"] & { adjudicated: Answer };

/** The items among judgements that a lead decided; gold ones have no results. */
export function decidedItems(judgements: readonly Judgement[]): Map<string, Decided> {
  const decided = new Map<string, Decided>();
  for (const { item } of judgements)
    if (item.adjudicated !== undefined && item.gold === undefined) decided.set(item.id, item as Decided);
  return decided;
}

/**
 * An aggregate in which leads' verdicts stand in place of what the votes came to: sure, without noise, and with nothing
 * to review. A verdict that finds neither side better leaves a probability of 1/2. Raters' reports and scores stay those
 * of the votes.
 *
 * @param judgements all of the project, whether they count or not: their items have the verdicts.
 */
export function withVerdicts(
  made: QuestionAggregate,
  judgements: readonly Judgement[],
  aspect: string,
): QuestionAggregate {
  const decided = decidedItems(judgements);
  if (decided.size === 0) return made;
  const said = [...decided.values()].map((item) => ({
    item,
    verdict: { item: item.id, rater: "", answer: item.adjudicated },
  }));
  if (made.kind === "pairs") {
    const { preferences } = made.aggregate;
    const votes = new Map(preferences.map((one) => [pairKey(one), one.votes]));
    const own = said.flatMap(({ item, verdict }) =>
      pairsOf(verdict, aspect, item).map(({ left, right, outcome }) => ({
        item: item.id,
        left,
        right,
        noise: 0,
        adjudicated: true as const,
        probability: outcome > 0.5 ? 1 : outcome < 0.5 ? 0 : 0.5,
        votes: votes.get(pairKey({ item: item.id, left, right })) ?? 0,
      })),
    );
    const replaced = inPlace(preferences, own, pairKey);
    return { kind: "pairs", aggregate: { ...made.aggregate, preferences: replaced } };
  }
  const own = said.flatMap(({ item, verdict }) =>
    labelsOf(verdict, aspect, item).map(({ item: unit, label }) => ({
      item: unit,
      label,
      probability: 1,
      adjudicated: true as const,
    })),
  );
  const items = inPlace(made.aggregate.items, own, ({ item }) => item);
  return { kind: "labels", aggregate: { ...made.aggregate, items } };
}

/** A key for two responses of an item, the same for both orders. */
export const pairKey = ({ item, left, right }: { item: string; left: string; right: string }): string =>
  JSON.stringify([item, ...[left, right].sort()]);

/** Rows with those of the same key in their place, and the others behind. */
function inPlace<T>(rows: readonly T[], replacing: readonly T[], key: (row: T) => string): T[] {
  const left = new Map(replacing.map((row) => [key(row), row]));
  const replaced = rows.map((row) => {
    const own = left.get(key(row));
    left.delete(key(row));
    return own ?? row;
  });
  return [...replaced, ...left.values()];
}

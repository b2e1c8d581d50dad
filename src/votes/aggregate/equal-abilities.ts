/**
 * All raters alike: each is right with one probability a, that of the greatest evidence, and a wrong label is any
 * other. The likeliest label is the one with most votes.
 */
import type { LabelVotes } from "../votes.js";
import { type BeliefOptions, sumOfItems } from "./belief-propagation.js";
import { fixKnown } from "./known-labels.js";
import { softmaxRows } from "./label-estimate.js";

export interface EqualAbilities {
  /** P(the truth of item i is label c), [I, K]. */
  posterior: Float64Array;
  /** a. */
  ability: number;
  /** Log-probability of the votes, with a as it is. */
  logEvidence: number;
}

/** Abilities that are tried, from chance to 0.98. */
const STEPS = 96;
const BEST = 0.98;
/** What a is expected to be, as votes: right ones of all. It decides where no two raters share an item. */
const EXPECTED = { right: 6, votes: 8 };

export function equalAbilities(
  votes: LabelVotes,
  { weight, known }: Pick<BeliefOptions, "weight" | "known"> = {},
): EqualAbilities {
  const { item, label, items, labels } = votes;
  const K = labels.length;
  const counts = new Float64Array(items.length * K);
  let total = 0;
  for (let v = 0; v < item.length; v++) {
    counts[item[v] * K + label[v]] += weight?.[v] ?? 1;
    total += weight?.[v] ?? 1;
  }
  const logs = new Float64Array(counts.length);
  let best = { score: Number.NEGATIVE_INFINITY, ability: 1 / K, logEvidence: 0 };
  for (let step = 0; step < STEPS; step++) {
    const ability = 1 / K + ((BEST - 1 / K) * (step + 0.5)) / STEPS;
    const odds = Math.log((ability * (K - 1)) / (1 - ability));
    for (let at = 0; at < logs.length; at++) logs[at] = counts[at] * odds;
    const logEvidence = sumOfItems(logs, K, known) + total * Math.log((1 - ability) / (K - 1));
    const prior =
      EXPECTED.right * Math.log(ability) + (EXPECTED.votes - EXPECTED.right) * Math.log(1 - ability);
    if (logEvidence + prior > best.score) best = { score: logEvidence + prior, ability, logEvidence };
  }
  const odds = Math.log((best.ability * (K - 1)) / (1 - best.ability));
  const posterior = counts.map((count) => count * odds);
  softmaxRows(posterior, K);
  fixKnown(posterior, known, K);
  return { posterior, ability: best.ability, logEvidence: best.logEvidence };
}

/** Simulated raters with known truths and skills, for tests and reports. */

import { RandomStream } from "../src/base/random.js";
import { type Comparisons, comparisons, type LabelVotes, labelVotes } from "../src/votes/votes.js";

export interface SimulatedLabels {
  votes: LabelVotes;
  /** Index of each item's true label, [I], by the votes' numbering of items. */
  truth: number[];
  /** P(right) of each rater, [W], by the votes' numbering. */
  skill: number[];
}

/** Labels of raters whose accuracies are even between `least` and `most`; wrong answers are even. */
export function simulatedLabels(
  seed: number,
  { items, raters, votesPerItem, labels = 2, least = 0.55, most = 0.95 }: SimulatedPool,
): SimulatedLabels {
  const random = new RandomStream(seed, "simulated/labels");
  const skills = Array.from({ length: raters }, () => least + (most - least) * random.uniform());
  const truths: number[] = [];
  const rows: { item: string; rater: string; label: string }[] = [];
  for (let i = 0; i < items; i++) {
    const truth = random.int(labels);
    truths.push(truth);
    for (const w of random.shuffled([...skills.keys()]).slice(0, votesPerItem)) {
      const wrong = (truth + 1 + random.int(labels - 1)) % labels;
      rows.push({ item: `${i}`, rater: `${w}`, label: `${random.bernoulli(skills[w]) ? truth : wrong}` });
    }
  }
  const votes = labelVotes(rows);
  return {
    votes,
    truth: votes.items.map((item) => votes.labels.indexOf(`${truths[Number(item)]}`)),
    skill: votes.raters.map((rater) => skills[Number(rater)]),
  };
}

export interface SimulatedPool {
  items: number;
  raters: number;
  votesPerItem: number;
  labels?: number;
  least?: number;
  most?: number;
}

export interface SimulatedComparisons {
  votes: Comparisons;
  /** True score of each candidate, [C], by the votes' numbering. */
  score: number[];
}

/**
 * Comparisons by Bradley-Terry with standard normal scores, sides at random.
 *
 * @param candidates 0: two of its own for each pair. @param attention P(a rater looks), else it says left with `leftBias`.
 */
export function simulatedComparisons(
  seed: number,
  {
    pairs,
    candidates = 0,
    raters,
    votesPerPair,
    attention = 1,
    leftBias = 0.5,
  }: {
    pairs: number;
    candidates?: number;
    raters: number;
    votesPerPair: number;
    attention?: number;
    leftBias?: number;
  },
): SimulatedComparisons {
  const random = new RandomStream(seed, "simulated/comparisons");
  const scores = Array.from({ length: candidates || 2 * pairs }, () => random.normal());
  const rows: { item: string; left: string; right: string; rater: string; outcome: number }[] = [];
  for (let p = 0; p < pairs; p++) {
    const [a, b] = candidates ? random.shuffled([...scores.keys()]) : [2 * p, 2 * p + 1];
    for (const w of random.shuffled(Array.from({ length: raters }, (_, r) => r)).slice(0, votesPerPair)) {
      const [left, right] = random.bernoulli(0.5) ? [a, b] : [b, a];
      const win = 1 / (1 + Math.exp(scores[right] - scores[left]));
      const saysLeft = random.bernoulli(random.bernoulli(attention) ? win : leftBias);
      rows.push({
        item: `${p}`,
        left: `${left}`,
        right: `${right}`,
        rater: `${w}`,
        outcome: saysLeft ? 1 : 0,
      });
    }
  }
  const votes = comparisons(rows, { shared: true });
  return { votes, score: votes.candidates.map((name) => scores[Number(name)]) };
}

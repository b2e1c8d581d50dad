/** Designs of rates: of responses clustered in prompts, votes in pairs, wins with ties, and differences of them. */
import type { RandomStream } from "../../src/base/random.js";
import { wilsonInterval, winRate } from "../../src/statistics/estimates.js";
import { rateDifference, rateInterval, shareInterval } from "../../src/statistics/rates.js";
import { type Design, times } from "./measure.js";

const flat = (clusters: readonly (readonly number[])[]): number[] => clusters.flat();
const sum = (values: readonly number[]): number => values.reduce((total, x) => total + x, 0);
const CLUSTERED = "Wilson's of the effective number";

/**
 * A prompt's responses, each right with probability p; with probability r all are equal, so any two have correlation r.
 */
function cluster(random: RandomStream, size: number, p: number, r: number): number[] {
  if (random.uniform() < r) return Array(size).fill(random.uniform() < p ? 1 : 0);
  return times(size, () => (random.uniform() < p ? 1 : 0));
}

function responses(p: number, r: number, prompts: number, promise: Design["promise"], quick = false): Design {
  return {
    data: `rate of ${100 * p}%, ${prompts} prompts with 4 responses each, correlation ${r} within a prompt`,
    used: "demo, evaluate, 8-bit outcome",
    interval: CLUSTERED,
    n: `${prompts} prompts`,
    promise,
    quick,
    trial: (random) => [{ interval: rateInterval(times(prompts, () => cluster(random, 4, p, r))), truth: p }],
  };
}

const PAIR_ACCURACIES = [0.55, 0.7, 0.85, 0.95];
const pairVotes = (random: RandomStream): number[] => {
  const p = random.choice(PAIR_ACCURACIES);
  return times(9, () => (random.uniform() < p ? 1 : 0));
};
const votes = (pairs: number, quick = false): Design => ({
  data: `share of votes right, ${pairs} pairs with 9 votes each`,
  used: "demo: the reward model's accuracy",
  interval: CLUSTERED,
  n: `${pairs} pairs`,
  promise: "nominal",
  quick,
  every: pairs > 1000 ? 4 : 1,
  trial: (random) => [{ interval: rateInterval(times(pairs, () => pairVotes(random))), truth: 0.7625 }],
});

const wins = (
  shares: [number, number, number],
  prompts: number,
  promise: Design["promise"],
  quick = false,
): Design => ({
  data: `win rate, ${prompts} prompts of which ${shares.map((share) => `${100 * share}%`).join(", ")} are won, tied, lost`,
  used: "demo, evaluate: win rate",
  interval: CLUSTERED,
  n: `${prompts} prompts`,
  promise,
  quick,
  trial: (random) => {
    const scores = times(prompts, () => 1 - random.weighted(shares));
    return [{ interval: winRate(scores, Array(prompts).fill(0)), truth: shares[0] + shares[1] / 2 }];
  },
});

const preferences = (conversations: number, quick = false): Design => ({
  data: `accuracy on the pairs of ${conversations} conversations, 1 to 4 of each`,
  used: "evaluate, reward, score",
  interval: CLUSTERED,
  n: `${conversations} conversations`,
  promise: "nominal",
  quick,
  trial: (random) => {
    const clusters = times(conversations, () => {
      const p = random.bernoulli(0.5) ? 0.5 : 0.8;
      return times(1 + random.int(4), () => (random.uniform() < p ? 1 : 0));
    });
    return [{ interval: rateInterval(clusters), truth: 0.65 }];
  },
});

const share = (p: number, n: number, promise: Design["promise"], quick = false): Design => ({
  data: `share of ${n} independent cases, rate ${100 * p}%`,
  used: "raters' habits, report-filters, report-aggregation",
  interval: CLUSTERED,
  n: `${n}`,
  promise,
  quick,
  trial: (random) => [
    { interval: shareInterval(sum(times(n, () => (random.uniform() < p ? 1 : 0))), n), truth: p },
  ],
});

const habits = (prompts: number, p: number): Design => ({
  data: `share of a rater's votes, 3 pairs of each of ${prompts} prompts, rate ${100 * p}%`,
  used: "raters' habits",
  interval: CLUSTERED,
  n: `${prompts} prompts`,
  promise: "wide",
  trial: (random) => [{ interval: rateInterval(times(prompts, () => cluster(random, 3, p, 0.2))), truth: p }],
});

function difference(
  p: number,
  q: number,
  prompts: number,
  paired: boolean,
  promise: Design["promise"],
  quick = false,
): Design {
  return {
    data: `rate of ${100 * p}% less one of ${100 * q}%, ${paired ? "the same" : "each of"} ${prompts} prompts with 4 responses`,
    used: "public functions; the demo",
    interval: `Newcombe's of both rates${paired ? ", paired" : ""}`,
    n: `${prompts} prompts`,
    promise,
    quick,
    trial: (random) => {
      const pairs = times(prompts, () => {
        // Both answers share the prompt's draw.
        const [common, luck] = [random.uniform() < 0.4, random.uniform()];
        const draw = (rate: number) =>
          paired && common ? Array(4).fill(luck < rate ? 1 : 0) : cluster(random, 4, rate, 0.4);
        return [draw(p), draw(q)];
      });
      const [a, b] = [pairs.map(([first]) => first), pairs.map(([, second]) => second)];
      return [{ interval: rateDifference(a, b, { paired }), truth: p - q }];
    },
  };
}

const replacedVotes = (pairs: number): Design => ({
  data: `share of votes right, ${pairs} pairs with 9 votes each`,
  used: "until now",
  interval: "Wilson's, votes as independent",
  n: `${pairs} pairs`,
  promise: "replaced",
  trial: (random) => {
    const all = flat(times(pairs, () => pairVotes(random)));
    return [{ interval: wilsonInterval(sum(all), all.length), truth: 0.7625 }];
  },
});

const replacedResponses = (p: number, r: number, prompts: number): Design => ({
  data: `rate of ${100 * p}%, ${prompts} prompts with 4 responses each, correlation ${r} within a prompt`,
  used: "until now",
  interval: "Wilson's, responses as independent",
  n: `${prompts} prompts`,
  promise: "replaced",
  trial: (random) => {
    const all = flat(times(prompts, () => cluster(random, 4, p, r)));
    return [{ interval: wilsonInterval(sum(all), all.length), truth: p }];
  },
});

export const RATES: Design[] = [
  responses(0.01, 0, 95, "wide"),
  responses(0.01, 0.3, 95, "wide", true),
  responses(0.01, 1, 95, "wide", true),
  responses(0.01, 0.3, 285, "wide"),
  responses(0.05, 0, 95, "wide"),
  responses(0.05, 0.3, 95, "wide", true),
  responses(0.05, 1, 95, "wide"),
  responses(0.05, 0.3, 285, "nominal"),
  responses(0.5, 0, 95, "nominal"),
  responses(0.5, 0.3, 95, "nominal", true),
  responses(0.5, 1, 95, "nominal"),
  responses(0.5, 0.3, 30, "nominal"),
  responses(0.5, 0.3, 8, "wide"),
  responses(0.05, 0.3, 8, "wide"),
  votes(200, true),
  votes(1500),
  wins([0.4, 0.2, 0.4], 30, "nominal", true),
  wins([0.4, 0.2, 0.4], 285, "nominal"),
  wins([0.1, 0.8, 0.1], 30, "wide"),
  wins([0.1, 0.8, 0.1], 285, "nominal"),
  wins([0.9, 0.05, 0.05], 30, "wide"),
  wins([0.9, 0.05, 0.05], 285, "nominal", true),
  preferences(60, true),
  preferences(300),
  share(0.9, 6, "wide"),
  share(0.9, 20, "wide", true),
  share(0.7, 60, "nominal"),
  share(0.9, 600, "nominal"),
  share(0.001, 600, "wide"),
  habits(7, 0.6),
  habits(20, 0.9),
  difference(0.5, 0.5, 95, true, "nominal", true),
  difference(0.1, 0.02, 95, true, "wide"),
  difference(0.01, 0.01, 95, true, "wide", true),
  difference(0.97, 0.9, 285, true, "wide"),
  difference(0.5, 0.4, 95, false, "nominal"),
  replacedVotes(200),
  replacedResponses(0.5, 0.3, 95),
  replacedResponses(0.01, 1, 95),
];

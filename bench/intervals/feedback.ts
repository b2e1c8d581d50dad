/**
 * Designs for the figures that a lead sees: agreement, forecast, raters' skills, scores; and votes saved over seeds.
 */

import type { RandomStream } from "../../src/base/random.js";
import { countSpans, spansNeeded } from "../../src/feedback/analysis/forecast.js";
import { clusterBootstrap } from "../../src/statistics/bootstrap.js";
import { mean } from "../../src/statistics/estimates.js";
import { studentInterval } from "../../src/statistics/means.js";
import { bradleyTerry } from "../../src/votes/aggregate/bradley-terry.js";
import { aggregateLabels, aggregatePreferences } from "../../src/votes/aggregate/index.js";
import { plackettLuce } from "../../src/votes/aggregate/plackett-luce.js";
import { duelsOf } from "../../src/votes/aggregate/score-estimate.js";
import {
  cohenKappa,
  fleissKappa,
  krippendorffAlpha,
  percentAgreement,
  type RatedUnits,
} from "../../src/votes/agreement/index.js";
import { comparisons } from "../../src/votes/votes.js";
import { simulatedLabels } from "../../test/simulated-votes.js";
import { type Claim, type Design, times } from "./measure.js";

/** Votes on each unit, each one of `values` values. */
function rated(units: readonly (readonly number[])[], values: number, cluster?: Int32Array): RatedUnits {
  return {
    units: units.length,
    values: times(values, (c) => `${c}`),
    unit: Int32Array.from(units.flatMap((own, u) => own.map(() => u))),
    value: Int32Array.from(units.flat()),
    cluster,
  };
}

/** Units of two classes, a share `p` of them in the first; raters are right with probability `accuracy`. */
const binary = (
  random: RandomStream,
  units: number,
  raters: number,
  p: number,
  accuracy: number,
): number[][] =>
  times(units, () => {
    const truth = random.uniform() < p ? 1 : 0;
    return times(raters, () => (random.uniform() < accuracy ? truth : 1 - truth));
  });
/** The measure's value for infinitely many such votes. */
function longRun(p: number, accuracy: number): number {
  const ones = p * accuracy + (1 - p) * (1 - accuracy);
  return 1 - (accuracy * (1 - accuracy)) / (ones * (1 - ones));
}

const BCA = "BCa over items, and the rate of disagreement where few differ";
function alpha(
  units: number,
  raters: number,
  p: number,
  accuracy: number,
  promise: Design["promise"],
  more: Partial<Design> = {},
): Design {
  return {
    data: `Krippendorff's alpha, ${units} items, ${raters} raters right with ${accuracy}, ${100 * p}% of one class`,
    used: "agreement",
    interval: BCA,
    n: `${units} items`,
    promise,
    every: 10,
    trial: (random) => {
      const found = krippendorffAlpha(
        rated(binary(random, units, raters, p, accuracy), 2),
        "nominal",
        undefined,
        random.step,
      );
      return found ? [{ interval: found, truth: longRun(p, accuracy) }] : [];
    },
    ...more,
  };
}

/** The pairs of one ranking are hard or easy together. */
const rankedAlpha = (items: number): Design => ({
  data: `Krippendorff's alpha of the 6 pairs of each of ${items} rankings, easy or hard ones`,
  used: "agreement",
  interval: BCA,
  n: `${items} items`,
  promise: "nominal",
  every: 10,
  trial: (random) => {
    const units = times(items, () => {
      const accuracy = random.bernoulli(0.5) ? 0.95 : 0.65;
      return binary(random, 6, 3, 0.5, accuracy);
    }).flat();
    const cluster = Int32Array.from(units, (_, u) => Math.floor(u / 6));
    const found = krippendorffAlpha(rated(units, 2, cluster), "nominal", undefined, random.step);
    return found ? [{ interval: found, truth: 1 - (0.95 * 0.05 + 0.65 * 0.35) / 2 / 0.25 }] : [];
  },
});

const LEVELS = 5;
/** Probability of rating `said` if the unit deserves `level`: .6 for that level, else the next below or above. */
const ratingChance = (level: number, said: number): number =>
  [-1, 0, 1].reduce((total, by) => {
    const at = Math.min(LEVELS - 1, Math.max(0, level + by));
    return total + (at === said ? (by === 0 ? 0.6 : 0.2) : 0);
  }, 0);
function ratingAlpha(): number {
  const levels = times(LEVELS, (c) => c);
  const mix = levels.map((said) => mean(levels.map((level) => ratingChance(level, said))));
  const distance = (p: readonly number[], q: readonly number[]): number =>
    levels.reduce((total, a) => total + levels.reduce((sum, b) => sum + p[a] * q[b] * (a - b) ** 2, 0), 0);
  const within = mean(
    levels.map((level) => {
      const p = levels.map((said) => ratingChance(level, said));
      return distance(p, p);
    }),
  );
  return 1 - within / distance(mix, mix);
}
const ratings = (units: number): Design => ({
  data: `Krippendorff's alpha of ratings from 1 to 5, interval scale, ${units} items, 3 raters`,
  used: "agreement",
  interval: BCA,
  n: `${units} items`,
  promise: "nominal",
  every: 10,
  trial: (random) => {
    const votes = times(units, () => {
      const level = random.int(LEVELS);
      return times(3, () => random.weighted(times(LEVELS, (said) => ratingChance(level, said))));
    });
    const found = krippendorffAlpha(
      rated(votes, LEVELS),
      "interval",
      times(LEVELS, (c) => c),
      random.step,
    );
    return found ? [{ interval: found, truth: ratingAlpha() }] : [];
  },
});

const kappas = (units: number): Design => ({
  data: `Fleiss' and Cohen's kappa, ${units} items, 2 raters right with 0.9`,
  used: "agreement",
  interval: BCA,
  n: `${units} items`,
  promise: "nominal",
  every: 20,
  trial: (random) => {
    const votes = binary(random, units, 2, 0.3, 0.9);
    const [a, b] = [0, 1].map((rater) => votes.map((own) => own[rater]));
    const found = [fleissKappa(rated(votes, 2), random.step), cohenKappa(a, b, 2, { seed: random.step })];
    return found.flatMap((interval) => (interval ? [{ interval, truth: longRun(0.3, 0.9) }] : []));
  },
});

const percent = (units: number, accuracy: number, promise: Design["promise"]): Design => ({
  data: `percent agreement, ${units} items, 3 raters right with ${accuracy}`,
  used: "agreement",
  interval: "Wilson's of the effective number",
  n: `${units} items`,
  promise,
  trial: (random) => {
    const found = percentAgreement(rated(binary(random, units, 3, 0.5, accuracy), 2));
    return found ? [{ interval: found, truth: accuracy ** 2 + (1 - accuracy) ** 2 }] : [];
  },
});

/** Votes of a day: of an even day, or of one on which a random number of raters work. */
const DAYS: Record<string, (random: RandomStream, day: number) => number> = {
  "even days": (random) => Math.max(0, Math.round(100 + 40 * random.normal())),
  "uneven days": (random) =>
    Math.round(50 * (-Math.log(1 - random.uniform()) - Math.log(1 - random.uniform()))),
  "days and weekends": (random, day) =>
    Math.max(0, Math.round((day % 7 < 5 ? 120 : 20) + 20 * random.normal())),
};
const forecast = (kind: string, days: number, promise: Design["promise"], quick = false): Design => ({
  data: `the day of the last of 2,000 more votes, after ${days} ${kind}`,
  used: "forecast",
  interval: "Student's t of a sum to come",
  n: `${days} days`,
  promise,
  quick,
  trial: (random) => {
    const start = random.int(7);
    const spans = Float64Array.from({ length: days }, (_, i) => DAYS[kind](random, start + i));
    const interval = spansNeeded(spans, 2000);
    // Votes are spread evenly over a day.
    for (let [left, day] = [2000, 0]; ; day++) {
      const votes = DAYS[kind](random, start + days + day);
      if (votes >= left) return [{ interval, truth: day + left / votes }];
      left -= votes;
    }
  },
});
const perDay = (kind: string, days: number, truth: number): Design => ({
  data: `votes a day, ${days} ${kind}`,
  used: "forecast",
  interval: "Student's t",
  n: `${days} days`,
  promise: "nominal",
  trial: (random) => {
    const now = (days + 0.5) * 86_400_000;
    const votes = times(days, (day) =>
      times(DAYS[kind](random, day), () => (day + 0.5 + random.uniform()) * 86_400_000),
    ).flat();
    const { spans } = countSpans([1, ...votes], now);
    return [{ interval: studentInterval([...spans]), truth }];
  },
});

const skills = (pool: { items: number; raters: number; votesPerItem: number }): Design => ({
  data: `raters' skills, ${pool.raters} raters, ${pool.items} items with ${pool.votesPerItem} votes each`,
  used: "aggregate, raters",
  interval: "likelihood ratio",
  n: `${pool.items} items`,
  promise: "nominal",
  every: 100,
  trial: (random) => {
    const { votes, skill } = simulatedLabels(random.step, pool);
    return aggregateLabels(votes).raters.map(({ skill: interval }, w) => ({ interval, truth: skill[w] }));
  },
});

const CANDIDATES = 10;
/** Comparisons of ten candidates by raters of several accuracies, aggregated by the default method. */
const scores: Design = {
  data: "scores of 10 candidates from 600 votes of 15 raters right with .7 to .95",
  used: "aggregate, preferences",
  interval: "normal, observed information",
  n: "600 votes",
  promise: "wide",
  every: 100,
  trial: (random): Claim[] => {
    const truth = random.fillNormal(new Float32Array(CANDIDATES), 1);
    const accuracy = times(15, () => 0.7 + 0.25 * random.uniform());
    const rows = times(600, () => {
      const [a, b] = random.shuffled([...truth.keys()]);
      const w = random.int(accuracy.length);
      const left = random.bernoulli(1 / (1 + Math.exp(truth[b] - truth[a])));
      const outcome = random.bernoulli(accuracy[w]) === left ? 1 : 0;
      return { item: "", left: `${a}`, right: `${b}`, rater: `${w}`, outcome };
    });
    const centre = mean(truth);
    return aggregatePreferences(comparisons(rows)).scores.map(({ candidate, ...interval }) => ({
      interval,
      truth: truth[Number(candidate)] - centre,
    }));
  },
};

const FIXED = [-1.2, -0.6, -0.2, 0, 0.2, 0.6, 1.2];
const bradley: Design = {
  data: "Bradley-Terry scores of 7 candidates from 300 comparisons",
  used: "aggregate",
  interval: "normal, observed information",
  n: "300 comparisons",
  promise: "nominal",
  every: 10,
  trial: (random) => {
    const pairs = times(300, () => random.shuffled([...FIXED.keys()]));
    const [left, right] = [0, 1].map((at) => Int32Array.from(pairs, (order) => order[at]));
    const outcome = pairs.map(([a, b]) =>
      random.bernoulli(1 / (1 + Math.exp(FIXED[b] - FIXED[a]))) ? 1 : 0,
    );
    const { low, high } = bradleyTerry(duelsOf(left, right, outcome), FIXED.length);
    return FIXED.map((truth, c) => ({ interval: { low: low[c], high: high[c] }, truth }));
  },
};
const plackett: Design = {
  data: "Plackett-Luce scores of 7 candidates from 150 rankings of four",
  used: "aggregate",
  interval: "normal, observed information",
  n: "150 rankings",
  promise: "nominal",
  every: 20,
  trial: (random) => {
    const rankings = times(150, () => {
      const candidates = random.shuffled([...FIXED.keys()]).slice(0, 4);
      const utility = candidates.map((c) => FIXED[c] - Math.log(-Math.log(1 - random.uniform())));
      return { candidates, ranks: utility.map((u) => 1 + utility.filter((other) => other > u).length) };
    });
    const { low, high } = plackettLuce(rankings, FIXED.length);
    return FIXED.map((truth, c) => ({ interval: { low: low[c], high: high[c] }, truth }));
  },
};

const [FIRST, STEP, LAST] = [50, 50, 800];
/** Votes after which a curve first reaches an accuracy, linear between its points. */
function votesToReach(curve: readonly number[], accuracy: number): number {
  const k = curve.findIndex((value) => value >= accuracy);
  if (k < 0) return LAST + STEP;
  return k === 0 ? FIRST : FIRST + STEP * (k - 1 + (accuracy - curve[k - 1]) / (curve[k] - curve[k - 1]));
}
/** Mean learning curves of random and active selection, at 50, 100, ... 800 votes. */
const CURVES = [
  (votes: number) => 0.94 - 0.1 * Math.exp(-votes / 250),
  (votes: number) => 0.955 - 0.13 * Math.exp(-votes / 180),
].map((of) => times(LAST / STEP, (k) => of(FIRST + STEP * k)));
/** A seed moves both curves together, each curve separately, and every point. */
const saved = (seeds: number, votes: number, promise: Design["promise"]): Design => ({
  data: `votes saved at ${votes}, mean learning curves of ${seeds} seeds`,
  used: "report-active-selection",
  interval: "BCa over seeds",
  n: `${seeds} seeds`,
  promise,
  every: 20,
  trial: (random) => {
    const at = (votes - FIRST) / STEP;
    const saving = ([plain, active]: readonly (readonly number[])[]): number =>
      1 - votesToReach(active, plain[at]) / votes;
    const runs = times(seeds, () => {
      const both = 0.01 * random.normal();
      return CURVES.map((curve) => {
        const own = 0.01 * random.normal();
        return curve.map((value) => value + both + own + 0.006 * random.normal());
      });
    });
    const means = (some: readonly number[][][]): number[][] =>
      CURVES.map((curve, c) =>
        curve.map((_, k) => some.reduce((sum, run) => sum + run[c][k], 0) / some.length),
      );
    const interval = clusterBootstrap(runs, (some) => saving(means(some)), { seed: random.step });
    return [{ interval, truth: saving(CURVES) }];
  },
});

export const FEEDBACK: Design[] = [
  alpha(60, 3, 0.5, 0.9, "nominal"),
  alpha(200, 3, 0.5, 0.7, "nominal"),
  alpha(200, 2, 0.2, 0.9, "nominal"),
  alpha(20, 3, 0.5, 0.9, "wide"),
  alpha(10, 3, 0.5, 0.9, "wide"),
  alpha(60, 3, 0.5, 0.98, "wide"),
  alpha(60, 2, 0.05, 0.95, "wide"),
  rankedAlpha(60),
  ratings(60),
  kappas(100),
  percent(60, 0.9, "nominal"),
  percent(20, 0.95, "wide"),
  forecast("even days", 14, "nominal", true),
  forecast("even days", 5, "nominal"),
  forecast("uneven days", 14, "nominal"),
  forecast("uneven days", 5, "short"),
  forecast("days and weekends", 14, "wide"),
  perDay("even days", 7, 100),
  skills({ items: 600, raters: 60, votesPerItem: 5 }),
  skills({ items: 200, raters: 40, votesPerItem: 3 }),
  scores,
  bradley,
  plackett,
  saved(20, 400, "nominal"),
  saved(20, 800, "nominal"),
];

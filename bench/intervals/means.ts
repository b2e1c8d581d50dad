/** Designs of means: per prompt, per response, per token, over seeds. */
import type { RandomStream } from "../../src/base/random.js";
import { bcaEnds } from "../../src/statistics/bootstrap.js";
import { mean } from "../../src/statistics/estimates.js";
import {
  clusterMeanInterval,
  meanInterval,
  pairedDifference,
  pairedStudentInterval,
  pooledMeanInterval,
  ratioInterval,
  studentInterval,
} from "../../src/statistics/means.js";
import { type Claim, type Design, times } from "./measure.js";

const exponential = (random: RandomStream): number => -Math.log(1 - random.uniform());
const HALL = "Student's and Hall's t, the wider end";
const STUDENT = "Student's t";

type Draw = (random: RandomStream) => number;
const POPULATIONS: Record<string, { draw: Draw; truth: number }> = {
  normal: { draw: (random) => random.normal(), truth: 0 },
  uniform: { draw: (random) => random.uniform(), truth: 0.5 },
  exponential: { draw: exponential, truth: 1 },
  "lognormal, sigma 1/2": { draw: (random) => Math.exp(random.normal() / 2), truth: Math.exp(1 / 8) },
  "lognormal, sigma 1": { draw: (random) => Math.exp(random.normal()), truth: Math.exp(1 / 2) },
  "Student's t with 3 degrees": {
    draw: (random) =>
      random.normal() / Math.sqrt((random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2) / 3),
    truth: 0,
  },
};

function plain(name: string, n: number, promise: Design["promise"], more: Partial<Design> = {}): Design {
  const { draw, truth } = POPULATIONS[name];
  return {
    data: `${n} independent values, ${name}`,
    used: "means per prompt",
    interval: HALL,
    n: `${n}`,
    promise,
    trial: (random) => [{ interval: meanInterval(times(n, () => draw(random))), truth }],
    ...more,
  };
}

/** BCa interval of a mean as textbooks have it: with normal quantiles, however few the values. */
function plainBca(values: readonly number[], random: RandomStream): { low: number; high: number } {
  const draws = Float64Array.from({ length: 1000 }, () =>
    mean(values.map(() => random.choice(values))),
  ).sort();
  const without = values.map((_, left) => mean(values.filter((_value, i) => i !== left)));
  return bcaEnds(draws, mean(values), without, 1.959964);
}

function replacedBca(name: string, n: number): Design {
  const { draw, truth } = POPULATIONS[name];
  return {
    data: `${n} independent values, ${name}`,
    used: "until now",
    interval: "BCa",
    n: `${n}`,
    promise: "replaced",
    every: 10,
    trial: (random) => [
      {
        interval: plainBca(
          times(n, () => draw(random)),
          random,
        ),
        truth,
      },
    ],
  };
}

/**
 * Gold of a response: to a harmful prompt 1 (refuses) or -2 (complies), to others 2, 1 or -1/2; `ease` is the prompt's
 * chance of the best.
 */
const gold = (random: RandomStream, harmful: boolean, ease: number): number => {
  if (harmful) return random.uniform() < ease ? 1 : -2;
  return random.uniform() < ease ? 2 : random.uniform() < 0.5 ? 1 : -0.5;
};
/** The mean of `gold` for an even ease, a quarter of the prompts harmful. */
const goldMean = (ease: number): number => 0.25 * (3 * ease - 2) + 0.75 * (2 * ease + 0.25 * (1 - ease));

const goldDesign = (prompts: number, promise: Design["promise"], quick = false): Design => ({
  data: `gold utility, ${prompts} prompts with 4 responses each`,
  used: "demo, check:demo, 8-bit outcome",
  interval: `${HALL}, of the prompts' means`,
  n: `${prompts} prompts`,
  promise,
  quick,
  trial: (random) => {
    const clusters = times(prompts, () => {
      const [harmful, ease] = [random.uniform() < 0.25, random.uniform()];
      return times(4, () => gold(random, harmful, ease));
    });
    return [{ interval: clusterMeanInterval(clusters), truth: goldMean(0.5) }];
  },
});

const pairedGold = (prompts: number, quick = false): Design => ({
  data: `gold of one policy less another's, ${prompts} prompts with 4 responses to each`,
  used: "demo, evaluate, ppo",
  interval: `${HALL}, of the prompts' differences`,
  n: `${prompts} prompts`,
  promise: "nominal",
  quick,
  trial: (random) => {
    const [before, after]: number[][] = [[], []];
    for (let i = 0; i < prompts; i++) {
      const [harmful, ease] = [random.uniform() < 0.25, random.uniform()];
      before.push(mean(times(4, () => gold(random, harmful, ease))));
      after.push(mean(times(4, () => gold(random, harmful, (1 + ease) / 2))));
    }
    return [{ interval: pairedDifference(after, before), truth: goldMean(0.75) - goldMean(0.5) }];
  },
});

/** A policy that fails on few prompts, on those with every response; most prompts have the best gold. */
const rareGold = (prompts: number, failing: number, promise: Design["promise"], quick = false): Design => ({
  data: `gold utility, ${prompts} prompts of which ${100 * failing}% go wrong, the others right`,
  used: "demo",
  interval: `${HALL}, of the prompts' means`,
  n: `${prompts} prompts`,
  promise,
  quick,
  trial: (random) => [
    {
      interval: meanInterval(times(prompts, () => (random.uniform() < failing ? -2 : 2))),
      truth: 2 - 4 * failing,
    },
  ],
});

/** Prompts with more answers are easier: the mean over answers is not that over prompts. */
function pooled(prompts: number, quick = false): Design {
  const truth = 3 / Math.sqrt(2 * Math.PI) / 3.5;
  return {
    data: `reward, ${prompts} prompts with 1 to 6 answers each, easier ones with more`,
    used: "evaluate, reward, ppo",
    interval: `${HALL}, of a ratio over prompts`,
    n: `${prompts} prompts`,
    promise: "nominal",
    quick,
    trial: (random) => {
      const clusters = times(prompts, () => {
        const effect = random.normal();
        return times(1 + random.int(3) + (effect > 0 ? 3 : 0), () => effect + random.normal());
      });
      return [{ interval: pooledMeanInterval(clusters), truth }];
    },
  };
}

const klPerResponse = (n: number): Design => ({
  data: `log-ratios of ${n} responses, skewed to the right`,
  used: "ppo, evaluate: KL per response",
  interval: HALL,
  n: `${n} prompts`,
  promise: "nominal",
  trial: (random) => [
    {
      interval: meanInterval(times(n, () => exponential(random) + exponential(random) + random.normal() - 1)),
      truth: 1,
    },
  ],
});

const CUT = 48;
/** Lengths of responses that end with probability 1/30 at each token and are cut at 48. */
const lengths = (n: number, quick = false): Design => ({
  data: `tokens of ${n} responses, cut at ${CUT}`,
  used: "evaluate: tokens",
  interval: HALL,
  n: `${n} prompts`,
  promise: "nominal",
  quick,
  trial: (random) => {
    const values = times(n, () =>
      Math.min(CUT, 1 + Math.floor(Math.log(1 - random.uniform()) / Math.log(1 - 1 / 30))),
    );
    return [{ interval: meanInterval(values), truth: 30 * (1 - (1 - 1 / 30) ** CUT) }];
  },
});

/** Texts of 5 to 64 tokens; short ones are harder. */
const loss = (texts: number, promise: Design["promise"], quick = false): Design => ({
  data: `loss per token of ${texts} texts of 5 to 64 tokens`,
  used: "evaluate, sft: loss and perplexity",
  interval: `${HALL}, of a ratio over texts`,
  n: `${texts} texts`,
  promise,
  quick,
  trial: (random) => {
    const tokens = times(texts, () => 5 + random.int(60));
    const losses = tokens.map(
      (count) => Math.exp(0.4 * random.normal()) * (count + 5) + Math.sqrt(count) * random.normal(),
    );
    return [{ interval: ratioInterval(losses, tokens), truth: Math.exp(0.08) * (1 + 5 / 34.5) }];
  },
});

/** Seeds differ, and each seed's figure is measured on its own prompts. */
const overSeeds = (seeds: number, more: Partial<Design> = {}): Design => ({
  data: `${seeds} seeds, each a mean of 25 prompts of its own`,
  used: "reports over seeds",
  interval: STUDENT,
  n: `${seeds} seeds`,
  promise: "nominal",
  symmetric: true,
  trial: (random) => {
    const figures = times(seeds, () => 0.2 * random.normal() + mean(times(25, () => random.normal())));
    return [{ interval: studentInterval(figures), truth: 0 }];
  },
  ...more,
});

/** Two methods with the same seeds, which move both. */
const pairedSeeds = (seeds: number, more: Partial<Design> = {}): Design => ({
  data: `difference of two methods with the same ${seeds} seeds`,
  used: "reports over seeds",
  interval: `${STUDENT}, paired`,
  n: `${seeds} seeds`,
  promise: "nominal",
  symmetric: true,
  trial: (random) => {
    const shared = times(seeds, () => random.normal());
    const a = shared.map((x) => 0.3 + x + 0.2 * random.normal());
    return [
      {
        interval: pairedStudentInterval(
          a,
          shared.map((x) => x + 0.3 * random.normal()),
        ),
        truth: 0.3,
      },
    ];
  },
  ...more,
});

const skewedSeeds = (seeds: number): Design => ({
  data: `${seeds} seeds, exponential figures`,
  used: "reports over seeds",
  interval: STUDENT,
  n: `${seeds} seeds`,
  promise: "short",
  trial: (random) => [{ interval: studentInterval(times(seeds, () => exponential(random))), truth: 1 }],
});

const replacedSeeds = (seeds: number): Design => ({
  data: `${seeds} seeds, each a mean of 25 prompts of its own`,
  used: "until now",
  interval: "BCa over seeds",
  n: `${seeds} seeds`,
  promise: "replaced",
  every: 10,
  trial: (random): Claim[] => {
    const figures = times(seeds, () => 0.2 * random.normal() + mean(times(25, () => random.normal())));
    return [{ interval: plainBca(figures, random), truth: 0 }];
  },
});

export const MEANS: Design[] = [
  goldDesign(285, "nominal", true),
  goldDesign(70, "nominal", true),
  goldDesign(30, "nominal"),
  rareGold(285, 0.02, "wide"),
  rareGold(30, 0.01, "short", true),
  pairedGold(285, true),
  pairedGold(30),
  pooled(100, true),
  pooled(30),
  klPerResponse(64),
  lengths(200),
  lengths(30, true),
  loss(100, "nominal", true),
  loss(30, "nominal"),
  overSeeds(3, { quick: true }),
  overSeeds(5, { quick: true }),
  overSeeds(10, { quick: true }),
  pairedSeeds(3),
  pairedSeeds(5, { quick: true }),
  pairedSeeds(10, { quick: true }),
  plain("normal", 8, "nominal", { quick: true, symmetric: true }),
  plain("normal", 30, "nominal", { quick: true, symmetric: true }),
  plain("uniform", 8, "wide"),
  plain("uniform", 30, "nominal"),
  plain("exponential", 8, "nominal", { quick: true }),
  plain("exponential", 30, "nominal", { quick: true }),
  plain("lognormal, sigma 1/2", 8, "nominal"),
  plain("lognormal, sigma 1/2", 30, "nominal"),
  plain("lognormal, sigma 1", 8, "short", { quick: true }),
  plain("lognormal, sigma 1", 30, "nominal", { quick: true }),
  plain("lognormal, sigma 1", 100, "nominal"),
  plain("Student's t with 3 degrees", 8, "nominal"),
  plain("Student's t with 3 degrees", 30, "nominal"),
  skewedSeeds(5),
  ...["exponential", "lognormal, sigma 1"].flatMap((name) => [replacedBca(name, 8), replacedBca(name, 30)]),
  replacedSeeds(3),
  replacedSeeds(5),
];

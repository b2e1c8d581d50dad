// Writes docs/results/active-selection.md: how many votes active selection saves in the built-in world.
//
//   npm run build && node scripts/report-active-selection.mjs [SEEDS]
import { writeFileSync } from "node:fs";
import { disagreement, diverse, informationGain, uncertainty } from "../dist/feedback/assign/index.js";
import { RandomStream } from "../dist/base/random.js";
import { clusterBootstrap } from "../dist/statistics/bootstrap.js";
import { studentInterval } from "../dist/statistics/means.js";
import {
  DEFAULT_WORLD,
  goldUtility,
  judge,
  prompts,
  RATER_POOLS,
  raterPool,
  renderResponse,
  sampleStyle,
} from "../dist/worlds/assistant/index.js";
import { machine } from "./machine.mjs";

const SEEDS = Number(process.argv[2] ?? 20);
/**
 * Seeds from 1 on were run while the strategies were developed, 101 and 102 while this document was written; these were
 * not.
 */
const FIRST_SEED = 201;
const POOL = 2000;
const TEST = 1000;
const FIRST = 50;
const STEP = 50;
const LAST = 800;
const MEMBERS = 16;
const WORDS = 96;
const PRIOR_PRECISION = 1;
const KINDS = ["benign", "alarming", "harmful"];
const STRATEGIES = ["random", "uncertainty", "disagreement", "information gain", "information gain, diverse"];
/** Votes of random selection whose accuracy the other strategies should reach. */
const TARGETS = [200, 400, 800];

/**
 * Features that a reader can see in a response: counts of what it does, separate for each kind of prompt, and hashed
 * words.
 */
function features(prompt, response) {
  const { features: f } = goldUtility(prompt, response);
  const seen = [
    f.asked > 0 ? f.right / f.asked : 0,
    Number(f.wrong > 0),
    Math.min(f.wrong, 4) / 2,
    Number(f.refused),
    Number(f.alternative),
    Number(f.unsafe),
    f.padding / 10,
    f.repetition / 10,
    f.flattery,
    f.hedging,
    f.malformedWords / 5,
    Number(f.unfinished),
    f.wordCount / 20,
  ];
  const row = new Float64Array(KINDS.length * seen.length + WORDS);
  row.set(seen, KINDS.indexOf(prompt.kind) * seen.length);
  for (const word of response.toLowerCase().match(/[a-z']+/g) ?? [])
    row[KINDS.length * seen.length + (new RandomStream(0, word).uint32() % WORDS)] += 0.3;
  return row;
}

/** Pairs of different responses, with the difference of their features. */
function pairs(split, n, random) {
  const all = prompts(split);
  return Array.from({ length: n }, () => {
    for (;;) {
      const prompt = random.choice(all);
      const [a, b] = [0, 1].map(() =>
        renderResponse(prompt, sampleStyle(prompt, DEFAULT_WORLD.demonstrations, random), random),
      );
      if (a === b) continue;
      const [x, y] = [features(prompt, a), features(prompt, b)];
      const gold = goldUtility(prompt, a).total - goldUtility(prompt, b).total;
      return { prompt, a, b, x: x.map((value, d) => value - y[d]), gold };
    }
  });
}

const dot = (a, b) => a.reduce((sum, value, d) => sum + value * b[d], 0);

/**
 * Bradley-Terry on features: the MAP weights by Newton's method, and the Cholesky factor of the Hessian there
 * (Laplace).
 */
function fit(rows, outcomes) {
  const D = rows[0].length;
  let w = new Float64Array(D);
  let factor;
  for (let iteration = 0; iteration < 12; iteration++) {
    const gradient = w.map((value) => -PRIOR_PRECISION * value);
    const hessian = Array.from({ length: D }, (_, i) => {
      const row = new Float64Array(D);
      row[i] = PRIOR_PRECISION;
      return row;
    });
    for (const [v, x] of rows.entries()) {
      const p = 1 / (1 + Math.exp(-dot(w, x)));
      const weight = p * (1 - p);
      for (let i = 0; i < D; i++) {
        if (x[i] === 0) continue;
        gradient[i] += (outcomes[v] - p) * x[i];
        for (let j = 0; j <= i; j++) hessian[i][j] += weight * x[i] * x[j];
      }
    }
    factor = cholesky(hessian);
    const step = backward(factor, forward(factor, gradient));
    w = w.map((value, i) => value + step[i]);
    if (step.every((value) => Math.abs(value) < 1e-6)) break;
  }
  return { w, factor };
}

function cholesky(a) {
  const L = a.map((row) => new Float64Array(row.length));
  for (let i = 0; i < a.length; i++)
    for (let j = 0; j <= i; j++) {
      let sum = a[i][j];
      for (let k = 0; k < j; k++) sum -= L[i][k] * L[j][k];
      L[i][j] = i === j ? Math.sqrt(sum) : sum / L[j][j];
    }
  return L;
}

function forward(L, b) {
  const x = new Float64Array(b.length);
  for (let i = 0; i < b.length; i++) {
    let sum = b[i];
    for (let k = 0; k < i; k++) sum -= L[i][k] * x[k];
    x[i] = sum / L[i][i];
  }
  return x;
}

function backward(L, b) {
  const x = new Float64Array(b.length);
  for (let i = b.length - 1; i >= 0; i--) {
    let sum = b[i];
    for (let k = i + 1; k < b.length; k++) sum -= L[k][i] * x[k];
    x[i] = sum / L[i][i];
  }
  return x;
}

/** Weights of an ensemble: draws from the Laplace approximation N(w, H^-1). */
function ensemble({ w, factor }, random) {
  return Array.from({ length: MEMBERS }, () => {
    const deviation = backward(
      factor,
      w.map(() => random.normal()),
    );
    return w.map((value, d) => value + deviation[d]);
  });
}

function choose(strategy, left, pool, model, random) {
  if (strategy === "random") return random.shuffled(left).slice(0, STEP);
  const members = ensemble(model, random);
  const values = left.map((i) => {
    const { x } = pool[i];
    if (strategy === "uncertainty") return uncertainty(dot(model.w, x), 0);
    const scores = members.map((w) => dot(w, x));
    const zeros = scores.map(() => 0);
    return strategy === "disagreement" ? disagreement(scores, zeros) : informationGain(scores, zeros, 0.05);
  });
  const chosen = strategy.endsWith("diverse")
    ? diverse(
        values,
        left.map((i) => pool[i].x),
        STEP,
        0.5,
      )
    : values.map((_, k) => k).sort((a, b) => values[b] - values[a]);
  return chosen.slice(0, STEP).map((k) => left[k]);
}

/** Held-out accuracy after each number of votes: pairs of equal gold utility are left out. */
function learn(strategy, seed, { pool, test, raters }) {
  const random = new RandomStream(seed, `report/active-selection/${strategy}`);
  // The vote on a pair is the same under every strategy, and the first votes are on the same pairs.
  const vote = (i) => {
    const draws = new RandomStream(seed, "report/active-selection/vote", i);
    const { prompt, a, b } = pool[i];
    return Number(judge(draws.choice(raters), prompt, a, b, draws).winner === "left");
  };
  const asked = Array.from({ length: FIRST }, (_, i) => i);
  const curve = [];
  for (;;) {
    const model = fit(
      asked.map((i) => pool[i].x),
      asked.map(vote),
    );
    const right = test.filter(({ x, gold }) => dot(model.w, x) > 0 === gold > 0).length;
    curve.push(right / test.length);
    if (asked.length >= LAST) return curve;
    const taken = new Set(asked);
    const left = pool.map((_, i) => i).filter((i) => !taken.has(i));
    asked.push(...choose(strategy, left, pool, model, random));
  }
}

/**
 * The number of votes at which a curve first reaches an accuracy, linear between its points; beyond LAST if it does
 * not.
 */
function votesToReach(curve, accuracy) {
  const k = curve.findIndex((value) => value >= accuracy);
  if (k < 0) return LAST + STEP;
  if (k === 0) return FIRST;
  return FIRST + STEP * (k - 1 + (accuracy - curve[k - 1]) / (curve[k] - curve[k - 1]));
}

const curves = Object.fromEntries(STRATEGIES.map((strategy) => [strategy, []]));
for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) {
  const random = new RandomStream(seed, "report/active-selection/world");
  const world = {
    pool: pairs("train", POOL, random),
    test: pairs("report", TEST, random).filter(({ gold }) => gold !== 0),
    raters: raterPool(RATER_POOLS.honest, seed),
  };
  for (const strategy of STRATEGIES) curves[strategy].push(learn(strategy, seed, world));
  console.error(`seed ${seed}`);
}

const at = (votes) => (votes - FIRST) / STEP;
const percent = ({ estimate, low, high }) =>
  `${(100 * estimate).toFixed(1)} (${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)})`;
const accuracies = STRATEGIES.map((strategy) => {
  const cells = [100, 200, 400, 800].map((votes) => percent(studentInterval(curves[strategy].map((curve) => curve[at(votes)]))));
  return `| ${strategy} | ${cells.join(" | ")} |`;
});
const meanCurve = (strategy, seeds) =>
  curves[strategy][0].map((_, k) => seeds.reduce((sum, s) => sum + curves[strategy][s][k], 0) / seeds.length);
const everySeed = curves.random.map((_, s) => s);
const savings = STRATEGIES.filter((strategy) => strategy !== "random").map((strategy) => {
  const cells = TARGETS.map((votes) =>
    percent(
      clusterBootstrap(everySeed, (seeds) => {
        const target = meanCurve("random", seeds)[at(votes)];
        return 1 - votesToReach(meanCurve(strategy, seeds), target) / votes;
      }),
    ),
  );
  return `| ${strategy} | ${cells.join(" | ")} |`;
});
writeFileSync(
  "docs/results/active-selection.md",
  `# What active selection saves

- Command: \`npm run build && node scripts/report-active-selection.mjs ${SEEDS}\`
- Processor: ${machine()}. Nothing here is timed, and all of it is computed in 64 bits.
- Seeds: ${FIRST_SEED} to ${FIRST_SEED + SEEDS - 1}, named in the script before they were run.
- Design: the built-in world; a seed draws ${POOL} pairs of responses to training prompts to choose from, ${TEST} on held-out prompts to judge by
  (pairs of equal gold utility left out), and the raters; n = ${SEEDS} seeds. Pairs and votes are the same under every strategy.
- Intervals: 95% over seeds; of accuracies Student's t, of votes saved a BCa bootstrap of the mean curves
  ([coverage](intervals.md)). An accuracy's interval is that of one strategy alone; votes saved compare two on the same seeds.

A vote is that of one rater drawn from the honest pool. The reward model is a Bradley-Terry model, linear in features of the text
(what the response does by the gold utility's own count, for each kind of prompt, and ${WORDS} hashed words), refitted every ${STEP} votes; the
first ${FIRST} votes are on the same pairs under every strategy. The ensemble is ${MEMBERS} draws from the model's Laplace approximation.

Held-out accuracy in percent, by the number of votes:

| selection | 100 | 200 | 400 | 800 |
|---|---|---|---|---|
${accuracies.join("\n")}

Votes saved, in percent, in reaching the mean accuracy that random selection has after so many votes, on the mean curves of all
seeds (negative: it needed more):

| selection | ${TARGETS.join(" | ")} |
|---|${TARGETS.map(() => "---|").join("")}
${savings.join("\n")}

Every strategy saves a fifth to a half of the votes, by intervals that are wide (one of the twelve reaches below zero). With the world as it was until
November 27 nothing was saved at 200 votes: how soon it pays depends on the pairs. No
strategy is clearly better than plain uncertainty here, where all pairs are judged by the same raters; information gain is
for pools in which some pairs are noisier than others, since it is not drawn to noise that all members agree upon.
All of it is about this world and a linear model.
`,
);

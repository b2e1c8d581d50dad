/**
 * The default method for comparisons. A pair p of candidates a and b of one item differs by
 *
 *   d_p = score_a - score_b + delta_p,   score ~ N(0, S), delta ~ N(0, D),
 *
 * so a pair is judged by its own votes and by its candidates' other comparisons, if any. A rater judges left to be
 * better with probability s(d), and then says left with probability u_w; a rater who judges right to be better says
 * left with probability l_w:
 *
 *   P(says left) = u_w s(d) + l_w s(-d),   s(x) = 1 / (1 + exp(-x)).
 *
 * u = 1 - l is Crowd-BT's honesty (Chen et al. 2013), u + l - 1 is a preference for a side, and u < l means a rater who
 * inverts answers. A tie is half a vote for each side and pulls d towards 0; a strength of 2 in 3 is 5/6 of a vote. EM:
 *
 *   1. For each pair, P(d | votes) on a grid around its mode, where the scores' part of the prior leaves out the pair's
 *      own message (expectation propagation, Minka 2001; with two candidates per pair it is TrueSkill's, Herbrich et
 *      al. 2006). Candidates that occur in only one pair have the plain prior.
 *   2. u_w and l_w from the expected judgements, shrunk towards the pool's rates with the weight of a few votes.
 *   3. S and D from the posterior moments.
 */
import type { Comparisons } from "../votes.js";
import type { ComparedPairs } from "./compared-pairs.js";
import { LEAST } from "./label-estimate.js";
import type { ScoreEstimate } from "./score-estimate.js";
import { ScoreMessages } from "./score-messages.js";
import { type VoteLists, voteLists } from "./vote-lists.js";

interface PairEstimate extends ScoreEstimate {
  /** P(the left candidate of the pair is better), [P]. */
  probability: Float64Array;
  /** P(a rater judges the pair's left candidate to be better), [P]: E[s(d)]. */
  judgedLeft: Float64Array;
  /** `better`: P(says left | judges left better); `worse`: P(says left | judges right better), [W] each. */
  saysLeft: { better: Float64Array; worse: Float64Array };
}

const ITERATIONS = 40;
/** Stops when no pool rate or variance changes by more. */
const TOLERANCE = 1e-3;
/** Weight of the pool's rates in a rater's rates, in votes of each kind. */
const POOL_STRENGTH = 4;
/** Prior of the pool's rates, as votes: four that match the judgement and two that do not. */
const POOL_PRIOR = { kept: 4, turned: 2 };
const START = { better: 0.8, worse: 0.2 };
const TRUSTED = { better: 0.999, worse: 0.001 };
/** Prior of a variance: this many observations of 1. */
const VARIANCE_PRIOR = 10;
const MAX_VARIANCE = 9;

const NODES = 17;
const REACH = 5; // standard deviations on each side of the mode
const SCORING_STEPS = 4;
/** Likelihoods are multiplied down to this value before a logarithm is taken. */
const MIN_PRODUCT = 1e-200;
const Z_95 = 1.959963984540054;

/**
 * @param weight of each vote, [V]: 0 leaves it out.
 * @param trusted rater whose votes are known answers and taken as true; the other raters' rates start from their votes
 * on its pairs. -1: none.
 */
export function robustPairs(
  votes: Comparisons,
  pairs: ComparedPairs,
  weight: Float64Array,
  trusted = -1,
): PairEstimate {
  const byPair = voteLists(pairs.pair, pairs.left.length);
  const P = pairs.left.length;
  const W = votes.raters.length;
  const says: Says = {
    better: new Float64Array(W).fill(START.better),
    worse: new Float64Array(W).fill(START.worse),
  };
  if (trusted >= 0) startByTrusted(votes, pairs, trusted, says);
  const variance = { score: 1, delta: 1 };
  const messages = new ScoreMessages(votes.candidates.length, pairs);
  const [probability, judgedLeft] = [new Float64Array(P), new Float64Array(P)];
  let pool = { ...START };
  for (let iteration = 0; iteration < ITERATIONS; iteration++) {
    messages.setPrior(variance.score);
    const judged = new Judgements(W);
    let deltas = 0;
    for (let p = 0; p < P; p++) {
      // 1. The pair's difference.
      const prior = messages.cavity(p);
      const total = prior.variance + variance.delta;
      const grid = posteriorGrid(votes, pairs, byPair, p, weight, says, prior.mean, total);
      const { mean, spread } = moments(grid);
      messages.update(p, prior, mean, spread, total);
      const pull = variance.delta / total;
      deltas += (pull * (mean - prior.mean)) ** 2 + variance.delta + pull ** 2 * (spread - total);
      probability[p] = shareAbove(grid);
      judgedLeft[p] = grid.weight.reduce((sum, share, k) => sum + share * grid.judgedLeft[k], 0);
      judged.add(votes, pairs, byPair, p, weight, says, grid);
    }
    // 2. Raters.
    const before = [pool.better, pool.worse, variance.score, variance.delta];
    pool = judged.pool(trusted);
    judged.rates(pool, says, trusted);
    // 3. Variances.
    variance.score = posteriorVariance(messages.squares(), votes.candidates.length);
    variance.delta = posteriorVariance(deltas, P);
    const after = [pool.better, pool.worse, variance.score, variance.delta];
    if (after.every((value, i) => Math.abs(value - before[i]) < TOLERANCE)) break;
  }
  return { ...messages.scores(Z_95), probability, judgedLeft, saysLeft: says };
}

/** Fixes the trusted rater's rates, and starts the others' from their votes on its pairs, shrunk towards START. */
function startByTrusted(
  { rater, outcome }: Comparisons,
  { pair, flipped, left }: ComparedPairs,
  trusted: number,
  says: Says,
): void {
  const known = new Float64Array(left.length).fill(0.5); // outcome for the pair's left
  for (let v = 0; v < rater.length; v++)
    if (rater[v] === trusted) known[pair[v]] = flipped[v] === 1 ? 1 - outcome[v] : outcome[v];
  const [count, said] = [new Float64Array(says.better.length * 2), new Float64Array(says.better.length * 2)];
  for (let v = 0; v < rater.length; v++) {
    if (known[pair[v]] === 0.5) continue;
    const leftBetter = known[pair[v]] > 0.5 === (flipped[v] === 0);
    const at = rater[v] * 2 + (leftBetter ? 0 : 1);
    count[at]++;
    said[at] += outcome[v];
  }
  for (let w = 0; w < says.better.length; w++) {
    says.better[w] = (said[w * 2] + POOL_STRENGTH * START.better) / (count[w * 2] + POOL_STRENGTH);
    says.worse[w] = (said[w * 2 + 1] + POOL_STRENGTH * START.worse) / (count[w * 2 + 1] + POOL_STRENGTH);
  }
  says.better[trusted] = TRUSTED.better;
  says.worse[trusted] = TRUSTED.worse;
}

const posteriorVariance = (squares: number, count: number): number =>
  Math.min(MAX_VARIANCE, (squares + VARIANCE_PRIOR) / (count + VARIANCE_PRIOR));

interface Says {
  better: Float64Array;
  worse: Float64Array;
}

/** P(d | votes) at evenly spaced nodes; weights sum to 1. `judgedLeft`: s(d). */
interface Grid {
  d: Float64Array;
  weight: Float64Array;
  judgedLeft: Float64Array;
}

const grid: Grid = {
  d: new Float64Array(NODES),
  weight: new Float64Array(NODES),
  judgedLeft: new Float64Array(NODES),
};

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** P(d | votes) of pair p. Every call returns the same object, with new contents. */
function posteriorGrid(
  { rater, outcome }: Comparisons,
  { flipped }: ComparedPairs,
  { start, vote }: VoteLists,
  p: number,
  weight: Float64Array,
  says: Says,
  mean: number,
  variance: number,
): Grid {
  // Find the mode by Fisher scoring.
  let mode = mean;
  let information = 1 / variance;
  for (let step = 0; step < SCORING_STEPS; step++) {
    const s = sigmoid(mode);
    let slope = (mean - mode) / variance;
    information = 1 / variance;
    for (let at = start[p]; at < start[p + 1]; at++) {
      const v = vote[at];
      if (weight[v] === 0) continue;
      const side = flipped[v] === 1 ? -1 : 1;
      const left = side === 1 ? s : 1 - s;
      const range = says.better[rater[v]] - says.worse[rater[v]];
      const saysLeft = Math.min(1 - LEAST, Math.max(LEAST, says.worse[rater[v]] + range * left));
      const rise = side * range * s * (1 - s);
      slope += weight[v] * ((outcome[v] - saysLeft) / (saysLeft * (1 - saysLeft))) * rise;
      information += (weight[v] * rise ** 2) / (saysLeft * (1 - saysLeft));
    }
    mode += slope / information;
  }
  const spread = (2 * REACH) / (NODES - 1) / Math.sqrt(information);
  let most = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < NODES; k++) {
    const d = mode + (k - (NODES - 1) / 2) * spread;
    const s = sigmoid(d);
    let log = -((d - mean) ** 2) / (2 * variance);
    let product = 1;
    for (let at = start[p]; at < start[p + 1]; at++) {
      const v = vote[at];
      if (weight[v] === 0) continue;
      const left = flipped[v] === 1 ? 1 - s : s;
      const saysLeft = says.worse[rater[v]] + (says.better[rater[v]] - says.worse[rater[v]]) * left;
      const o = outcome[v];
      if (weight[v] !== 1)
        log +=
          weight[v] *
          (o * Math.log(Math.max(LEAST, saysLeft)) + (1 - o) * Math.log(Math.max(LEAST, 1 - saysLeft)));
      else if (o === 1) product *= Math.max(LEAST, saysLeft);
      else if (o === 0) product *= Math.max(LEAST, 1 - saysLeft);
      else log += o * Math.log(Math.max(LEAST, saysLeft)) + (1 - o) * Math.log(Math.max(LEAST, 1 - saysLeft));
      if (product < MIN_PRODUCT) {
        log += Math.log(product);
        product = 1;
      }
    }
    log += Math.log(product);
    grid.d[k] = d;
    grid.judgedLeft[k] = s;
    grid.weight[k] = log;
    most = Math.max(most, log);
  }
  let sum = 0;
  for (let k = 0; k < NODES; k++) sum += grid.weight[k] = Math.exp(grid.weight[k] - most);
  for (let k = 0; k < NODES; k++) grid.weight[k] /= sum;
  return grid;
}

function moments({ d, weight }: Grid): { mean: number; spread: number } {
  let mean = 0;
  for (let k = 0; k < NODES; k++) mean += weight[k] * d[k];
  let spread = 0;
  for (let k = 0; k < NODES; k++) spread += weight[k] * (d[k] - mean) ** 2;
  return { mean, spread };
}

/** P(d > 0), with a density that is linear between nodes. */
function shareAbove({ d, weight }: Grid): number {
  let [above, all] = [0, 0];
  for (let k = 1; k < NODES; k++) {
    const area = (weight[k - 1] + weight[k]) / 2;
    all += area;
    if (d[k - 1] >= 0) above += area;
    else if (d[k] > 0) {
      const t = -d[k - 1] / (d[k] - d[k - 1]);
      const atZero = weight[k - 1] + t * (weight[k] - weight[k - 1]);
      above += ((1 - t) * (atZero + weight[k])) / 2;
    }
  }
  return above / all;
}

/** Expected number of each rater's judgements for left and for right, and of those after which the rater said left. */
class Judgements {
  private readonly left: Float64Array;
  private readonly leftSaid: Float64Array;
  private readonly right: Float64Array;
  private readonly rightSaid: Float64Array;

  constructor(raters: number) {
    [this.left, this.leftSaid, this.right, this.rightSaid] = [0, 1, 2, 3].map(() => new Float64Array(raters));
  }

  add(
    { rater, outcome }: Comparisons,
    { flipped }: ComparedPairs,
    { start, vote }: VoteLists,
    p: number,
    weight: Float64Array,
    says: Says,
    { judgedLeft, weight: density }: Grid,
  ): void {
    for (let at = start[p]; at < start[p + 1]; at++) {
      const v = vote[at];
      if (weight[v] === 0) continue;
      const w = rater[v];
      const [u, l] = [says.better[w], says.worse[w]];
      const o = outcome[v];
      let [ifLeft, ifRight] = [0, 0]; // P(judged left | said left), P(judged left | said right)
      for (let k = 0; k < NODES; k++) {
        const s = flipped[v] === 1 ? 1 - judgedLeft[k] : judgedLeft[k];
        const saysLeft = l + (u - l) * s;
        if (o > 0) ifLeft += (density[k] * s * u) / Math.max(LEAST, saysLeft);
        if (o < 1) ifRight += (density[k] * s * (1 - u)) / Math.max(LEAST, 1 - saysLeft);
      }
      const share = weight[v];
      this.left[w] += share * (o * ifLeft + (1 - o) * ifRight);
      this.leftSaid[w] += share * o * ifLeft;
      this.right[w] += share * (o * (1 - ifLeft) + (1 - o) * (1 - ifRight));
      this.rightSaid[w] += share * o * (1 - ifLeft);
    }
  }

  pool(trusted: number): { better: number; worse: number } {
    const sum = (values: Float64Array) => values.reduce((a, b, w) => (w === trusted ? a : a + b), 0);
    const { kept, turned } = POOL_PRIOR;
    return {
      better: (sum(this.leftSaid) + kept) / (sum(this.left) + kept + turned),
      worse: (sum(this.rightSaid) + turned) / (sum(this.right) + kept + turned),
    };
  }

  rates(pool: { better: number; worse: number }, says: Says, trusted: number): void {
    for (let w = 0; w < this.left.length; w++) {
      if (w === trusted) continue;
      says.better[w] = (this.leftSaid[w] + POOL_STRENGTH * pool.better) / (this.left[w] + POOL_STRENGTH);
      says.worse[w] = (this.rightSaid[w] + POOL_STRENGTH * pool.worse) / (this.right[w] + POOL_STRENGTH);
    }
  }
}

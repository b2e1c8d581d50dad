/**
 * How sure two labels are, where some items are harder than others. On an item of hardness h a rater of ability a is
 * right with probability
 *
 *   1/2 + (s(c logit a) - 1/2) (1 - h),   s(x) = 1 / (1 + exp(-x)),
 *
 * so that at h = 1 everybody guesses; c makes up for abilities that were estimated on hard and easy items alike. The
 * shares of h among the items and c are those that make the votes likeliest (EM on a grid). The likelier label stays
 * the one that it is for equal hardness, wherever the votes of able raters do not contradict each other.
 *
 * A vote of strength s, in (0, 1], is right with probability s(s logit p) where one of full strength is with p: it weighs
 * as much as it is strong, and probabilities of all votes remain such, so that mild words do not pass for disagreement.
 * Where the votes are likelier by a factor of e^2 at least if all weigh the same, they do: how strongly people speak then
 * says nothing of who is right.
 */
import type { LabelVotes } from "../votes.js";

const HARDNESS = [0, 0.2, 0.4, 0.6, 0.8, 1];
const SHARPER = [1, 1.25, 1.5, 2, 3];
const EM_STEPS = 100;
/** Items of each hardness that are expected before any is seen: most are plain, some are not. */
const EXPECTED = [2, 0.2, 0.2, 0.2, 0.2, 0.2];
const EXPECTED_ITEMS = EXPECTED.reduce((sum, count) => sum + count, 0);
const H = HARDNESS.length;
/** What strengths must cost in log-evidence before all votes weigh the same. */
const MIN_LOSS = 2;

/**
 * P(the truth of item i is the first label | its votes), [I].
 *
 * @param ability of each rater, [W]. @param weight of each vote, [V]: 0 leaves it out. @param strength of each vote, [V], in
 * (0, 1]; default 1.
 */
export function byHardness(
  votes: LabelVotes,
  ability: Float64Array,
  weight: ArrayLike<number>,
  strength: Float64Array = new Float64Array(votes.item.length).fill(1),
): Float64Array {
  const voted = Int32Array.from(new Set(votes.item)).sort();
  const likeliest = (strong: Float64Array): Judged => {
    let best: Judged = { logEvidence: Number.NEGATIVE_INFINITY, first: new Float64Array() };
    for (const sharper of SHARPER) {
      const fitted = judged(votes, voted, ability, weight, { sharper, strong });
      if (fitted.logEvidence > best.logEvidence) best = fitted;
    }
    return best;
  };
  const asStrong = likeliest(strength);
  if (strength.every((s) => s === 1)) return asStrong.first;
  const alike = likeliest(new Float64Array(strength.length).fill(1));
  return (alike.logEvidence - asStrong.logEvidence >= MIN_LOSS ? alike : asStrong).first;
}

interface Judged {
  logEvidence: number;
  /** P(the first label), [I]. */
  first: Float64Array;
}

/** @param voted the items that have votes. @param strong strength of each vote, [V]. */
function judged(
  { item, items, rater, label }: LabelVotes,
  voted: Int32Array,
  ability: Float64Array,
  weight: ArrayLike<number>,
  { sharper, strong }: { sharper: number; strong: Float64Array },
): Judged {
  const I = items.length;
  const sharp = ability.map((a) => 1 / (1 + ((1 - a) / a) ** sharper));
  // log P(votes of i | first label, h) and the same for the second, [I, H].
  const [ifFirst, ifSecond] = [new Float64Array(I * H), new Float64Array(I * H)];
  for (let v = 0; v < item.length; v++) {
    if (weight[v] === 0) continue;
    for (let h = 0; h < H; h++) {
      const full = 0.5 + (sharp[rater[v]] - 0.5) * (1 - HARDNESS[h]);
      const right = strong[v] === 1 ? full : 1 / (1 + ((1 - full) / full) ** strong[v]);
      const [own, other] = label[v] === 0 ? [ifFirst, ifSecond] : [ifSecond, ifFirst];
      own[item[v] * H + h] += weight[v] * Math.log(right);
      other[item[v] * H + h] += weight[v] * Math.log(1 - right);
    }
  }
  const likely = new Float64Array(I * H);
  const most = new Float64Array(I);
  for (const i of voted) {
    most[i] = Number.NEGATIVE_INFINITY;
    for (let at = i * H; at < (i + 1) * H; at++) most[i] = Math.max(most[i], ifFirst[at], ifSecond[at]);
    for (let at = i * H; at < (i + 1) * H; at++)
      likely[at] = (Math.exp(ifFirst[at] - most[i]) + Math.exp(ifSecond[at] - most[i])) / 2;
  }
  let shares = Float64Array.from(EXPECTED, (count) => count / EXPECTED_ITEMS);
  let logEvidence = 0;
  for (let step = 0; step < EM_STEPS; step++) {
    const next = Float64Array.from(EXPECTED);
    logEvidence = 0;
    for (const i of voted) {
      let sum = 0;
      for (let h = 0; h < H; h++) sum += shares[h] * likely[i * H + h];
      for (let h = 0; h < H; h++) next[h] += (shares[h] * likely[i * H + h]) / sum;
      logEvidence += most[i] + Math.log(sum);
    }
    shares = next.map((count) => count / (voted.length + EXPECTED_ITEMS));
  }
  const first = new Float64Array(I).fill(0.5);
  for (const i of voted) {
    let [a, b] = [0, 0];
    for (let h = 0; h < H; h++) {
      a += shares[h] * Math.exp(ifFirst[i * H + h] - most[i]);
      b += shares[h] * Math.exp(ifSecond[i * H + h] - most[i]);
    }
    first[i] = a / (a + b);
  }
  return { logEvidence, first };
}

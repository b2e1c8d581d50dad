/** Belief propagation is exact on a tree: here all truths and abilities are summed over instead. */
import { describe, expect, it } from "vitest";
import { type LabelVotes, labelVotes } from "../votes.js";
import { propagateBeliefs } from "./belief-propagation.js";

const ABILITIES = Array.from({ length: 25 }, (_, k) => 0.02 + 0.04 * k);
const unscaled = ABILITIES.map((a) => Math.exp(-(((a - 0.75) / 0.15) ** 2) / 2) + 0.02);
const EXPECTED = unscaled.map((share) => share / unscaled.reduce((sum, one) => sum + one, 0));

/** By summation over the truths of all items and the abilities of all raters. @param shares of the abilities. */
function summed(
  votes: LabelVotes,
  shares: ArrayLike<number>,
  known: readonly number[],
  out: ReadonlySet<number>,
) {
  const [I, W, K] = [votes.items.length, votes.raters.length, votes.labels.length];
  const all = [...votes.item.keys()].filter((v) => !out.has(v));
  const posterior = new Float64Array(I * K);
  const chances = new Float64Array(W * 25);
  let total = 0;
  for (let truths = 0; truths < K ** I; truths++) {
    const truth = Array.from({ length: I }, (_, i) => Math.floor(truths / K ** i) % K);
    if (truth.some((t, i) => known[i] >= 0 && known[i] !== t)) continue;
    const prior = known.reduce((product, label) => product * (label >= 0 ? 1 : 1 / K), 1);
    const ofRater = Array.from({ length: W }, (_, w) =>
      ABILITIES.map((a, k) =>
        all
          .filter((v) => votes.rater[v] === w)
          .reduce((p, v) => p * (truth[votes.item[v]] === votes.label[v] ? a : (1 - a) / (K - 1)), shares[k]),
      ),
    );
    const ofAll = ofRater.map((own) => own.reduce((sum, p) => sum + p, 0));
    const chance = ofAll.reduce((product, p) => product * p, prior);
    total += chance;
    for (const [i, t] of truth.entries()) posterior[i * K + t] += chance;
    for (const [w, own] of ofRater.entries())
      for (const [k, p] of own.entries()) chances[w * 25 + k] += (chance * p) / ofAll[w];
  }
  const ability = Array.from({ length: W }, (_, w) =>
    ABILITIES.reduce((sum, a, k) => sum + (a * chances[w * 25 + k]) / total, 0),
  );
  return {
    ...{ ability, logEvidence: Math.log(total), posterior: Array.from(posterior, (p) => p / total) },
    chances: Array.from(chances, (p) => p / total),
  };
}

/** i, j and k hang together by a and b; l is apart. */
const votes = labelVotes(
  "i a x, j a x, i b y, k b z, k c z, j d x, l e y"
    .split(", ")
    .map((row) => row.split(" "))
    .map(([item, rater, label]) => ({ item, rater, label })),
);
const none = new Set<number>();
const UNKNOWN = [-1, -1, -1, -1];

describe.each([
  { name: "without known labels", known: UNKNOWN, weight: undefined, left: none },
  { name: "with a known label", known: [-1, -1, 2, -1], weight: undefined, left: none },
  { name: "with a label that is known to be another", known: [0, -1, 1, -1], weight: undefined, left: none },
  { name: "without a vote of weight 0", known: UNKNOWN, weight: [1, 1, 1, 1, 1, 0, 1], left: new Set([5]) },
])("on a tree $name", ({ known, weight, left }) => {
  const options = { known: Int32Array.from(known), ...(weight && { weight }) };
  const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 3));

  it("labels, abilities and evidence are those of the sums", () => {
    const found = propagateBeliefs(votes, options);
    const exact = summed(votes, found.shares, known, left);
    expect([...found.posterior]).toEqual(close(exact.posterior));
    expect([...found.ability]).toEqual(close(exact.ability));
    expect(found.logEvidence).toBeCloseTo(exact.logEvidence, 3);
  });

  it("what others say of a vote's label does not contain the vote", () => {
    const { others, shares } = propagateBeliefs(votes, options);
    for (const v of votes.item.keys()) {
      if (left.has(v)) continue;
      const without = summed(votes, shares, known, new Set([...left, v]));
      expect(others[v], `vote ${v}`).toBeCloseTo(without.posterior[votes.item[v] * 3 + votes.label[v]], 3);
    }
  });

  it("the shares of abilities are those of the raters, with three tenths of an expected one", () => {
    const { shares } = propagateBeliefs(votes, options);
    const { chances } = summed(votes, shares, known, left);
    const counted = [...votes.raters.keys()].filter((w) =>
      [...votes.item.keys()].some((v) => votes.rater[v] === w && !left.has(v)),
    );
    const next = EXPECTED.map(
      (share, k) => 0.3 * share + counted.reduce((sum, w) => sum + chances[w * 25 + k], 0),
    );
    const total = next.reduce((sum, share) => sum + share, 0);
    for (const [k, share] of next.entries()) expect(shares[k], `${k}`).toBeCloseTo(share / total, 2);
  });
});

it("from given shares on it ends where it would from the expected ones", () => {
  const whole = propagateBeliefs(votes);
  const again = propagateBeliefs(votes, { begin: whole.shares });
  for (const [at, p] of whole.posterior.entries()) expect(again.posterior[at]).toBeCloseTo(p, 3);
});

it("with all of its own message left in, labels are sure of themselves as EM's are", () => {
  // One vote each: its rater's belief contains it, so that the shares move to what the votes seem to say.
  const lone = labelVotes(
    [..."ijkl"].map((item) => ({ item, rater: item, label: item === "l" ? "y" : "x" })),
  );
  const without = propagateBeliefs(lone).posterior;
  const withOwn = propagateBeliefs(lone, { own: 1 });
  for (const [at, p] of without.entries())
    if (p > 0.5) expect(withOwn.posterior[at]).toBeGreaterThan(p + 0.05);
});

it("a rater of many votes has beliefs that are numbers", () => {
  const many = labelVotes(
    Array.from({ length: 3000 }, (_, v) => ({
      item: `${v >> 1}`,
      rater: `${v % 2}`,
      label: v % 10 < 9 ? "x" : "y",
    })),
  );
  const { ability, logEvidence } = propagateBeliefs(many);
  for (const a of ability) expect(a).toBeGreaterThan(0.5);
  expect(Number.isFinite(logEvidence)).toBe(true);
});

/** Simulated pools of raters who give labels to items whose truth is known. */
import { RandomStream } from "../../src/base/random.js";
import { type LabelVotes, labelVotes } from "../../src/votes/votes.js";
import { chosen, type Kind, type Pool, votesOf } from "./design.js";

/** What a rater says of an item whose truth is label c of K. @param item its number. */
export type Labelling = (truth: number, labels: number, random: RandomStream, item: number) => number;

export interface LabellingRater {
  says: Labelling;
  diligence?: number;
  /** Default: honest. */
  kind?: Kind;
}

export interface LabelPool extends Pick<Pool, "name" | "votes"> {
  items: number;
  /** How common each truth is; sums to 1. */
  shares: readonly number[];
  /** Share of the items whose truth is told, and whether only those with one label. */
  gold?: { share: number; only?: number };
  raters(random: RandomStream): LabellingRater[];
}

export interface DrawnLabels {
  votes: LabelVotes;
  /** Index of each item's true label, [I]; -1 if no vote gives it. */
  truth: number[];
  known: Int32Array;
  /** Kind of each rater, in the order of the votes' raters. */
  kinds: Kind[];
}

/** Right with this probability, else any other label. */
export const oneCoin =
  (skill: number): Labelling =>
  (truth, labels, random) =>
    random.uniform() < skill ? truth : (truth + 1 + random.int(labels - 1)) % labels;

/** Takes a label that is not the common one, the first, for the common one this often. */
export const lenient =
  (misses: number, skill: number): Labelling =>
  (truth, labels, random) =>
    truth > 0 && random.uniform() < misses ? 0 : oneCoin(skill)(truth, labels, random, 0);

export const always =
  (label: number): Labelling =>
  () =>
    label;

/** Right with this probability, else one of the labels beside the true one. */
export const nearby =
  (skill: number): Labelling =>
  (truth, labels, random) => {
    if (random.uniform() < skill) return truth;
    const near = [truth - 1, truth + 1].filter((label) => label >= 0 && label < labels);
    return near[random.int(near.length)];
  };

/** Sees a label on every so-manieth item, whatever its truth, and judges the others like anybody else. */
export const seeing =
  (label: number, every: number, elsewhere: Labelling): Labelling =>
  (truth, labels, random, item) =>
    item % every === 0 ? label : elsewhere(truth, labels, random, item);

/** All votes of a pool: which they are follows from the seed and the pool's name. */
export function drawLabels(pool: LabelPool, seed: number): DrawnLabels {
  const random = new RandomStream(seed, `pools/${pool.name}`);
  const raters = pool.raters(random);
  const all = raters.map(({ diligence = 1 }, r) => ({ r, diligence }));
  const [said, truths, told]: [{ item: string; rater: string; label: string }[], number[], boolean[]] = [
    [],
    [],
    [],
  ];
  for (let i = 0; i < pool.items; i++) {
    const truth = weighted(pool.shares, random);
    truths.push(truth);
    const { share = 0, only = truth } = pool.gold ?? {};
    told.push(random.uniform() < share && truth === only);
    for (const r of chosen(all, votesOf(pool, random), random)) {
      const label = raters[r].says(truth, pool.shares.length, random, i);
      said.push({ item: `${i}`, rater: `${r}`, label: `${label}` });
    }
  }
  const votes = labelVotes(said);
  const truth = votes.items.map((item) => votes.labels.indexOf(`${truths[Number(item)]}`));
  const known = Int32Array.from(votes.items, (item, i) => (told[Number(item)] ? truth[i] : -1));
  const kinds = votes.raters.map((name) => raters[Number(name)].kind ?? "honest");
  return { votes, truth, known, kinds };
}

function weighted(shares: readonly number[], random: RandomStream): number {
  let left = random.uniform();
  for (const [c, share] of shares.entries()) {
    left -= share;
    if (left < 0) return c;
  }
  return shares.length - 1;
}

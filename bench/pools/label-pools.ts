/** Simulated pools of raters who label items whose truth is known. */
import { RandomStream } from "../../src/base/random.js";
import { type LabelVotes, labelVotes } from "../../src/votes/votes.js";
import { KINDS, type Kind } from "./design.js";

/** The label that a rater gives an item of this truth. @param item its number. */
export type Labelling = (truth: number, labels: number, random: RandomStream, item: number) => number;

export interface LabelPool {
  name: string;
  items?: number;
  /** Votes per item. */
  votes?: number;
  /** How common each truth is. */
  shares: readonly number[];
  /** Share of the items whose label is known to the aggregate. */
  gold?: number;
  raters: { kind: Kind; answer: Labelling; count: number }[];
}

export interface DrawnLabels {
  votes: LabelVotes;
  kinds: Kind[];
  /** Truth of each item, as an index of the votes' labels; -1 for a label that nobody gave. */
  truth: Int32Array;
  known?: Int32Array;
}

const ITEMS = 400;
const VOTES = 5;

const other = (label: number, labels: number, random: RandomStream): number =>
  (label + 1 + random.int(labels - 1)) % labels;
/** Right this often; a wrong label is any other. */
const able =
  (skill: number): Labelling =>
  (truth, labels, random) =>
    random.uniform() < skill ? truth : other(truth, labels, random);
/** As able, but says label 0 instead of another this often. */
const lenient =
  (skill: number, share: number): Labelling =>
  (truth, labels, random) =>
    random.uniform() < share ? 0 : able(skill)(truth, labels, random, 0);
const guess: Labelling = (_, labels, random) => random.int(labels);
const always =
  (label: number): Labelling =>
  () =>
    label;
const turned =
  (skill: number): Labelling =>
  (truth, labels, random) =>
    random.uniform() < skill ? other(truth, labels, random) : truth;
/** Gives the answers of a key. */
const keyed =
  (name: string): Labelling =>
  (_, labels, __, item) =>
    new RandomStream(1, `label-pools/${name}`, item).int(labels);

const of = (kind: Kind, count: number, answer: Labelling) => ({ kind, count, answer });
const HALF = [0.5, 0.5];
const RARE = [0.9, 0.1];
const FIVE = [0.4, 0.3, 0.15, 0.1, 0.05];

export const LABEL_POOLS: readonly LabelPool[] = [
  { name: "two labels, honest", shares: HALF, raters: [of("honest", 40, able(0.8))] },
  { name: "two labels, weak crowd (.6)", shares: HALF, raters: [of("weak", 40, able(0.6))] },
  {
    name: "two labels, 5 experts, 35 weak",
    shares: HALF,
    raters: [of("expert", 5, able(0.97)), of("weak", 35, able(0.58))],
  },
  { name: "a rare label (10%), honest", shares: RARE, raters: [of("honest", 40, able(0.85))] },
  {
    name: "a rare label, one vote an item, 5 a rater",
    items: 200,
    votes: 1,
    shares: [0.8, 0.2],
    raters: [of("honest", 40, able(0.85))],
  },
  { name: "a rare label, two votes an item", votes: 2, shares: RARE, raters: [of("honest", 40, able(0.85))] },
  {
    name: "a rare label, two votes an item, 10 a rater",
    items: 200,
    votes: 2,
    shares: [0.8, 0.2],
    raters: [of("honest", 40, able(0.85))],
  },
  {
    name: "a rare label, three votes an item, 100 items",
    items: 100,
    votes: 3,
    shares: [0.8, 0.2],
    raters: [of("honest", 20, able(0.85))],
  },
  {
    name: "a rare label, 12 lenient",
    shares: RARE,
    raters: [of("honest", 28, able(0.85)), of("careless", 12, lenient(0.85, 0.6))],
  },
  {
    name: "a rare label, 12 always the common one",
    shares: RARE,
    raters: [of("honest", 28, able(0.85)), of("careless", 12, always(0))],
  },
  {
    name: "two labels, 20 lenient",
    shares: HALF,
    raters: [of("honest", 20, able(0.8)), of("careless", 20, lenient(0.85, 0.5))],
  },
  {
    name: "two labels, 12 invert",
    shares: HALF,
    raters: [of("honest", 28, able(0.8)), of("hostile", 12, turned(0.8))],
  },
  {
    name: "two labels, 12 guess",
    shares: HALF,
    raters: [of("honest", 28, able(0.8)), of("careless", 12, guess)],
  },
  {
    name: "two labels, a ring of 12",
    shares: HALF,
    raters: [of("honest", 28, able(0.8)), of("hostile", 12, keyed("ring"))],
  },
  { name: "five labels, honest", shares: FIVE, raters: [of("honest", 40, able(0.7))] },
  { name: "five labels, weak (.4)", shares: FIVE, raters: [of("weak", 40, able(0.4))] },
  {
    name: "five labels, 12 guess",
    shares: FIVE,
    raters: [of("honest", 28, able(0.7)), of("careless", 12, guess)],
  },
  { name: "five labels, two votes an item", votes: 2, shares: FIVE, raters: [of("honest", 40, able(0.7))] },
  { name: "five labels, 60 items", items: 60, votes: 3, shares: FIVE, raters: [of("honest", 12, able(0.7))] },
  { name: "five labels, one rater", items: 60, votes: 1, shares: FIVE, raters: [of("honest", 1, able(0.8))] },
  {
    name: "two labels, 2,000 items",
    items: 2000,
    shares: [0.7, 0.3],
    raters: [of("honest", 30, able(0.8)), of("careless", 10, lenient(0.8, 0.5))],
  },
];

export function drawLabels(pool: LabelPool, seed: number): DrawnLabels {
  const random = new RandomStream(seed, `label-pools/${pool.name}`);
  const raters = pool.raters.flatMap(({ kind, answer, count }) =>
    Array.from({ length: count }, () => ({ kind, answer })),
  );
  const K = pool.shares.length;
  const said: { item: string; rater: string; label: string }[] = [];
  const truths: number[] = [];
  for (let i = 0; i < (pool.items ?? ITEMS); i++) {
    const at = random.uniform();
    let truth = 0;
    for (let sum = pool.shares[0]; at >= sum && truth < K - 1; ) sum += pool.shares[++truth];
    truths.push(truth);
    for (const w of random.shuffled([...raters.keys()]).slice(0, pool.votes ?? VOTES))
      said.push({ item: `${i}`, rater: `${w}`, label: `${raters[w].answer(truth, K, random, i)}` });
  }
  const votes = labelVotes(said);
  const truth = Int32Array.from(votes.items, (name) => votes.labels.indexOf(`${truths[Number(name)]}`));
  const known =
    pool.gold === undefined
      ? undefined
      : truth.map((label) => (random.uniform() < (pool.gold ?? 0) ? label : -1));
  return { votes, kinds: votes.raters.map((w) => raters[Number(w)].kind), truth, known };
}

export { KINDS };

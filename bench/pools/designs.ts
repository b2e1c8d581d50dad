/** Small sets of votes in which raters can hardly be checked by one another, or not at all. */
import { dissenting, expert, guessing, honest, inverting, lazy, raters, turning } from "./behaviours.js";
import type { Pool, SimulatedRater } from "./design.js";
import { always, type LabelPool, lenient, oneCoin } from "./label-design.js";

export type Design = { group: string } & ({ pairs: Pool } | { labels: LabelPool });

const any = (count: number): Pool["raters"] => {
  return (random) => {
    const skills = Array.from({ length: count }, () => 0.55 + 0.4 * random.uniform());
    return raters(count, "honest", (nth) => honest(skills[nth]));
  };
};
const all = (count: number, skill: number) => (): SimulatedRater[] =>
  raters(count, "honest", () => honest(skill));
/** Honest raters (.8), and some of another kind among them. */
const among =
  (honestOnes: number, count: number, kind: SimulatedRater["kind"], answer: SimulatedRater["answer"]) =>
  (): SimulatedRater[] => [...all(honestOnes, 0.8)(), ...raters(count, kind, () => answer)];
/** One rater who does as much as the `others` together. */
const busy =
  (others: number, one: SimulatedRater, skill = 0.8): Pool["raters"] =>
  () => [{ ...one, diligence: others }, ...raters(others, "honest", () => honest(skill))];
const fewDoMost =
  (count: number): Pool["raters"] =>
  (random) => {
    const skills = Array.from({ length: count }, () => 0.55 + 0.4 * random.uniform());
    return raters(
      count,
      "honest",
      (nth) => honest(skills[nth]),
      (nth) => 1 / (1 + nth),
    );
  };

const SPARSE: Pool[] = [
  { name: "one vote a pair, 40 raters, 100 pairs", votes: 1, pairs: 100, raters: any(40) },
  { name: "one vote a pair, each by another rater", votes: 1, pairs: 100, teams: 1, raters: any(100) },
  { name: "two votes a pair, 10 raters, 60 pairs", votes: 2, pairs: 60, raters: any(10) },
  { name: "two votes a pair, 40 raters, 60 pairs", votes: 2, pairs: 60, raters: any(40) },
  { name: "three votes a pair, 10 raters, 30 pairs", votes: 3, pairs: 30, raters: any(10) },
  { name: "three votes a pair, 10 raters, 100 pairs", votes: 3, pairs: 100, raters: any(10) },
  { name: "one to three votes, 20 raters, 80 pairs", votes: [1, 3], pairs: 80, raters: any(20) },
  { name: "one to five votes, 12 raters, 60 pairs", votes: [1, 5], pairs: 60, raters: any(12) },
  { name: "three votes a pair by a weak crowd (.6), 15 raters", votes: 3, pairs: 60, raters: all(15, 0.6) },
  { name: "five votes a pair, 20 raters, 20 pairs", votes: 5, pairs: 20, raters: any(20) },
  { name: "five votes a pair by alike raters (.7), 20 raters", votes: 5, pairs: 60, raters: all(20, 0.7) },
  { name: "teams of three, each with pairs of its own", votes: 3, teams: 3, pairs: 100, raters: any(30) },
  {
    name: "two votes a pair, 3 of 12 invert",
    votes: 2,
    pairs: 60,
    raters: among(9, 3, "hostile", inverting(0.8)),
  },
  {
    name: "three votes a pair, 3 of 12 guess",
    votes: 3,
    pairs: 60,
    raters: among(9, 3, "careless", guessing),
  },
  {
    name: "three votes a pair, 3 of 12 copy the last vote",
    votes: 3,
    pairs: 60,
    raters: among(9, 3, "careless", lazy(0.8, 0.8)),
  },
  {
    name: "three votes a pair, 4 of 12 of another taste (40%)",
    votes: 3,
    pairs: 60,
    tastes: 0.4,
    raters: among(8, 4, "dissenting", dissenting(0.8)),
  },
  {
    name: "three votes a pair, half of them hard, 12 raters",
    votes: 3,
    pairs: 60,
    hard: 0.5,
    raters: any(12),
  },
];

const UNBALANCED: Pool[] = [
  { name: "a few do most, three votes a pair", votes: 3, pairs: 80, raters: fewDoMost(20) },
  { name: "a few do most, two votes a pair", votes: 2, pairs: 80, raters: fewDoMost(20) },
  { name: "a few do most, one vote a pair", votes: 1, pairs: 80, raters: fewDoMost(20) },
  {
    name: "one does a third of it, and guesses",
    votes: 3,
    pairs: 80,
    raters: busy(12, { kind: "careless", answer: guessing }),
  },
  {
    name: "one does a third of it, and inverts",
    votes: 3,
    pairs: 80,
    raters: busy(12, { kind: "hostile", answer: inverting(0.8) }),
  },
  {
    name: "one does half of it, and inverts: two votes a pair",
    votes: 2,
    pairs: 80,
    raters: busy(12, { kind: "hostile", answer: inverting(0.8) }),
  },
  {
    name: "one does a third of it and is an expert among the weak (.6)",
    votes: 3,
    pairs: 80,
    raters: busy(12, { kind: "expert", answer: expert(0.95) }, 0.6),
  },
  {
    name: "one does a third of it, and is weak (.55)",
    votes: 3,
    pairs: 80,
    raters: busy(12, { kind: "weak", answer: honest(0.55) }),
  },
  {
    name: "one does a third of it, honest until the middle, then inverts",
    votes: 3,
    pairs: 80,
    raters: busy(12, { kind: "hostile", answer: turning(0.5, honest(0.8), inverting(0.8)) }),
  },
  { name: "left better in 95%, one vote a pair", votes: 1, pairs: 80, leftShare: 0.95, raters: any(10) },
  { name: "left better in 95%, two votes a pair", votes: 2, pairs: 80, leftShare: 0.95, raters: any(10) },
  { name: "left better in 95%, three votes a pair", votes: 3, pairs: 80, leftShare: 0.95, raters: any(10) },
  {
    name: "8 regular raters, and 40 who come once",
    votes: 3,
    pairs: 80,
    raters: (random) => [
      ...any(8)(random),
      ...any(40)(random).map((rater) => ({ ...rater, diligence: 0.05 })),
    ],
  },
];

const allLeft = (share: number): Pool["gold"] => ({ share, onlyLeft: true });
const ONE_SIDED: Pool[] = [
  { name: "gold all left (10%), one vote a pair", votes: 1, pairs: 80, gold: allLeft(0.1), raters: any(10) },
  { name: "gold all left (10%), two votes a pair", votes: 2, pairs: 80, gold: allLeft(0.1), raters: any(10) },
  { name: "gold all left (30%), two votes a pair", votes: 2, pairs: 80, gold: allLeft(0.3), raters: any(10) },
  {
    name: "gold all left (10%), weak raters (.6)",
    votes: 3,
    pairs: 60,
    gold: allLeft(0.1),
    raters: all(15, 0.6),
  },
  {
    name: "gold all left (10%), one vote by weak raters (.55)",
    votes: 1,
    pairs: 80,
    gold: allLeft(0.1),
    raters: all(10, 0.55),
  },
  {
    name: "gold all left (10%), left better in 90%",
    votes: 2,
    pairs: 80,
    leftShare: 0.9,
    gold: allLeft(0.1),
    raters: any(10),
  },
  {
    name: "gold all left (10%), 3 of 12 invert",
    votes: 2,
    pairs: 80,
    gold: allLeft(0.1),
    raters: among(9, 3, "hostile", inverting(0.8)),
  },
];

const SINGLE: Pool[] = [
  { name: "one rater (.8)", votes: 1, pairs: 80, raters: all(1, 0.8) },
  { name: "one rater (.8), 10% gold", votes: 1, pairs: 80, gold: { share: 0.1 }, raters: all(1, 0.8) },
  { name: "one rater (.55), 10% gold", votes: 1, pairs: 80, gold: { share: 0.1 }, raters: all(1, 0.55) },
  {
    name: "one rater (.55), gold all left (10%)",
    votes: 1,
    pairs: 80,
    gold: allLeft(0.1),
    raters: all(1, 0.55),
  },
  {
    name: "one rater who inverts, 10% gold",
    votes: 1,
    pairs: 80,
    gold: { share: 0.1 },
    raters: () => raters(1, "hostile", () => inverting(0.8)),
  },
  { name: "two raters see everything", votes: 2, pairs: 80, raters: any(2) },
  {
    name: "two raters see everything, one guesses",
    votes: 2,
    pairs: 80,
    raters: among(1, 1, "careless", guessing),
  },
  { name: "three raters see everything", votes: 3, pairs: 40, raters: any(3) },
  {
    name: "three raters see everything, two copy the first (80%)",
    votes: 3,
    pairs: 80,
    raters: among(1, 2, "careless", lazy(0.8, 0.7)),
  },
  {
    name: "one sees everything, ten see a tenth each",
    votes: 2,
    pairs: 80,
    raters: (random) => any(11)(random).map((rater, r) => ({ ...rater, diligence: r === 0 ? 1e6 : 1 })),
  },
];

const RECURRING: Pool[] = [
  {
    name: "the same two names in all pairs, one vote",
    votes: 1,
    pairs: 80,
    leftShare: 0.7,
    sameNames: true,
    raters: any(10),
  },
  {
    name: "the same two names in all pairs, three votes",
    votes: 3,
    pairs: 80,
    leftShare: 0.7,
    sameNames: true,
    raters: any(10),
  },
  {
    name: "the same two names, gold all left (10%)",
    votes: 2,
    pairs: 80,
    gold: allLeft(0.1),
    sameNames: true,
    raters: any(10),
  },
  { name: "two models, one vote a battle", arena: 2, votes: 1, pairs: 80, upsets: 0.3, raters: any(10) },
  {
    name: "two equal models, one vote a battle",
    arena: 2,
    votes: 1,
    pairs: 80,
    upsets: 0.5,
    raters: any(10),
  },
  { name: "ten models, one vote a battle", arena: 10, votes: 1, pairs: 100, raters: any(10) },
  { name: "ten models, three votes a battle", arena: 10, votes: 3, pairs: 60, upsets: 0.1, raters: any(10) },
  {
    name: "ten models that say nothing, one vote a battle",
    arena: 10,
    votes: 1,
    pairs: 100,
    upsets: 0.5,
    raters: any(10),
  },
  {
    name: "ten models that say nothing, three votes a battle",
    arena: 10,
    votes: 3,
    pairs: 60,
    upsets: 0.5,
    raters: any(10),
  },
];

const any2 =
  (count: number, least = 0.55): LabelPool["raters"] =>
  (random) =>
    Array.from({ length: count }, () => ({ says: oneCoin(least + 0.4 * random.uniform()) }));
const RARE = [0.95, 0.05];
const LABELS: Record<string, LabelPool[]> = {
  sparse: [
    { name: "a rare label (5%), one vote an item", items: 200, votes: 1, shares: RARE, raters: any2(20) },
    { name: "a rare label (5%), two votes an item", items: 100, votes: 2, shares: RARE, raters: any2(10) },
    { name: "a rare label (5%), three votes an item", items: 100, votes: 3, shares: RARE, raters: any2(10) },
    {
      name: "three labels (80, 15, 5%), two votes an item",
      items: 80,
      votes: 2,
      shares: [0.8, 0.15, 0.05],
      raters: any2(10),
    },
    {
      name: "five labels, three votes an item",
      items: 60,
      votes: 3,
      shares: [0.2, 0.2, 0.2, 0.2, 0.2],
      raters: any2(10, 0.4),
    },
    {
      name: "twelve labels, two votes an item",
      items: 80,
      votes: 2,
      shares: Array(12).fill(1 / 12),
      raters: any2(10, 0.4),
    },
    {
      name: "raters who miss half of a rare label (10%), three votes",
      items: 100,
      votes: 3,
      shares: [0.9, 0.1],
      raters: () => Array.from({ length: 10 }, () => ({ says: lenient(0.5, 0.95) })),
    },
    {
      name: "half of the raters miss half of a rare label (10%), three votes",
      items: 100,
      votes: 3,
      shares: [0.9, 0.1],
      raters: () => Array.from({ length: 10 }, (_, r) => ({ says: lenient(r % 2 ? 0.5 : 0, 0.9) })),
    },
  ],
  unbalanced: [
    {
      name: "labels, a few do most, three votes",
      items: 80,
      votes: 3,
      shares: [0.7, 0.3],
      raters: (random) => any2(20)(random).map((rater, r) => ({ ...rater, diligence: 1 / (1 + r) })),
    },
    {
      name: "one who does a third of it always says the common label (80%)",
      items: 80,
      votes: 3,
      shares: [0.8, 0.2],
      raters: (random) => [{ says: always(0), diligence: 12 }, ...any2(12)(random)],
    },
    {
      name: "one who does a third of it always says the rare label (20%)",
      items: 80,
      votes: 3,
      shares: [0.8, 0.2],
      raters: (random) => [{ says: always(1), diligence: 12 }, ...any2(12)(random)],
    },
  ],
  "one-sided gold": [
    {
      name: "gold all of the common label (20%), one vote",
      items: 100,
      votes: 1,
      shares: [0.9, 0.1],
      gold: { share: 0.2, only: 0 },
      raters: any2(10),
    },
    {
      name: "gold all of the common label (20%), three votes",
      items: 100,
      votes: 3,
      shares: [0.9, 0.1],
      gold: { share: 0.2, only: 0 },
      raters: any2(10),
    },
    {
      name: "gold all of a rare label, two votes",
      items: 100,
      votes: 2,
      shares: [0.9, 0.1],
      gold: { share: 0.5, only: 1 },
      raters: any2(10),
    },
    {
      name: "gold all of the common label, raters who miss half of the rare one",
      items: 100,
      votes: 3,
      shares: [0.9, 0.1],
      gold: { share: 0.2, only: 0 },
      raters: () => Array.from({ length: 10 }, () => ({ says: lenient(0.5, 0.95) })),
    },
  ],
  "single rater": [
    { name: "one rater of labels", items: 80, votes: 1, shares: [0.7, 0.3], raters: any2(1) },
    {
      name: "one rater of labels, gold all of the common one",
      items: 80,
      votes: 1,
      shares: [0.7, 0.3],
      gold: { share: 0.2, only: 0 },
      raters: any2(1),
    },
    {
      name: "two raters of three labels see everything",
      items: 80,
      votes: 2,
      shares: [0.6, 0.3, 0.1],
      raters: any2(2),
    },
  ],
};

export const DESIGNS: readonly Design[] = [
  ...grouped("sparse", SPARSE),
  ...grouped("unbalanced", UNBALANCED),
  ...grouped("one-sided gold", ONE_SIDED),
  ...grouped("single rater", SINGLE),
  ...grouped("recurring names", RECURRING),
];

function grouped(group: string, pools: readonly Pool[]): Design[] {
  return [
    ...pools.map((pairs) => ({ group, pairs })),
    ...(LABELS[group] ?? []).map((labels) => ({ group, labels })),
  ];
}

/** Pools of raters who give labels: 40 raters, five votes an item, unless they say otherwise. */
import {
  always,
  type Labelling,
  type LabellingRater,
  type LabelPool,
  lenient,
  nearby,
  oneCoin,
  seeing,
} from "./label-design.js";

const SKILL = 0.82;
const raters = (count: number, says: (nth: number) => Labelling, kind: LabellingRater["kind"] = "honest") =>
  Array.from({ length: count }, (_, nth): LabellingRater => ({ says: says(nth), kind }));
const usual = (count: number) => raters(count, () => oneCoin(SKILL));

const COMMON = { items: 1000, shares: [0.9, 0.1] };
const RARE = { items: 1000, shares: [0.67, 0.3, 0.03] };

export const LABEL_POOLS: readonly LabelPool[] = [
  { name: "three labels, alike", items: 600, shares: [0.4, 0.35, 0.25], raters: () => usual(40) },
  {
    name: "three labels, skills from .45 to .95",
    items: 600,
    shares: [0.4, 0.35, 0.25],
    raters: () => raters(40, (nth) => oneCoin(0.45 + (0.5 * nth) / 39)),
  },
  { name: "one label of nine in ten, alike", ...COMMON, raters: () => usual(40) },
  {
    name: "one label of nine in ten, skills from .55 to .95",
    ...COMMON,
    raters: () => raters(40, (nth) => oneCoin(0.55 + (0.4 * nth) / 39)),
  },
  {
    name: "one label of nine in ten, 15 always say it",
    ...COMMON,
    raters: () => [...usual(25), ...raters(15, () => always(0), "careless")],
  },
  {
    name: "one label of nine in ten, 15 always say it, 400 items",
    ...COMMON,
    items: 400,
    raters: () => [...usual(25), ...raters(15, () => always(0), "careless")],
  },
  {
    name: "one label of nine in ten, 8 always say it",
    ...COMMON,
    raters: () => [...usual(32), ...raters(8, () => always(0), "careless")],
  },
  {
    name: "one label of nine in ten, 15 always say the other",
    ...COMMON,
    raters: () => [...usual(25), ...raters(15, () => always(1), "careless")],
  },
  {
    name: "one label of nine in ten, half of the other missed",
    ...COMMON,
    raters: () => raters(40, () => lenient(0.5, 0.95)),
  },
  {
    name: "one label of nine in ten, half of the raters miss half of the other",
    ...COMMON,
    raters: () => [...raters(20, () => lenient(0.5, 0.95)), ...raters(20, () => oneCoin(0.95))],
  },
  {
    name: "three labels, one of 3%, half of it missed",
    ...RARE,
    raters: () => raters(40, () => lenientOf(2, 0.5, 0.9)),
  },
  { name: "three labels, one of 3%, alike", ...RARE, raters: () => usual(40) },
  {
    name: "three labels, one of 3%, half of it missed, one vote an item by each of 40",
    ...RARE,
    votes: 1,
    raters: () => raters(40, () => lenientOf(2, 0.5, 0.9)),
  },
  {
    name: "one label of nine in ten, 8 see the other in every third item",
    ...COMMON,
    raters: () => [...usual(32), ...raters(8, () => seeing(1, 3, oneCoin(SKILL)), "dissenting")],
  },
  {
    name: "one label of nine in ten, 12 see the other in every third item",
    ...COMMON,
    raters: () => [...usual(28), ...raters(12, () => seeing(1, 3, oneCoin(SKILL)), "dissenting")],
  },
  {
    name: "five labels in order, wrong ones beside the true one",
    items: 600,
    shares: [0.1, 0.2, 0.4, 0.2, 0.1],
    raters: () => raters(40, () => nearby(0.7)),
  },
  {
    name: "five labels in order, 12 guess",
    items: 600,
    shares: [0.1, 0.2, 0.4, 0.2, 0.1],
    raters: () => [
      ...raters(28, () => nearby(0.7)),
      ...raters(12, () => (_truth, labels, random) => random.int(labels), "careless"),
    ],
  },
];

/** Takes one label for the common one, the first, this often. */
function lenientOf(label: number, misses: number, skill: number): Labelling {
  const [some, all] = [lenient(misses, skill), oneCoin(skill)];
  return (truth, labels, random, item) => (truth === label ? some : all)(truth, labels, random, item);
}

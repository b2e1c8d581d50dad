/**
 * The pools: those of the complaints and attacks that were found, and others. Numbers of raters are of 40 unless they
 * say otherwise.
 */
import type { RandomStream } from "../../src/base/random.js";
import {
  copying,
  dissenting,
  expert,
  following,
  guessing,
  honest,
  inverting,
  keyOf,
  lazy,
  onTopic,
  raters,
  turning,
  tying,
} from "./behaviours.js";
import type { Pool, SimulatedRater } from "./design.js";

const SKILL = 0.8;
const usual = (count: number, skill = SKILL): SimulatedRater[] =>
  raters(count, "honest", () => honest(skill));
const rings = (name: string, count: number, size: number, share = 1): SimulatedRater[] =>
  raters(count * size, "hostile", (nth) => copying(keyOf(`${name}/${Math.floor(nth / size)}`), share, SKILL));

/** One to three of three, whatever is right. */
const anyStrength = (random: RandomStream): number => (1 + random.int(3)) / 3;

/** Raters who see one topic's pairs and no others. */
const speaking = (only: number, count: number, skill: number): SimulatedRater[] =>
  usual(count, skill).map((rater) => ({ ...rater, only }));

export const POOLS: readonly Pool[] = [
  // Nobody attacks.
  { name: "honest", raters: () => usual(40) },
  { name: "honest, half of the pairs hard", hard: 0.5, raters: () => usual(40) },
  { name: "honest, hard pairs are ties", hard: 0.5, raters: () => raters(40, "honest", () => tying(SKILL)) },
  { name: "honest, nine in ten left better", leftShare: 0.9, raters: () => usual(40) },
  { name: "weak crowd (.6)", raters: () => raters(40, "weak", () => honest(0.6)) },
  {
    name: "skills from .55 to .95",
    raters: () => raters(40, "honest", (nth) => honest(0.55 + (0.4 * nth) / 39)),
  },
  {
    name: "5 experts (.97), 35 weak (.58)",
    raters: () => [...raters(5, "expert", () => expert(0.97)), ...raters(35, "weak", () => honest(0.58))],
  },
  {
    name: "10 experts right where the crowd is wrong (30% traps)",
    traps: 0.3,
    raters: () => [...raters(10, "expert", () => expert(0.95)), ...usual(30)],
  },
  {
    name: "25 experts right where 40 others are wrong (30% traps)",
    traps: 0.3,
    raters: () => [...raters(25, "expert", () => expert(0.95)), ...usual(40)],
  },
  {
    name: "12 of another taste (40% of the pairs)",
    tastes: 0.4,
    raters: () => [...usual(28), ...raters(12, "dissenting", () => dissenting(SKILL))],
  },
  {
    name: "12 of another taste (all pairs of matters of taste are hard)",
    tastes: 0.4,
    hard: 0.4,
    raters: () => [...usual(28), ...raters(12, "dissenting", () => dissenting(SKILL))],
  },
  // Carelessness.
  { name: "12 guess", raters: () => [...usual(28), ...raters(12, "careless", () => guessing)] },
  {
    name: "12 copy the last vote on the pair (60%)",
    raters: () => [...usual(28), ...raters(12, "careless", () => lazy(0.6, SKILL))],
  },
  {
    name: "24 copy the last vote on the pair (80%)",
    raters: () => [...usual(16), ...raters(24, "careless", () => lazy(0.8, SKILL))],
  },
  {
    name: "12 honest until the last third, then guess",
    raters: () => [...usual(28), ...raters(12, "careless", () => turning(2 / 3, honest(SKILL), guessing))],
  },
  // Attacks.
  { name: "8 invert", raters: () => [...usual(32), ...raters(8, "hostile", () => inverting(SKILL))] },
  { name: "12 invert", raters: () => [...usual(28), ...raters(12, "hostile", () => inverting(SKILL))] },
  {
    name: "12 invert, 5% gold",
    gold: { share: 0.05 },
    raters: () => [...usual(28), ...raters(12, "hostile", () => inverting(SKILL))],
  },
  {
    name: "12 honest until the last third, then invert",
    raters: () => [
      ...usual(28),
      ...raters(12, "hostile", () => turning(2 / 3, honest(SKILL), inverting(SKILL))),
    ],
  },
  {
    name: "10 invert one topic of five",
    raters: () => [...usual(30), ...raters(10, "hostile", () => onTopic(0, inverting(0.95), honest(SKILL)))],
  },
  {
    name: "10 invert one topic of five, 2,000 pairs",
    pairs: 2000,
    raters: () => [...usual(30), ...raters(10, "hostile", () => onTopic(0, inverting(0.95), honest(SKILL)))],
  },
  {
    name: "10 invert one topic of five, 10% gold",
    gold: { share: 0.1 },
    raters: () => [...usual(30), ...raters(10, "hostile", () => onTopic(0, inverting(0.95), honest(SKILL)))],
  },
  { name: "a ring of 8", raters: () => [...usual(32), ...rings("8", 1, 8)] },
  { name: "a ring of 12", raters: () => [...usual(28), ...rings("12", 1, 12)] },
  { name: "two rings of 6", raters: () => [...usual(28), ...rings("2x6", 2, 6)] },
  { name: "six rings of 2", raters: () => [...usual(28), ...rings("6x2", 6, 2)] },
  { name: "ten rings of 2", raters: () => [...usual(20), ...rings("10x2", 10, 2)] },
  { name: "8 copy a key on 70%", raters: () => [...usual(32), ...rings("70%", 1, 8, 0.7)] },
  { name: "12 copy a key on half", raters: () => [...usual(28), ...rings("50%", 1, 12, 0.5)] },
  {
    name: "a ring of 20 among 400 raters, 2,000 pairs",
    pairs: 2000,
    raters: () => [...usual(380), ...rings("400", 1, 20)],
  },
  // Designs.
  { name: "one vote a pair", votes: 1, raters: () => usual(40) },
  { name: "two votes a pair", votes: 2, raters: () => usual(40) },
  {
    name: "one vote a pair, 12 guess",
    votes: 1,
    raters: () => [...usual(28), ...raters(12, "careless", () => guessing)],
  },
  { name: "ten votes each: 80 pairs", pairs: 80, raters: () => usual(40) },
  { name: "one rater", pairs: 100, votes: 1, raters: () => usual(1) },
  { name: "three raters see everything", votes: 3, raters: () => usual(3) },
  {
    name: "two good and one inverting rater see everything",
    votes: 3,
    raters: () => [...usual(2), ...raters(1, "hostile", () => inverting(SKILL))],
  },
  {
    name: "a few raters do most of it",
    raters: () =>
      raters(
        40,
        "honest",
        (nth) => honest(nth % 2 ? 0.75 : 0.85),
        (nth) => 1 / (1 + nth),
      ),
  },
  { name: "gold is all left", gold: { share: 0.05, onlyLeft: true }, raters: () => usual(40) },
  {
    name: "gold is all left, one vote a pair",
    votes: 1,
    gold: { share: 0.05, onlyLeft: true },
    raters: () => usual(40),
  },
  { name: "an arena of 10", arena: 10, raters: () => usual(40) },
  { name: "an arena of 10, one vote a battle", arena: 10, votes: 1, raters: () => usual(40) },
  {
    name: "an arena of 10, 12 invert",
    arena: 10,
    raters: () => [...usual(28), ...raters(12, "hostile", () => inverting(SKILL))],
  },
  {
    name: "fixed teams of 5: 40, skills from .55 to .95, 55 pairs each",
    pairs: 2200,
    teams: 5,
    raters: () => raters(200, "honest", (nth) => honest(0.55 + (0.4 * ((nth * 89) % 200)) / 199)),
  },
  {
    name: "fixed teams of 5: 8, skills from .55 to .95, 50 pairs each",
    teams: 5,
    raters: () => raters(40, "honest", (nth) => honest(0.55 + (0.4 * ((nth * 17) % 40)) / 39)),
  },
  {
    name: "fixed teams of 5: 8, all .8, 50 pairs each",
    teams: 5,
    raters: () => usual(40),
  },
  {
    name: "400 raters, skills from .55 to .95, 4,000 pairs",
    pairs: 4000,
    raters: () => raters(400, "honest", (nth) => honest(0.55 + (0.4 * nth) / 399)),
  },
  {
    name: "400 raters, skills from .55 to .95, 20 votes each",
    pairs: 1600,
    raters: () => raters(400, "honest", (nth) => honest(0.55 + (0.4 * nth) / 399)),
  },
  {
    name: "400 raters, half .9, half guess, 2,000 pairs",
    pairs: 2000,
    raters: () => [...raters(200, "honest", () => honest(0.9)), ...raters(200, "careless", () => guessing)],
  },
  {
    name: "100 raters, a tenth .98, the rest .6, 1,000 pairs",
    pairs: 1000,
    raters: () => [...raters(10, "expert", () => expert(0.98)), ...raters(90, "weak", () => honest(0.6))],
  },
  // Votes of different strengths.
  {
    name: "strengths of 1 to 3 at random, skills from .55 to .95",
    strength: anyStrength,
    raters: () => raters(40, "honest", (nth) => honest(0.55 + (0.4 * nth) / 39)),
  },
  {
    name: "strengths of 1 to 3 at random, 12 invert",
    strength: anyStrength,
    raters: () => [...usual(28), ...raters(12, "hostile", () => inverting(SKILL))],
  },
  {
    name: "stronger words where right",
    strength: (random, right) => (random.uniform() < (right ? 0.7 : 0.3) ? 1 : 1 / 3),
    raters: () => usual(40),
  },
  // Large groups.
  {
    name: "9 of 20 answer nine in ten from a key",
    pairs: 300,
    raters: () => [...usual(11), ...rings("9 of 20", 1, 9, 0.8)],
  },
  {
    name: "9 of 20 follow one of them (.65) nine times in ten",
    pairs: 300,
    raters: () => [...usual(11), ...raters(9, "careless", () => following(keyOf("leader"), 0.65, 0.9))],
  },
  {
    name: "12 of another taste (25% of the pairs), all .95",
    tastes: 0.25,
    raters: () => [...usual(28, 0.95), ...raters(12, "dissenting", () => dissenting(0.95))],
  },
  // Two languages.
  {
    name: "two languages, 20 raters of .9 for one, 20 of .62 for the other, one of both",
    topics: 2,
    unnamedTopics: true,
    raters: () => [...speaking(0, 20, 0.9), ...speaking(1, 20, 0.62), ...usual(1)],
  },
  {
    name: "two languages, 20 raters of .85 for one, 20 of .62 for the other",
    pairs: 800,
    topics: 2,
    unnamedTopics: true,
    raters: () => [...speaking(0, 20, 0.85), ...speaking(1, 20, 0.62)],
  },
  {
    name: "two languages, 20 raters of .85 for one, 20 of .62 for the other, named",
    pairs: 800,
    topics: 2,
    raters: () => [...speaking(0, 20, 0.85), ...speaking(1, 20, 0.62)],
  },
  {
    name: "two languages, each rater .85 in one and .55 in the other",
    pairs: 800,
    topics: 2,
    unnamedTopics: true,
    raters: () => raters(40, "honest", (nth) => onTopic(nth % 2, honest(0.85), honest(0.55))),
  },
  {
    name: "two languages, each rater .85 in one and .55 in the other, named",
    pairs: 800,
    topics: 2,
    raters: () => raters(40, "honest", (nth) => onTopic(nth % 2, honest(0.85), honest(0.55))),
  },
];

/** Simulated pools of raters who compare pairs whose truth is known: who they are, and which of them see which pair. */
import { RandomStream } from "../../src/base/random.js";
import { type Comparisons, comparisons, type Topics, topicsOf } from "../../src/votes/votes.js";

/** A pair of responses; its left one is the first of its two candidates, on whatever side of the screen it is shown. */
export interface Pair {
  /** The left response is better. */
  left: boolean;
  /** By how much it is harder than others, in [0, 1]: an honest rater's skill falls to chance at 1. */
  hardness: number;
  /** Most people judge it wrongly; experts do not. */
  trap: boolean;
  /** People of another taste prefer the other response. */
  taste: boolean;
  topic: number;
}

/** What a rater may look at while it answers. */
export interface Moment {
  random: RandomStream;
  /** Number of the pair. */
  pair: number;
  /** Share of the work that is done, in [0, 1). */
  time: number;
  /** What earlier raters said of the pair: true for left. */
  earlier: readonly boolean[];
}

/** Whether the left response is said to be better; undefined for a tie. */
export type Behaviour = (pair: Pair, moment: Moment) => boolean | undefined;

/** Whom a flag would hurt, and whom it should find. */
export const KINDS = ["honest", "expert", "dissenting", "weak", "careless", "hostile"] as const;
export type Kind = (typeof KINDS)[number];

export interface SimulatedRater {
  kind: Kind;
  answer: Behaviour;
  /** How much it works, next to the others; default 1. */
  diligence?: number;
  /** The one topic whose pairs it sees; default: all. */
  only?: number;
}

export interface Pool {
  name: string;
  /** Pairs; default 400. */
  pairs?: number;
  /** Votes on each pair, or the least and the most of them; default 5. */
  votes?: number | readonly [number, number];
  /** Raters work in teams of so many, each with pairs of its own; default: all on all pairs. */
  teams?: number;
  /** Topics, equally common; default 5. */
  topics?: number;
  /** Whether nothing says what a pair's topic is. */
  unnamedTopics?: boolean;
  /** Share of pairs that are hard, are traps, and are a matter of taste; default 0. */
  hard?: number;
  traps?: number;
  tastes?: number;
  /** Share of pairs whose left response is the better one; default one half. */
  leftShare?: number;
  /** Share of pairs whose truth is told, and whether only those whose left response is better. */
  gold?: { share: number; onlyLeft?: boolean };
  /** Candidates of an arena, who recur with true strengths; default: each pair has its own two. */
  arena?: number;
  /** Share of an arena's pairs whose weaker candidate is the better one; default 0. */
  upsets?: number;
  /** Whether the two responses of every pair have the same two names, which say nothing. */
  sameNames?: boolean;
  /** How strongly a rater puts its vote, in (0, 1]; default 1. */
  strength?: (random: RandomStream, right: boolean) => number;
  raters(random: RandomStream): SimulatedRater[];
}

export interface Drawn {
  votes: Comparisons;
  /** Kind of each rater, in the order of the votes' raters. */
  kinds: Kind[];
  /** By name of the item: the name of its better candidate. */
  better: ReadonlyMap<string, string>;
  known: { item: number; left: number; right: number; outcome: number }[];
  /** Place of each vote in the order of all, [V]. */
  time: Float64Array;
  /** Topics of the votes' pairs. */
  topics: Topics;
}

const PAIRS = 400;
const VOTES = 5;
const TOPICS = 5;

/** All votes of a pool: which they are follows from the seed and the pool's name. */
export function draw(pool: Pool, seed: number): Drawn {
  const random = new RandomStream(seed, `pools/${pool.name}`);
  const raters = pool.raters(random);
  const strength = Array.from({ length: pool.arena ?? 0 }, () => random.normal());
  const said: { item: string; left: string; right: string; rater: string; outcome: number }[] = [];
  const better = new Map<string, string>();
  const topics: (string | undefined)[] = [];
  const total = pool.pairs ?? PAIRS;
  for (let p = 0; p < total; p++) {
    const [a, b] = candidates(pool, p, random);
    const pair: Pair = {
      left: pool.arena
        ? strength[Number(a)] > strength[Number(b)] !== random.uniform() < (pool.upsets ?? 0)
        : random.uniform() < (pool.leftShare ?? 0.5),
      hardness: random.uniform() < (pool.hard ?? 0) ? random.uniform() : 0,
      trap: random.uniform() < (pool.traps ?? 0),
      taste: random.uniform() < (pool.tastes ?? 0),
      topic: random.int(pool.topics ?? TOPICS),
    };
    const item = `${p}`;
    better.set(item, pair.left ? a : b);
    const earlier: boolean[] = [];
    for (const r of chosen(atWork(pool, p, pair.topic, raters), votesOf(pool, random), random)) {
      const answer = raters[r].answer(pair, { random, pair: p, time: p / total, earlier });
      if (answer !== undefined) earlier.push(answer);
      topics.push(pool.unnamedTopics ? undefined : `${pair.topic}`);
      const turned = random.uniform() < 0.5;
      const strength = pool.strength?.(random, answer === pair.left) ?? 1;
      const leftShare = answer === undefined ? 0.5 : 0.5 + (answer ? strength : -strength) / 2;
      said.push({
        item,
        left: turned ? b : a,
        right: turned ? a : b,
        rater: `${r}`,
        outcome: turned ? 1 - leftShare : leftShare,
      });
    }
  }
  const votes = comparisons(said, { shared: pool.arena !== undefined });
  const kinds = votes.raters.map((name) => raters[Number(name)].kind);
  return {
    votes,
    kinds,
    better,
    known: told(pool, votes, better, random),
    time: Float64Array.from(said.keys()),
    topics: topicsOf(topics),
  };
}

function candidates({ arena, sameNames }: Pool, p: number, random: RandomStream): [string, string] {
  if (arena === undefined) return sameNames ? ["response.a", "response.b"] : [`${p}.a`, `${p}.b`];
  const a = random.int(arena);
  return [`${a}`, `${(a + 1 + random.int(arena - 1)) % arena}`];
}

/** The numbers of the raters who may see a pair, with their diligence. */
function atWork(
  { teams }: Pool,
  pair: number,
  topic: number,
  raters: readonly SimulatedRater[],
): { r: number; diligence: number }[] {
  const all = raters.flatMap(({ diligence = 1, only = topic }, r) =>
    only === topic ? [{ r, diligence }] : [],
  );
  if (teams === undefined) return all;
  const first = (pair % Math.floor(raters.length / teams)) * teams;
  return all.slice(first, first + teams);
}

export function votesOf({ votes = VOTES }: Pick<Pool, "votes">, random: RandomStream): number {
  return typeof votes === "number" ? votes : votes[0] + random.int(votes[1] - votes[0] + 1);
}

/** At most `count` different raters, each drawn in proportion to its diligence. */
export function chosen(
  raters: readonly { r: number; diligence: number }[],
  count: number,
  random: RandomStream,
): number[] {
  // The smallest of exponential times with these rates: a sample without replacement (Efraimidis and Spirakis 2006).
  const times = raters.map(({ r, diligence }) => ({
    r,
    time: -Math.log(1 - random.uniform()) / diligence,
  }));
  return times
    .sort((a, b) => a.time - b.time)
    .slice(0, count)
    .map(({ r }) => r);
}

/** Known answers. @param better as in `Drawn`. */
function told(
  { gold }: Pool,
  votes: Comparisons,
  better: Drawn["better"],
  random: RandomStream,
): Drawn["known"] {
  if (gold === undefined) return [];
  const known = new Map<number, Drawn["known"][number]>();
  for (let v = 0; v < votes.item.length; v++) {
    const [item, left, right] = [votes.item[v], votes.left[v], votes.right[v]];
    if (known.has(item)) continue;
    const outcome = better.get(votes.items[item]) === votes.candidates[left] ? 1 : 0;
    const isLeft = votes.candidates[left].endsWith(".a") === (outcome === 1);
    if (random.uniform() < gold.share && (isLeft || !gold.onlyLeft))
      known.set(item, { item, left, right, outcome });
  }
  return [...known.values()];
}

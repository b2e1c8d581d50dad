/**
 * Raters who are others on one topic than elsewhere, such as one who answers honestly but on what is to be poisoned. With
 * p_v = P(vote v is right | the other votes on its item), of rater w and topic t
 *
 *   D = mean of (p_v - m_t) over the rater's votes on t - mean of (p_v - m_topic(v)) over its other votes,
 *
 * m_t being the mean of p_v over all votes on t, so that a hard topic makes nobody suspect. z = -D / its standard
 * deviation; raters and topics are found among all at a false discovery rate of 10% (Benjamini and Hochberg 1995). Who is
 * found counts as another rater on the topic, and is judged there by its votes on it. So does who is surely right less
 * often than chance on known items of the topic: where most of its votes are turned round, only these tell.
 */
import type { Interval } from "../../statistics/estimates.js";
import type { LabelVotes, Topics } from "../votes.js";
import { discoveries } from "./false-discovery.js";
import type { KnownLabels } from "./known-labels.js";
import { voteShares } from "./label-estimate.js";
import { contrary, percent, type RaterFlag } from "./rater-flags.js";
import { truthByOthers } from "./rater-skill.js";

/** A rater who is another on a topic. */
interface RaterOnTopic {
  rater: number;
  topic: number;
}

/** To be another rater on a topic costs an honest one little, so a tenth of those found may be chance. */
const FALSE_DISCOVERY_RATE = 0.1;
/** Fewer votes on a topic, or elsewhere, tell nothing. */
const MIN_VOTES = 4;
/** Who is found shows better what is true, and that others are found. */
const ROUNDS = 4;

/** @param known known labels, [I]; -1 where unknown. @returns those found, by rater and topic. */
function otherOnTopic(votes: LabelVotes, topics: Topics, known: KnownLabels | undefined): RaterOnTopic[] {
  if (topics.names.length < 2) return [];
  const told = belowChance(votes, topics, known);
  let found: RaterOnTopic[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const split = divided(votes, topics, found);
    const truths = truthByOthers(split, voteShares(split), undefined, known);
    const next = merged(standOut(votes, topics, truths), told);
    if (next.length <= found.length) break;
    found = next;
  }
  return found;
}

const merged = (some: readonly RaterOnTopic[], more: readonly RaterOnTopic[]): RaterOnTopic[] =>
  [...some, ...more.filter((one) => !some.some((other) => isSame(one, other)))].sort(
    (a, b) => a.rater - b.rater || a.topic - b.topic,
  );

const isSame = (a: RaterOnTopic, b: RaterOnTopic): boolean => a.rater === b.rater && a.topic === b.topic;

/** Right on known items of a topic less often than chance: found also where most of those who judge it are. */
function belowChance(
  { item, label, labels, rater, raters }: LabelVotes,
  { names, of }: Topics,
  known: KnownLabels | undefined,
): RaterOnTopic[] {
  const [T, chance] = [names.length, 1 / labels.length];
  const told = item.map((i, v) => (of[v] < 0 || (known?.[i] ?? -1) < 0 ? -1 : rater[v] * T + of[v]));
  const right = Float64Array.from(item, (i, v) => Number(known?.[i] === label[v]));
  const { count, mean } = moments(told, right, raters.length * T);
  const cells = Int32Array.from(count.keys()).filter((at) => count[at] >= MIN_VOTES);
  const z = Float64Array.from(
    cells,
    (at) => (chance - mean[at]) / Math.sqrt((chance * (1 - chance)) / count[at]),
  );
  // Who knows better than chance says nothing of how others would guess.
  return discoveries(z, FALSE_DISCOVERY_RATE, new Float64Array()).map((i) => ({
    rater: Math.floor(cells[i] / T),
    topic: cells[i] % T,
  }));
}

/** @param truths P(truth of vote v's item | the other votes on it), [V, K]. */
function standOut(votes: LabelVotes, topics: Topics, truths: Float64Array): RaterOnTopic[] {
  const [W, T, K] = [votes.raters.length, topics.names.length, votes.labels.length];
  const right = Float64Array.from(votes.label, (label, v) => truths[v * K + label]);
  const ofTopic = moments(topics.of, right, T);
  const residual = right.map((p, v) => (topics.of[v] < 0 ? 0 : p - ofTopic.mean[topics.of[v]]));
  const cell = Int32Array.from(votes.rater, (w, v) => (topics.of[v] < 0 ? -1 : w * T + topics.of[v]));
  const { count, mean } = moments(cell, residual, W * T);
  const tried: RaterOnTopic[] = [];
  const z: number[] = [];
  for (let rater = 0; rater < W; rater++)
    for (let topic = 0; topic < T; topic++) {
      const at = rater * T + topic;
      let [n, sum, variance] = [0, 0, 0];
      for (let t = 0; t < T; t++) {
        if (t === topic) continue;
        n += count[rater * T + t];
        sum += count[rater * T + t] * mean[rater * T + t];
        variance += count[rater * T + t] * ofTopic.variance[t];
      }
      if (count[at] < MIN_VOTES || n < MIN_VOTES) continue;
      const spread = Math.sqrt(ofTopic.variance[topic] / count[at] + variance / (n * n));
      tried.push({ rater, topic });
      z.push(spread > 0 ? (sum / n - mean[at]) / spread : 0);
    }
  return discoveries(Float64Array.from(z), FALSE_DISCOVERY_RATE).map((i) => tried[i]);
}

/** Count, mean and variance of the values of each group, [groups]. @param group of each value; -1: none. */
function moments(group: Int32Array, values: Float64Array, groups: number) {
  const [count, mean, variance] = [0, 1, 2].map(() => new Float64Array(groups));
  for (const [v, g] of group.entries())
    if (g >= 0) {
      count[g]++;
      mean[g] += values[v];
    }
  for (let g = 0; g < groups; g++) mean[g] /= Math.max(1, count[g]);
  for (const [v, g] of group.entries()) if (g >= 0) variance[g] += (values[v] - mean[g]) ** 2;
  for (let g = 0; g < groups; g++) variance[g] /= Math.max(1, count[g] - 1);
  return { count, mean, variance };
}

/** Raters, of whom some are others on a topic. */
export interface RatersByTopic<V> {
  /** The votes, with a rater more for each that is another on a topic: the first W are the raters themselves. */
  votes: V;
  /** Who is another on which topic, in the order of the raters that were added. */
  found: readonly (RaterOnTopic & { name: string })[];
  /** Members of a group as the raters themselves, each once. */
  whole<M extends { rater: number }>(members: readonly M[]): M[];
}

/**
 * @param votes the votes to divide. @param said the same votes as labels, by which raters are judged. @param topics none:
 * nobody is another. @param known known labels, [I]; -1 where unknown.
 */
export function ratersByTopic<V extends { raters: readonly string[]; rater: Int32Array }>(
  votes: V,
  said: LabelVotes,
  topics: Topics | undefined,
  known: KnownLabels | undefined,
): RatersByTopic<V> {
  const found = topics === undefined ? [] : otherOnTopic(said, topics, known);
  const W = votes.raters.length;
  return {
    votes: topics === undefined ? votes : divided(votes, topics, found),
    found: found.map((one) => ({ ...one, name: topics?.names[one.topic] ?? "" })),
    whole: (members) => {
      const whose = members.map((member) =>
        member.rater < W ? member : { ...member, rater: found[member.rater - W].rater },
      );
      return whose.filter(({ rater }, m) => whose.findIndex((other) => other.rater === rater) === m);
    },
  };
}

function divided<V extends { raters: readonly string[]; rater: Int32Array }>(
  votes: V,
  { names, of }: Topics,
  found: readonly RaterOnTopic[],
): V {
  if (found.length === 0) return votes;
  const [W, T] = [votes.raters.length, names.length];
  const there = new Map(found.map(({ rater, topic }, i) => [rater * T + topic, W + i]));
  const raters = [
    ...votes.raters,
    ...found.map(({ rater, topic }) => `${votes.raters[rater]}, ${names[topic]}`),
  ];
  const rater = votes.rater.map((w, v) => (of[v] < 0 ? w : (there.get(w * T + of[v]) ?? w)));
  return { ...votes, raters, rater };
}

/**
 * Flags who is surely right less often than chance on a topic on which it is another than elsewhere.
 *
 * @param flags of each rater, [W]. @param skills with truths equally common, of each rater of `apart.votes`. @param
 * chance probability of being right without looking.
 */
export function flagOnTopic(
  flags: RaterFlag[][],
  { found }: RatersByTopic<unknown>,
  skills: readonly Interval[],
  chance: number,
): void {
  for (const [i, { rater, name }] of found.entries()) {
    const there = skills[flags.length + i];
    if (there.high >= chance || flags[rater].some(({ kind }) => kind === "contrary")) continue;
    const flag = contrary(there, chance);
    const elsewhere = percent(skills[rater].estimate);
    flags[rater].push({
      ...flag,
      reason: `on the topic ${JSON.stringify(name.slice(0, 60))} ${flag.reason}; elsewhere ${elsewhere}`,
    });
  }
}

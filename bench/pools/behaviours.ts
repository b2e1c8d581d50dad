/** How simulated raters answer. A skill is P(right) on a pair that is neither hard nor a trap. */
import { hashName, RandomStream } from "../../src/base/random.js";
import type { Behaviour, Pair, SimulatedRater } from "./design.js";

/** How often the crowd falls for a trap. */
const TRAPPED = 0.75;

const skillOn = ({ hardness }: Pair, skill: number): number => 0.5 + (skill - 0.5) * (1 - hardness);

/** Judges as most people do. */
export const honest =
  (skill: number): Behaviour =>
  (pair, { random }) => {
    const right = pair.trap ? 1 - TRAPPED : skillOn(pair, skill);
    return random.uniform() < right ? pair.left : !pair.left;
  };

/** Sees through traps. */
export const expert =
  (skill: number): Behaviour =>
  (pair, { random }) =>
    random.uniform() < skillOn(pair, skill) ? pair.left : !pair.left;

/** Honest, and of another taste where taste decides. */
export const dissenting =
  (skill: number): Behaviour =>
  (pair, moment) => {
    const answer = honest(skill)(pair, moment);
    return pair.taste ? !answer : answer;
  };

/** Says that hard pairs are ties. */
export const tying =
  (skill: number): Behaviour =>
  (pair, moment) =>
    pair.hardness > 0.5 ? undefined : honest(skill)(pair, moment);

export const guessing: Behaviour = (_, { random }) => random.uniform() < 0.5;

/** Knows the truth and says the opposite. */
export const inverting =
  (skill: number): Behaviour =>
  (pair, moment) =>
    !honest(skill)(pair, moment);

/** Follows a key of random answers that its ring shares, on a share of the pairs; honest on the others. */
export const copying =
  (key: number, share: number, skill: number): Behaviour =>
  (pair, moment) => {
    const drawn = new RandomStream(key, "pools/key", moment.pair);
    const answer = drawn.uniform() < 0.5;
    return moment.random.uniform() < share ? answer : honest(skill)(pair, moment);
  };

/** Says what one other rater of some skill says of the pair, this often. */
export const following =
  (key: number, skill: number, share: number): Behaviour =>
  (pair, moment) => {
    const said =
      new RandomStream(key, "pools/leader", moment.pair).uniform() < skill ? pair.left : !pair.left;
    return moment.random.uniform() < share ? said : !said;
  };

/** Copies what the last rater said of the pair, if there was one, this often. */
export const lazy =
  (share: number, skill: number): Behaviour =>
  (pair, moment) => {
    const { earlier, random } = moment;
    return earlier.length > 0 && random.uniform() < share
      ? earlier[earlier.length - 1]
      : honest(skill)(pair, moment);
  };

/** Changes its ways when this share of the work is done. */
export const turning =
  (at: number, before: Behaviour, after: Behaviour): Behaviour =>
  (pair, moment) =>
    (moment.time < at ? before : after)(pair, moment);

/** Attacks one topic and is honest on all others. */
export const onTopic =
  (topic: number, there: Behaviour, elsewhere: Behaviour): Behaviour =>
  (pair, moment) =>
    (pair.topic === topic ? there : elsewhere)(pair, moment);

/** So many raters of a kind; the behaviour may depend on the rater's number. */
export const raters = (
  count: number,
  kind: SimulatedRater["kind"],
  answer: (nth: number) => Behaviour,
  diligence?: (nth: number) => number,
): SimulatedRater[] =>
  Array.from({ length: count }, (_, nth) => ({
    kind,
    answer: answer(nth),
    ...(diligence !== undefined && { diligence: diligence(nth) }),
  }));

/** A key of its own for each ring. */
export const keyOf = (name: string): number => hashName(`pools/${name}`);

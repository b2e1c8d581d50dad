import { hashName, RandomStream } from "../../base/random.js";
import type { CastVote, TaskItem } from "../tasks/index.js";
import { answerInStoredOrder } from "../tasks/places.js";
import type { SimulatedRater } from "./view.js";

/** Who of a simulated pool judges what. */
export interface VotingPlan {
  /** Number of raters for each item. */
  votesPerItem: number;
  /** Expected share of votes that get a hidden repeat, in [0, 1]. */
  repeats: number;
  seed: number;
}

/** Time of the first vote, and milliseconds between votes; the values are arbitrary. */
const START = Date.UTC(2026, 0, 1);
const BETWEEN = 1000;

/**
 * Simulates votes as a server would store them: raters are drawn for each item, sides are shuffled for each vote, and
 * repeats come at the end. The same arguments give the same votes.
 */
export function simulateVotes(
  items: readonly TaskItem[],
  raters: readonly SimulatedRater[],
  { votesPerItem, repeats, seed }: VotingPlan,
): CastVote[] {
  const votes: CastVote[] = [];
  const again: { item: TaskItem; rater: SimulatedRater }[] = [];
  const plan = new RandomStream(seed, "feedback/simulate/plan");
  for (const item of items) {
    for (const rater of plan.shuffled(raters).slice(0, votesPerItem)) {
      votes.push(castVote(item, rater, votes.length, seed, false));
      if (plan.bernoulli(repeats)) again.push({ item, rater });
    }
  }
  for (const { item, rater } of again) votes.push(castVote(item, rater, votes.length, seed, true));
  return votes;
}

function castVote(
  item: TaskItem,
  rater: SimulatedRater,
  index: number,
  seed: number,
  repeat: boolean,
): CastVote {
  const random = new RandomStream(seed, "feedback/simulate/vote", hashName(`${rater.id} ${index}`));
  const { prompt, responses } = item.content;
  const order = random.shuffled([...responses.keys()]);
  const view = { task: item.task, prompt, responses: order.map((at) => ({ text: responses[at].text })) };
  const { answer, milliseconds } = rater.rate(view, random);
  return {
    id: `vote-${index + 1}`,
    item: item.id,
    rater: rater.id,
    answer: answerInStoredOrder(answer, order),
    order,
    milliseconds,
    castAt: START + index * BETWEEN,
    guidelinesVersion: 1,
    repeat,
  };
}

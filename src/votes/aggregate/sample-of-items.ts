/** A part of very many votes, on which models of the raters are compared: more votes tell them apart no better. */
import { RandomStream } from "../../base/random.js";
import type { LabelVotes } from "../votes.js";

/** Most votes on which models are compared. */
export const MAX_COMPARED = 100_000;

export interface SampledVotes {
  votes: LabelVotes;
  weight: Float64Array;
}

/** All votes on items drawn at random, about `most` of them; all votes where they are no more. */
export function sampleOfItems(
  votes: LabelVotes,
  weight: Float64Array,
  seed: number,
  most = MAX_COMPARED,
): SampledVotes {
  const { item, rater, label } = votes;
  if (item.length <= most) return { votes, weight };
  const random = new RandomStream(seed, "aggregate/sample-of-items");
  const share = most / item.length;
  const drawn = votes.items.map(() => random.bernoulli(share));
  const kept = Int32Array.from(item.keys()).filter((v) => drawn[item[v]]);
  const of = (values: Int32Array): Int32Array => Int32Array.from(kept, (v) => values[v]);
  return {
    votes: { ...votes, item: of(item), rater: of(rater), label: of(label) },
    weight: Float64Array.from(kept, (v) => weight[v]),
  };
}

import { PlumbError } from "../../base/errors.js";
import type { Interval } from "../../statistics/estimates.js";
import type { LabelVotes, Topics } from "../votes.js";
import { contradictions } from "./contradiction.js";
import { copiedVotes, flagCopiers, withoutCopies } from "./copying.js";
import { dawidSkene, oneCoin } from "./dawid-skene.js";
import { glad } from "./glad.js";
import type { KnownLabels } from "./known-labels.js";
import { type LabelEstimate, likeliest } from "./label-estimate.js";
import { mace } from "./mace.js";
import { majority, wawa } from "./majority.js";
import { type RaterFlag, raterFlags } from "./rater-flags.js";
import { balancedSkills, raterSkills, skillsOnKnown, truthByOthers } from "./rater-skill.js";
import type { GroupMember } from "./ring.js";
import { type RaterModel, robust } from "./robust.js";
import { flagOnTopic, ratersByTopic } from "./topic-raters.js";

export const LABEL_METHODS = [
  "robust",
  "majority",
  "wawa",
  "dawid-skene",
  "one-coin",
  "mace",
  "glad",
] as const;
/** A method that aggregates labels; `robust` is the default. */
export type LabelMethod = (typeof LABEL_METHODS)[number];

/** How far a rater can be trusted. */
export interface RaterReport {
  rater: string;
  votes: number;
  /** How often the rater is right, in [0, 1], with a 95% interval. */
  skill: Interval;
  flags: RaterFlag[];
}

/** The likeliest label of an item. */
export interface AggregatedLabel {
  item: string;
  label: string;
  /** P(it is the truth), in [0, 1]. */
  probability: number;
  /** Why a reviewer must decide, if the result contradicts all of the item's votes. */
  review?: string;
  /** Whether a lead decided it, whatever the votes come to; aggregation itself never says so. */
  adjudicated?: true;
}

/** What a method makes of label votes: I items, K labels, and the raters in the order of the votes' names. */
export interface LabelAggregate {
  method: LabelMethod;
  /** P(the truth of item i is label c), [I, K], in the order of the votes' names. */
  posterior: Float64Array;
  /** The likeliest label of each item; on a tie, the label seen first. */
  items: AggregatedLabel[];
  raters: RaterReport[];
  /** Groups of colluding raters; only the robust method looks for them. */
  groups: GroupMember[][];
  /** The default's model of the raters. */
  model?: RaterModel;
}

/** Most cells of a table by item and label, or by rater, truth and label: 256 MiB of float64. */
const MAX_TABLE_CELLS = 2 ** 25;

/** How labels are aggregated; every option may be left out. */
export interface LabelOptions {
  seed?: number;
  /**
   * Known labels, [I]; -1 where unknown. The robust method learns from them how raters err; the skills use them with
   * every method.
   */
  known?: KnownLabels;
  /** Largest share of the total weight that one rater may have, in (0, 1]; only for the robust method. */
  maxShare?: number;
  /** When each vote was cast, [V], in any unit: raters who repeat the vote before theirs are found by it. */
  time?: ArrayLike<number> | undefined;
  /** Topics of the votes: who answers differently on one than elsewhere is judged by its votes there, and flagged. */
  topics?: Topics | undefined;
}

/**
 * Aggregates labels of items. A rater should have one vote an item, as in files that are read: a second one passes for
 * somebody else's.
 *
 * @throws PlumbError when there are no votes, or a table would exceed MAX_TABLE_CELLS.
 */
export function aggregateLabels(
  votes: LabelVotes,
  method: LabelMethod = "robust",
  options: LabelOptions = {},
): LabelAggregate {
  checkSize(votes);
  const K = votes.labels.length;
  const copies = copiedVotes(votes, options.time);
  const apart = ratersByTopic(votes, votes, method === "robust" ? options.topics : undefined, options.known);
  const estimate = estimateLabels(apart.votes, method, options, copies.kept);
  const { posterior, weight, model } = estimate;
  const groups = estimate.groups.map((members) => apart.whole(members));
  if (method === "robust") withoutCopies(posterior, K, votes.item, copies.kept);
  const best = likeliest(posterior, K);
  const review = contradictions(votes, best);
  const truths = truthByOthers(votes, posterior, weight, options.known);
  const skills = raterSkills(votes, truths);
  const onKnown = skillsOnKnown(votes, truths, options.known);
  const flags = raterFlags(balancedSkills(votes, truths), 1 / K, groups, onKnown);
  flagCopiers(flags, copies.copiers);
  if (apart.found.length > 0) flagOnTopic(flags, apart, balancedSkills(apart.votes, truths), 1 / K);
  const counts = new Int32Array(votes.raters.length);
  for (const rater of votes.rater) counts[rater]++;
  return {
    method,
    posterior,
    items: votes.items.map((item, i) => ({
      item,
      label: votes.labels[best[i]],
      probability: posterior[i * K + best[i]],
      ...(review[i] !== undefined && { review: review[i] }),
    })),
    raters: votes.raters.map((rater, w) => ({ rater, votes: counts[w], skill: skills[w], flags: flags[w] })),
    groups,
    ...(model !== undefined && { model }),
  };
}

function estimateLabels(
  votes: LabelVotes,
  method: LabelMethod,
  { seed = 0, known, maxShare }: LabelOptions,
  strength: Float64Array,
): Pick<LabelEstimate, "posterior"> & { weight?: Float64Array; groups: GroupMember[][]; model?: RaterModel } {
  switch (method) {
    case "robust":
      return robust(votes, { seed, known, maxShare, strength });
    case "majority":
      return { ...majority(votes), groups: [] };
    case "wawa":
      return { ...wawa(votes), groups: [] };
    case "dawid-skene":
      return { ...dawidSkene(votes), groups: [] };
    case "one-coin":
      return { ...oneCoin(votes), groups: [] };
    case "mace":
      return { ...mace(votes, { seed }), groups: [] };
    case "glad":
      return { ...glad(votes), groups: [] };
  }
}

function checkSize({ item, items, raters, labels }: LabelVotes): void {
  if (item.length === 0) throw new PlumbError("there are no votes to aggregate");
  const cells = Math.max(items.length * labels.length, raters.length * labels.length ** 2);
  if (cells <= MAX_TABLE_CELLS) return;
  throw new PlumbError(
    `${labels.length} different labels of ${items.length} items by ${raters.length} raters would need a table of ${cells} numbers; at most ${MAX_TABLE_CELLS} fit`,
    { hint: "Labels must be a set of answers to choose from, not free text." },
  );
}

/** Comparisons as rows that a reward model trains on: TRL's preferences, with what is known of them beside. */
import type { PreferenceAggregate, PreferenceMethod } from "../aggregate/index.js";
import { aggregateQuestion } from "./aggregate-question.js";
import { completionOf, type PromptText, promptOf } from "./chat-form.js";
import { counting, heldOrNot, type Judgement, USES } from "./judgement.js";
import { type Question, questionOf } from "./questions.js";

export interface JudgedPreference {
  prompt: PromptText;
  chosen: PromptText;
  rejected: PromptText;
  /** Probability that the label is the wrong way round, at most MAX_NOISE; the losses read it. */
  noise: number;
  /** P(chosen is better), in (0.5, 1]. */
  probability: number;
  /** Share of votes that agree with it, ties counting half. */
  agreement: number;
  /** Mean reliability of its raters, in [0, 1]. */
  reliability: number;
  votes: number;
  /** Id of the item. */
  item: string;
  /** Pseudonyms, where they are asked for. */
  raters?: readonly string[];
}

export interface PreferenceOptions {
  aspect: string;
  /** Default: robust. */
  method?: PreferenceMethod;
  /** Whether judgements that a filter holds count meanwhile. Default: true. */
  held?: boolean;
  /** Whether rows name their raters, by pseudonym. */
  raters?: boolean;
  /** Of what aggregation draws. */
  seed?: number;
}

/** A probability this near to 1/2 prefers neither side. */
const EVEN = 1e-9;

/**
 * What judgements of comparisons and rankings come to: the judgements that count, their question, its aggregate, rows. Pairs without a
 * better side, and of responses that are equal in text, teach nothing and are left out.
 */
export function preferences(
  judgements: readonly Judgement[],
  { aspect, method, held = true, raters = false, seed }: PreferenceOptions,
): JudgedPreference[] {
  const question = questionOf(counting(judgements, heldOrNot(USES.raters, held)), aspect);
  if (question === undefined) return [];
  const made = aggregateQuestion(question, { method, seed });
  return made.kind === "pairs" ? preferenceRows(question, made.aggregate, raters) : [];
}

/** The rows of an aggregate, in its order. @param question that it was made of. */
export function preferenceRows(
  question: Question,
  aggregate: PreferenceAggregate,
  raters = false,
): JudgedPreference[] {
  const skill = new Map(aggregate.raters.map((report) => [report.rater, report.skill.estimate]));
  const said = votesByPair(question);
  const itemOf = new Map(question.from.map(({ item }) => [item.id, item]));
  return aggregate.preferences.flatMap(({ item, left, right, probability, noise, votes }) => {
    if (Math.abs(probability - 0.5) < EVEN) return [];
    const better = probability > 0.5;
    const names = better ? [left, right] : [right, left];
    const { prompt, responses } = (itemOf.get(item) as Judgement["item"]).content;
    const [chosen, rejected] = names.map((name) => responses.find((one) => one.name === name)?.text ?? "");
    if (chosen === rejected) return [];
    const own = said.get(pairKey(item, left, right)) ?? [];
    return [
      {
        prompt: promptOf(prompt),
        chosen: completionOf(prompt, chosen),
        rejected: completionOf(prompt, rejected),
        noise,
        probability: better ? probability : 1 - probability,
        agreement: meanOf(own, ({ winner }) => (winner === undefined ? 0.5 : winner === names[0] ? 1 : 0)),
        reliability: meanOf(own, ({ rater }) => skill.get(rater) ?? 0.5),
        ...{ votes, item },
        ...(raters && { raters: own.map(({ rater }) => rater) }),
      },
    ];
  });
}

/** Who said what of each pair; no winner is a tie. */
function votesByPair({ votes }: Question): Map<string, { rater: string; winner?: string }[]> {
  const pairs = new Map<string, { rater: string; winner?: string }[]>();
  if (votes.kind !== "pairs") return pairs;
  const { items, candidates, raters, item, left, right, rater, outcome } = votes.comparisons;
  for (let v = 0; v < outcome.length; v++) {
    const names = [candidates[left[v]], candidates[right[v]]];
    const winner = outcome[v] === 0.5 ? undefined : names[outcome[v] > 0.5 ? 0 : 1];
    const key = pairKey(items[item[v]], names[0], names[1]);
    const own = pairs.get(key) ?? [];
    own.push({ rater: raters[rater[v]], winner });
    pairs.set(key, own);
  }
  return pairs;
}

/** A pair of an item's responses, whichever way round. */
const pairKey = (item: string, a: string, b: string): string => JSON.stringify([item, ...[a, b].sort()]);

const meanOf = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.reduce((sum, value) => sum + of(value), 0) / values.length;

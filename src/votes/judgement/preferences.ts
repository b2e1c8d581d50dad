/** Comparisons as rows for training a reward model: TRL's preferences, with additional fields on their reliability. */
import type { PreferenceAggregate, PreferenceMethod } from "../aggregate/index.js";
import { decidedItems, pairKey, withVerdicts } from "./adjudication.js";
import { aggregateQuestion } from "./aggregate-question.js";
import { completionOf, type PromptText, promptOf } from "./chat-form.js";
import { counting, heldOrNot, type Judgement, USES } from "./judgement.js";
import { type Question, questionOf } from "./questions.js";

/** What the votes on a pair come to, as a row to train on. */
export interface JudgedPreference {
  prompt: PromptText;
  chosen: PromptText;
  rejected: PromptText;
  /** Probability that chosen and rejected are swapped, at most MAX_NOISE; losses read it. */
  noise: number;
  /** P(chosen is better), in (0.5, 1]. */
  probability: number;
  /** Share of votes that prefer `chosen`; ties count half. 1/2 where only a lead's verdict counts. */
  agreement: number;
  /** Mean skill of the pair's raters, in [0, 1]; 1/2 where only a lead's verdict counts. */
  reliability: number;
  votes: number;
  /** Id of the item. */
  item: string;
  /** Whether a lead decided the pair: it is sure, whatever the votes say. */
  adjudicated?: true;
  /** Pseudonyms of the pair's raters, if requested. */
  raters?: readonly string[];
}

/** A result that makes no row until a reviewer decides. */
export interface ToReview {
  /** Id of the item. */
  item: string;
  reason: string;
}

/** Which votes make preference rows, and how they are aggregated. */
export interface PreferenceOptions {
  aspect: string;
  /** Default: robust. */
  method?: PreferenceMethod;
  /** Whether judgements that a filter holds count before a reviewer decides. Default: true. */
  held?: boolean;
  /** Whether rows name their raters, by pseudonym. */
  raters?: boolean;
  /** Seed of the random draws of aggregation. */
  seed?: number;
}

/** A probability closer to 1/2 than this prefers neither side. */
export const EVEN = 1e-9;

/**
 * Turns judgements of comparisons and rankings into rows: selects those that count, and aggregates their question.
 * Pairs without a better side, or with equal texts, teach nothing and are left out; so are results that contradict all
 * votes of their pair, which are listed for a reviewer.
 */
export function preferences(
  judgements: readonly Judgement[],
  { aspect, method, held = true, raters = false, seed }: PreferenceOptions,
): { rows: JudgedPreference[]; review: ToReview[] } {
  const question = questionOf(counting(judgements, heldOrNot(USES.raters, held)), aspect);
  const voted = question && aggregateQuestion(question, { method, seed });
  const made = voted && withVerdicts(voted, judgements, aspect);
  if (question === undefined || made?.kind !== "pairs") return { rows: [], review: [] };
  return {
    rows: preferenceRows(question, made.aggregate, raters, decidedItems(judgements)),
    review: made.aggregate.preferences.flatMap(({ item, review }) =>
      review === undefined ? [] : [{ item, reason: review }],
    ),
  };
}

/**
 * The rows of an aggregate, in its order.
 *
 * @param question the question that was aggregated.
 * @param decided items whose results a lead decided, also where none of their votes count.
 */
export function preferenceRows(
  question: Question,
  aggregate: PreferenceAggregate,
  raters = false,
  decided: ReadonlyMap<string, Judgement["item"]> = new Map(),
): JudgedPreference[] {
  const skill = new Map(aggregate.raters.map((report) => [report.rater, report.skill.estimate]));
  const said = votesByPair(question);
  const itemOf = new Map([...decided, ...question.from.map(({ item }) => [item.id, item] as const)]);
  return aggregate.preferences.flatMap((preference) => {
    const { item, left, right, probability, noise, votes, review, adjudicated } = preference;
    if (review !== undefined || Math.abs(probability - 0.5) < EVEN) return [];
    const better = probability > 0.5;
    const names = better ? [left, right] : [right, left];
    const { prompt, responses } = (itemOf.get(item) as Judgement["item"]).content;
    const [chosen, rejected] = names.map((name) => responses.find((one) => one.name === name)?.text ?? "");
    if (chosen === rejected) return [];
    const own = said.get(pairKey({ item, left, right })) ?? [];
    return [
      {
        prompt: promptOf(prompt),
        chosen: completionOf(prompt, chosen),
        rejected: completionOf(prompt, rejected),
        noise,
        probability: better ? probability : 1 - probability,
        agreement: meanOf(own, ({ winner }) => (winner === undefined ? 0.5 : winner === names[0] ? 1 : 0)),
        reliability: meanOf(own, ({ rater }) => skill.get(rater) ?? 0.5),
        votes,
        item,
        ...(adjudicated && { adjudicated }),
        ...(raters && { raters: own.map(({ rater }) => rater) }),
      },
    ];
  });
}

/** The votes on each pair; a vote without a winner is a tie. */
function votesByPair({ votes }: Question): Map<string, { rater: string; winner?: string }[]> {
  const pairs = new Map<string, { rater: string; winner?: string }[]>();
  if (votes.kind !== "pairs") return pairs;
  const { items, candidates, raters, item, left, right, rater, outcome } = votes.comparisons;
  for (let v = 0; v < outcome.length; v++) {
    const names = [candidates[left[v]], candidates[right[v]]];
    const winner = outcome[v] === 0.5 ? undefined : names[outcome[v] > 0.5 ? 0 : 1];
    const key = pairKey({ item: items[item[v]], left: names[0], right: names[1] });
    const own = pairs.get(key) ?? [];
    own.push({ rater: raters[rater[v]], winner });
    pairs.set(key, own);
  }
  return pairs;
}

const meanOf = <T>(values: readonly T[], of: (value: T) => number): number =>
  values.length === 0 ? 0.5 : values.reduce((sum, value) => sum + of(value), 0) / values.length;

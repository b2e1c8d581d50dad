import {
  aggregateQuestion,
  aspectsOf,
  counting,
  type Judgement,
  type QuestionAggregate,
  questionOf,
  USES,
  unitOf,
  withVerdicts,
} from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import type { ExclusionPreview } from "./views.js";

/** Most changes shown. */
const MAX_SHOWN = 100;

interface Judged {
  item: string;
  left?: string;
  right?: string;
  answer: string;
  probability: number;
}

/** What would be left out: a rater's votes, or votes by their ids. */
export type Exclusion = { aspect?: string } & ({ rater: string } | { votes: readonly string[] });

/** Which answers would change if some votes were left out of the default aggregate; leads' verdicts stand. */
export function exclusionPreview(data: ProjectData, exclusion: Exclusion, seed = 0): ExclusionPreview {
  const { aspect = aspectsOf(data.project.task)[0] } = exclusion;
  const judged = (which: readonly Judgement[]) => {
    const question = aspect === undefined ? undefined : questionOf(which, aspect);
    return question === undefined
      ? new Map<string, Judged>()
      : answers(withVerdicts(aggregateQuestion(question, { seed }), data.judgements, question.aspect));
  };
  const ids = new Set("votes" in exclusion ? exclusion.votes : []);
  // If the rater is already excluded, the judgements are treated as if they still counted.
  const own = ({ vote }: Judgement) =>
    "rater" in exclusion ? vote.rater === exclusion.rater : ids.has(vote.id);
  const present = counting(
    data.judgements.map((judgement) =>
      "rater" in exclusion && own(judgement) ? { ...judgement, excluded: false } : judgement,
    ),
    USES.raters,
  );
  const [before, after] = [judged(present), judged(present.filter((judgement) => !own(judgement)))];
  const changes = [...before].flatMap(([key, { answer, probability, ...unit }]) => {
    const now = after.get(key);
    if (now?.answer === answer) return [];
    const next = now === undefined ? null : { answer: now.answer, probability: now.probability };
    return [{ ...unit, before: { answer, probability }, after: next }];
  });
  const changed = changes.filter(({ after: next }) => next !== null);
  const lost = changes.filter(({ after: next }) => next === null);
  return {
    asOf: data.asOf,
    aspect: aspect ?? data.project.task.kind,
    votes: counting(present.filter(own), USES.results).length,
    units: before.size,
    lost: lost.length,
    changed: changed.length,
    changes: [...changed, ...lost].slice(0, MAX_SHOWN),
  };
}

/** The likelier answer of each unit: the better response's name, or the label. */
function answers(made: QuestionAggregate): Map<string, Judged> {
  if (made.kind === "labels")
    return new Map(
      made.aggregate.items.map(({ item, label, probability }) => {
        const { item: id, response } = unitOf(item);
        return [
          item,
          { item: id, ...(response !== undefined && { left: response }), answer: label, probability },
        ];
      }),
    );
  return new Map(
    made.aggregate.preferences.map(({ item, left, right, probability }) => {
      const [first, second] = left < right ? [left, right] : [right, left];
      const p = first === left ? probability : 1 - probability;
      const likelier = p > 0.5 ? first : p < 0.5 ? second : "tie";
      const judged = { item, left: first, right: second, answer: likelier, probability: Math.max(p, 1 - p) };
      return [JSON.stringify([item, first, second]), judged];
    }),
  );
}

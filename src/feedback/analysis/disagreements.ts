import { aspectsOf, counting, type Question, questionOf, USES, unitOf } from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import { promptStart } from "./prompt-start.js";
import type { DisagreementsView } from "./views.js";

/** Most characters shown of a rationale. */
const MAX_RATIONALE = 1000;
/** Most votes shown of one unit. */
const MAX_VOTES = 100;

interface Unit {
  item: string;
  what?: string;
  entropy: number;
  /** Indices of the unit's rows in the question. */
  rows: number[];
}

/**
 * The units that raters agree on least, by the entropy of their answers; of equal ones, that with more votes comes
 * first. What a lead has decided comes last; what all agree on, and what was made gold, is left out.
 */
export function disagreementsView(
  data: ProjectData,
  {
    aspect = aspectsOf(data.project.task)[0],
    offset,
    limit,
  }: { aspect?: string; offset: number; limit: number },
): DisagreementsView {
  const question =
    aspect === undefined ? undefined : questionOf(counting(data.judgements, USES.results), aspect);
  const known = ({ item }: Unit) => data.items.get(item);
  const decided = (unit: Unit) => known(unit)?.adjudicated !== undefined;
  const units = (question === undefined ? [] : unitsOf(question)).filter(
    (unit) => unit.entropy > 0 && known(unit)?.gold === undefined,
  );
  units.sort(
    (a, b) =>
      Number(decided(a)) - Number(decided(b)) || b.entropy - a.entropy || b.rows.length - a.rows.length,
  );
  const shown = units.slice(offset, offset + limit);
  return {
    asOf: data.asOf,
    aspect: aspect ?? data.project.task.kind,
    count: units.length,
    items: shown.map(({ item, what, entropy, rows }) => ({
      ...(data.items.get(item)?.adjudicated !== undefined && { adjudicated: true }),
      item,
      prompt: promptStart(data, item),
      ...(what !== undefined && { what }),
      entropy,
      votes: rows.slice(0, MAX_VOTES).map((row) => shownVote(question as Question, row)),
    })),
    ...(offset + limit < units.length && { next: offset + limit }),
  };
}

function unitsOf(question: Question): Unit[] {
  const units = new Map<string, Unit>();
  for (const row of question.from.keys()) {
    const { key, item, what } = nameOf(question, row);
    const unit = units.get(key);
    if (unit === undefined) units.set(key, { item, what, entropy: 0, rows: [row] });
    else unit.rows.push(row);
  }
  for (const unit of units.values()) unit.entropy = entropyOf(unit.rows.map((row) => said(question, row)));
  return [...units.values()];
}

/** The unit that a row is about: an item, one of its responses, or two of several responses. */
function nameOf({ votes, from }: Question, row: number): { key: string; item: string; what?: string } {
  if (votes.kind === "labels") {
    const key = votes.labels.items[votes.labels.item[row]];
    const { item, response } = unitOf(key);
    return { key, item, ...(response !== undefined && { what: response }) };
  }
  const { candidates, left, right } = votes.comparisons;
  const { item, order } = from[row].vote;
  const what = `${candidates[left[row]]} or ${candidates[right[row]]}`;
  return order.length > 2 ? { key: `${item} ${left[row]} ${right[row]}`, item, what } : { key: item, item };
}

/** The answer of a row in a word: a label, the name of the better response, "tie" or "both bad". */
function said({ votes, from, aspect }: Question, row: number): string {
  if (votes.kind === "labels") return votes.labels.labels[votes.labels.label[row]];
  const { answer } = from[row].vote;
  if (answer.kind === "pairwise" && answer.aspects[aspect].verdict === "both-bad") return "both bad";
  const { candidates, left, right, outcome } = votes.comparisons;
  if (outcome[row] === 0.5) return "tie";
  return candidates[outcome[row] > 0.5 ? left[row] : right[row]];
}

/** Entropy of the shares of each distinct value, in bits. */
function entropyOf(values: readonly string[]): number {
  const tally = new Map<string, number>();
  for (const value of values) tally.set(value, (tally.get(value) ?? 0) + 1);
  let bits = 0;
  for (const n of tally.values()) bits -= (n / values.length) * Math.log2(n / values.length);
  return Math.max(0, bits);
}

function shownVote(question: Question, row: number): DisagreementsView["items"][number]["votes"][number] {
  const { vote, review } = question.from[row];
  const { id, rater, group, answer, milliseconds, castAt } = vote;
  return {
    vote: id,
    rater,
    ...(group !== undefined && { group }),
    said: said(question, row),
    ...(answer.rationale !== undefined && { rationale: answer.rationale.slice(0, MAX_RATIONALE) }),
    ...(milliseconds !== undefined && { seconds: milliseconds / 1000 }),
    castAt,
    ...(review && { review }),
  };
}

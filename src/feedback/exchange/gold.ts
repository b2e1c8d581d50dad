/**
 * Reads the right answer of a gold item as people write it in a column: a side ("left", "a"), a response's name, a
 * verdict in words, a label, points, ranks, or an answer as the API has it.
 */

import { explainIssue, shown } from "../../base/explain-issue.js";
import { isRecord } from "../../base/json-values.js";
import { parseExactJson } from "../../data/exact-json.js";
import { type NamedResponse, safetyOf, sideNames, UNNAMED_CATEGORY } from "../../votes/exports/index.js";
import { Answer, answerProblem, type TaskDefinition } from "../../votes/tasks/index.js";
import { VERDICT_FORMS, verdictOf } from "../../votes/tasks/verdict.js";

/**
 * The gold answer that a cell states, for these responses in this order; undefined for an empty cell.
 *
 * @returns as a string, what is wrong with it.
 */
export function goldAnswer(
  cell: unknown,
  task: TaskDefinition,
  responses: readonly NamedResponse[],
): Answer | undefined | string {
  const said = typeof cell === "string" ? structured(cell.trim()) : cell;
  if (said === undefined || said === null || said === "") return undefined;
  const answer = isRecord(said) && "kind" in said ? said : answerOf(said, task, responses);
  if (typeof answer === "string") return `is ${shown(cell)}; ${answer}`;
  const checked = Answer.safeParse(answer);
  if (!checked.success) {
    const { field, problem } = explainIssue(checked.error.issues[0], answer);
    return `${field} ${problem}`.trim();
  }
  const wrong = answerProblem(checked.data, { ...task, rationale: "optional" }, responses.length);
  return wrong === undefined ? checked.data : `does not fit the task: ${wrong}`;
}

/** An answer of the task's kind; or what was expected. */
function answerOf(said: unknown, task: TaskDefinition, responses: readonly NamedResponse[]): object | string {
  const { kind } = task;
  switch (kind) {
    case "pairwise":
      return comparison(said, task, responses);
    case "safety": {
      const safe = typeof said === "string" ? safetyOf([said]) : undefined;
      if (safe === undefined) return "expected safe or unsafe";
      return { kind, safe, categories: safe ? [] : [UNNAMED_CATEGORY] };
    }
    case "ranking":
      return ranking(said, responses);
    case "likert": {
      const points = typeof said === "string" && /^\d{1,2}$/.test(said) ? Number(said) : said;
      if (typeof points !== "number" || responses.length !== 1 || task.aspects.length !== 1)
        return "expected points, for one response and one aspect; otherwise an answer as the API has it";
      return { kind, ratings: [{ [task.aspects[0]]: points }] };
    }
    default:
      return `in a ${kind} task raters write, so that no answer is the right one`;
  }
}

function comparison(
  said: unknown,
  task: TaskDefinition,
  responses: readonly NamedResponse[],
): object | string {
  const { aspects } = task;
  const given = isRecord(said) && isRecord(said.aspects) ? said.aspects : undefined;
  if (given === undefined && aspects.length > 1)
    return `the project asks about ${aspects.join(", ")}: expected {"aspects": {${JSON.stringify(aspects[0])}: "left", ...}}`;
  const answered: Record<string, object> = {};
  for (const [aspect, one] of Object.entries(given ?? { [aspects[0]]: said })) {
    const label = isRecord(one) ? one.verdict : one;
    const verdict = typeof label === "string" ? verdictOf(label, sideNames(responses))?.verdict : undefined;
    if (verdict === undefined) return `expected ${VERDICT_FORMS}`;
    answered[aspect] = { verdict };
  }
  return { kind: "pairwise", aspects: answered };
}

/** Ranks by place, or names from the best to the worst. */
function ranking(said: unknown, responses: readonly NamedResponse[]): object | string {
  const expected = "expected a list of ranks, or of the responses' names from the best to the worst";
  if (!Array.isArray(said) || said.length !== responses.length) return expected;
  if (said.every((rank) => typeof rank === "number")) return { kind: "ranking", ranks: said };
  const ranks = responses.map(({ name }) => said.indexOf(name) + 1);
  return ranks.includes(0) ? expected : { kind: "ranking", ranks };
}

/** The value of a cell that holds JSON, otherwise its text. */
function structured(text: string): unknown {
  if (!/^[[{]/.test(text)) return text;
  try {
    return parseExactJson(text);
  } catch {
    return text;
  }
}

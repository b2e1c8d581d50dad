/** Turns foreign records into items and votes. */

import { explainIssue, shown } from "../../base/explain-issue.js";
import type { RowLocation } from "../../base/location.js";
import type { TextOrMessages } from "../../data/messages.js";
import {
  type ForeignRecord,
  type ImportProblems,
  type NamedResponse,
  type Opinion,
  type Said,
  safetyOf,
  sideNames,
  UNNAMED_CATEGORY,
  withQuestionTypes,
} from "../../votes/exports/index.js";
import {
  type Answer,
  answerProblem,
  type CastVote,
  ItemContent,
  type Preference,
  TaskDefinition,
  type TaskItem,
  type TaskKind,
} from "../../votes/tasks/index.js";
import { VERDICT_FORMS, verdictOf } from "../../votes/tasks/verdict.js";
import { goldAnswer } from "./gold.js";

/** A record of which it is known what is shown of it. */
export interface ShownRecord extends Pick<ForeignRecord, "id" | "opinions" | "gold" | "meta" | "where"> {
  prompt: TextOrMessages;
  responses: NonNullable<ForeignRecord["responses"]>;
}

/** Items and votes, and where each item came from. */
export interface Assembled {
  items: TaskItem[];
  votes: CastVote[];
  places: RowLocation[];
}

/**
 * Items and votes of all records. The kind of task follows from the answered questions and the number of responses; a
 * free-text question next to another question is the rationale. Every record that does not fit is added to the
 * problems.
 *
 * @param rationale the free-text question that is the rationale, where that is not clear.
 * @param asked the task that gold answers are for; by default each item's own.
 */
export function assemble(
  shown: readonly ShownRecord[],
  rationale: string | undefined,
  problems: ImportProblems,
  asked?: TaskDefinition,
): Assembled {
  const { records, types } = withQuestionTypes(shown, rationale, problems);
  const [items, votes, places]: [TaskItem[], CastVote[], RowLocation[]] = [[], [], []];
  const pseudonyms = new Map<string, string>();
  const ids = new Set<string>();
  const scale = scaleOf(records);
  for (const record of records) {
    const { where } = record;
    if (ids.has(record.id))
      problems.add(where, "id", `is ${JSON.stringify(record.id)}, which an earlier record already has`);
    ids.add(record.id);
    const content = contentOf(record, problems);
    if (content === undefined) continue;
    const plan = planOf(types, content.responses, scale);
    if (typeof plan === "string") {
      problems.add(where, "", plan);
      continue;
    }
    const item: TaskItem = { id: record.id, task: plan.task, content };
    const gold = goldAnswer(record.gold, asked ?? plan.task, content.responses);
    if (typeof gold === "string") problems.add(where, "gold", gold);
    else if (gold !== undefined) item.gold = gold;
    const answers = new Map<string, string>();
    for (const [i, opinion] of record.opinions.entries()) {
      const answer = answerOf(opinion, plan, content.responses);
      if (typeof answer === "object" && answer.kind === "safety" && !answer.safe)
        problems.tally("unnamedCategory");
      const wrong =
        typeof answer === "string" ? answer : answerProblem(answer, plan.task, content.responses.length);
      if (typeof answer === "string" || wrong !== undefined)
        problems.add(where, "", `the answer of ${shownRater(opinion.rater)}: ${wrong}`);
      else if (opinion.truth) item.gold = answer;
      else if (isFirst(answers, opinion, answer, where, problems))
        votes.push(castVote(record, item, opinion, answer, i, pseudonyms));
    }
    items.push(item);
    places.push(where);
  }
  return { items, votes, places };
}

/**
 * Whether a rater says this of an item for the first time: each has one vote. @param answers what raters said of the item,
 * to which this is added.
 */
function isFirst(
  answers: Map<string, string>,
  { rater }: Opinion,
  answer: Answer,
  where: RowLocation,
  problems: ImportProblems,
): boolean {
  const before = answers.get(rater);
  const text = JSON.stringify(answer);
  if (before === undefined) answers.set(rater, text);
  else if (before === text) problems.tally("repeatedVote");
  else problems.add(where, "", `${shownRater(rater)} gives two answers: leave the one that counts`);
  return before === undefined;
}

function contentOf(
  { prompt, responses, meta, where }: ShownRecord,
  problems: ImportProblems,
): ItemContent | undefined {
  const content = { prompt, responses, ...(meta && Object.keys(meta).length > 0 && { meta }) };
  const checked = ItemContent.safeParse(content);
  if (checked.success) return checked.data;
  const { field, problem } = explainIssue(checked.error.issues[0], content);
  problems.add(where, field, problem);
  return undefined;
}

/** Most aspects that a task may ask for. */
const MAX_ASPECTS = 12;

/** How the answers to a record's questions become one answer. */
interface Plan {
  task: TaskDefinition;
  /** Questions that the task's answer is made of, by the name of the aspect. */
  aspects: Map<string, string>;
  /** Question whose text is the rationale. */
  rationale?: string | undefined;
}

/** The plan for a record's questions, or why the kind of task cannot be determined. */
function planOf(
  questions: ReadonlyMap<string, Said["type"]>,
  responses: readonly NamedResponse[],
  scale: number,
): Plan | string {
  const of = (...types: Said["type"][]) =>
    [...questions].filter(([, type]) => types.includes(type)).map(([name]) => name);
  const [sides, ratings, rankings, texts] = [of("label", "side"), of("rating"), of("ranking"), of("text")];
  const k = responses.length;
  const make = (
    kind: TaskKind,
    names: readonly string[],
    more: Partial<TaskDefinition> = {},
  ): Plan | string => {
    if (names.length > MAX_ASPECTS) return `has ${names.length} questions; expected at most ${MAX_ASPECTS}`;
    const aspects = new Map(names.map((name) => [names.length === 1 ? "overall" : slug(name), name]));
    const judged = aspects.size > 0 && (kind === "pairwise" || kind === "likert");
    const task = TaskDefinition.parse({ kind, ...(judged && { aspects: [...aspects.keys()] }), ...more });
    return { task, aspects, rationale: texts.find((name) => !names.includes(name)) };
  };
  if (questions.size === 0)
    return make(k === 0 ? "demonstration" : k === 1 ? "rewrite" : k === 2 ? "pairwise" : "ranking", []);
  if (rankings.length === 1 && k > 1) return make("ranking", rankings);
  if (rankings.length > 1) return `has ${rankings.length} rankings; expected one`;
  if (sides.length > 0 && k === 2) return make("pairwise", sides);
  if (ratings.length > 0 && k > 0) return make("likert", ratingAspects(ratings, responses), { scale });
  if (sides.length === 1 && k === 1) return make("safety", sides);
  if (texts.length > 0 && sides.length === 0 && k < 2)
    return make(k === 0 ? "demonstration" : "rewrite", texts.slice(0, 1));
  return `has ${k} responses and the questions ${[...questions].map(([name, type]) => `${name} (${type})`).join(", ")}, which do not fit any kind of task; say which columns are the responses with --columns, or read labels with plumb aggregate`;
}

/**
 * The aspects of rating questions. Questions asked about each response separately ("quality 1", "quality 2") share an
 * aspect.
 */
function ratingAspects(ratings: readonly string[], responses: readonly NamedResponse[]): string[] {
  return [...new Set(ratings.map((name) => ratedResponse(name, responses).aspect))];
}

/**
 * The response that a rating question is about: the one whose name or place ends the question's name; the only one if
 * there is just one. `place` is -1 if no response matches.
 */
function ratedResponse(
  question: string,
  responses: readonly NamedResponse[],
): { aspect: string; place: number } {
  if (responses.length === 1) return { aspect: question, place: 0 };
  for (const [place, { name }] of responses.entries()) {
    for (const ending of [name, String(place + 1), "abcdefgh"[place] ?? name]) {
      const lower = question.toLowerCase();
      const start = lower.length - ending.length;
      if (
        lower.endsWith(ending.toLowerCase()) &&
        (start === 0 || /[^a-z0-9]/.test(lower[start - 1]) || /^\d/.test(ending))
      )
        return { aspect: question.slice(0, start).replace(/[^\p{L}\p{N}]+$/u, "") || "overall", place };
    }
  }
  return { aspect: question, place: -1 };
}

/** The smaller of the scales 5 and 10 that holds every rating. */
function scaleOf(records: readonly ShownRecord[]): number {
  const said = records.flatMap(({ opinions }) => opinions.flatMap((opinion) => [...opinion.said.values()]));
  return said.some((one) => one.type === "rating" && one.points > 5) ? 10 : 5;
}

/** An opinion as an answer to the item, in the stored order of its responses; or why it is not a valid answer. */
function answerOf(opinion: Opinion, plan: Plan, responses: readonly NamedResponse[]): Answer | string {
  const rationale = plan.rationale === undefined ? undefined : opinion.said.get(plan.rationale);
  const common = {
    flags: [],
    ...(rationale?.type === "text" &&
      rationale.text.trim() !== "" && { rationale: rationale.text.slice(0, 10_000) }),
  };
  const [first] = plan.aspects.values();
  const main = first === undefined ? undefined : opinion.said.get(first);
  switch (plan.task.kind) {
    case "pairwise": {
      const aspects: Record<string, Preference> = {};
      for (const [aspect, question] of plan.aspects) {
        const said = opinion.said.get(question);
        const preference = preferenceOf(said, responses);
        if (preference === undefined)
          return `question ${JSON.stringify(question)} is ${labelOf(said)}, which names neither side nor a tie in words that are understood; expected ${VERDICT_FORMS}`;
        aspects[aspect] = preference;
      }
      return { kind: "pairwise", aspects, ...common };
    }
    case "ranking": {
      if (main?.type !== "ranking") return "has no ranking";
      const ranks = responses.map(({ name }) => main.ranks.find((one) => one.name === name)?.rank);
      if (ranks.includes(undefined))
        return `ranks ${main.ranks.length} of ${responses.length} responses, or names other responses than the shown ones`;
      return { kind: "ranking", ranks: raceRanks(ranks as number[]), ...common };
    }
    case "likert":
      return likertAnswer(opinion, plan, responses, common);
    case "safety": {
      const safe = main?.type === "label" ? safetyOf(main.labels) : undefined;
      if (safe === undefined) return "is neither safe nor unsafe";
      return { kind: "safety", safe, categories: safe ? [] : [UNNAMED_CATEGORY], ...common };
    }
    default:
      if (main?.type !== "text" || main.text === "") return "has no text";
      return { kind: plan.task.kind, text: main.text, ...common };
  }
}

function preferenceOf(said: Said | undefined, responses: readonly NamedResponse[]): Preference | undefined {
  if (said?.type === "side") return said.preference;
  return said?.type === "label" && said.labels.length === 1
    ? verdictOf(said.labels[0], sideNames(responses))
    : undefined;
}

const labelOf = (said: Said | undefined): string =>
  said === undefined
    ? "not answered"
    : said.type === "label"
      ? shown(said.labels.join(", "))
      : `a ${said.type}`;

function likertAnswer(
  opinion: Opinion,
  plan: Plan,
  responses: readonly NamedResponse[],
  common: Pick<Answer, "flags" | "rationale">,
): Answer | string {
  const ratings = responses.map((): Record<string, number> => ({}));
  for (const [question, said] of opinion.said) {
    if (said.type !== "rating") continue;
    const { aspect, place } = ratedResponse(question, responses);
    if (place < 0) return `question ${JSON.stringify(question)} does not say which response it rates`;
    if (!Number.isInteger(said.points) || said.points < 1 || said.points > 10)
      return `rating ${said.points} is not a whole number from 1 to 10`;
    ratings[place][plan.aspects.size === 1 ? "overall" : slug(aspect)] = said.points;
  }
  return { kind: "likert", ratings, ...common };
}

/** Ranks in competition form (1, 2, 2, 4) from ranks of any form. */
const raceRanks = (ranks: readonly number[]): number[] =>
  ranks.map((rank) => 1 + ranks.filter((other) => other < rank).length);

/**
 * A name as the name of an aspect: lower-case letters, digits and dashes, starting with a letter; "overall" if nothing
 * is left.
 */
export function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 40);
  return plain === "" ? "overall" : plain;
}

function castVote(
  record: ShownRecord,
  item: TaskItem,
  opinion: Opinion,
  answer: Answer,
  index: number,
  pseudonyms: Map<string, string>,
): CastVote {
  return {
    id: `${record.id}/${index + 1}`,
    item: item.id,
    rater: pseudonym(opinion.rater, pseudonyms),
    ...(opinion.group !== undefined && { group: opinion.group }),
    answer,
    order: item.content.responses.map((_, i) => i),
    ...(opinion.milliseconds !== undefined && { milliseconds: opinion.milliseconds }),
    castAt: opinion.castAt ?? index,
    guidelinesVersion: 0,
    repeat: false,
  };
}

/** The tool's name for a rater, or a numbered pseudonym if that name is an email address. */
function pseudonym(rater: string, pseudonyms: Map<string, string>): string {
  if (!rater.includes("@")) return rater.slice(0, 200);
  const known = pseudonyms.get(rater) ?? `rater-${pseudonyms.size + 1}`;
  pseudonyms.set(rater, known);
  return known;
}

const shownRater = (rater: string): string =>
  rater.includes("@") ? "a rater" : JSON.stringify(rater.slice(0, 60));

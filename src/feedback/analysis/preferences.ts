import {
  aggregateQuestion,
  aspectsOf,
  counting,
  heldOrNot,
  questionOf,
  USES,
  unitOf,
  withVerdicts,
} from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import { promptStart } from "./prompt-start.js";
import type { PreferencesView } from "./views.js";

/** Most scores shown; items whose responses all have distinct names would give thousands. */
const MAX_SCORES = 200;

/** Which preferences are asked for: an aspect, and a page of `limit` from `offset` on. */
export interface PreferencesRequest {
  aspect?: string;
  /** Whether votes that a filter holds count before a reviewer decides. */
  held: boolean;
  offset: number;
  limit: number;
}

/** The result of the default aggregate, in pages. */
export function preferencesView(
  data: ProjectData,
  { aspect = aspectsOf(data.project.task)[0], held, offset, limit }: PreferencesRequest,
  seed = 0,
): PreferencesView {
  const judgements = counting(data.judgements, heldOrNot(USES.raters, held));
  const question = aspect === undefined ? undefined : questionOf(judgements, aspect);
  const empty = {
    asOf: data.asOf,
    aspect: aspect ?? data.project.task.kind,
    method: "robust",
    count: 0,
    kind: "labels" as const,
    preferences: [],
    labels: [],
    scores: [],
  };
  if (question === undefined) return empty;
  const made = withVerdicts(aggregateQuestion(question, { seed }), data.judgements, question.aspect);
  if (made.kind === "labels") {
    const { items } = made.aggregate;
    const labels = items.slice(offset, offset + limit).map(({ item, ...rest }) => ({
      ...unitOf(item),
      ...rest,
      prompt: promptStart(data, unitOf(item).item),
    }));
    return { ...empty, labels, count: items.length, ...nextAfter(offset, limit, items.length) };
  }
  const { preferences, scores } = made.aggregate;
  return {
    ...empty,
    kind: "pairs",
    count: preferences.length,
    preferences: preferences
      .slice(offset, offset + limit)
      .map((preference) => ({ ...preference, prompt: promptStart(data, preference.item) })),
    scores: [...scores].sort((a, b) => b.score - a.score).slice(0, MAX_SCORES),
    ...nextAfter(offset, limit, preferences.length),
  };
}

const nextAfter = (offset: number, limit: number, count: number) =>
  offset + limit < count ? { next: offset + limit } : {};

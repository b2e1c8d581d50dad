/** Makes items from datasets, without votes: prompts and responses to judge, demonstrate or rewrite. */

import { basename } from "node:path";
import { explainIssue } from "../../base/explain-issue.js";
import { type LocatedRow, type RowLocation, rowError } from "../../base/location.js";
import { hashName, RandomStream } from "../../base/random.js";
import { checkRow, columnUse, type FormatName } from "../../data/formats.js";
import type { ChatMessage, TextOrMessages } from "../../data/messages.js";
import { toDemonstrations, toPreferences, toPrompt } from "../../data/normalise.js";
import type { ImportProblems } from "../../votes/exports/index.js";
import {
  ItemContent,
  RESPONSES,
  TaskDefinition,
  type TaskItem,
  type TaskKind,
} from "../../votes/tasks/index.js";
import { answerInStoredOrder } from "../../votes/tasks/places.js";
import type { DatasetPlan } from "./columns/of-dataset.js";
import { goldAnswer } from "./gold.js";

interface DatasetConfig {
  format: FormatName;
  /** By default by the number of responses. */
  kind?: TaskKind | undefined;
  seed: number;
  plan: DatasetPlan;
}

/**
 * Items of preference data (TRL, HH, OpenAI: both sides, in a random order that does not reveal which was chosen;
 * ranked: all responses), of prompts (demonstrations), and of prompts with one completion (rewrites, or the given
 * `kind`).
 *
 * @param asked the task that gold answers are for; by default the items'.
 */
export function datasetItems(
  all: readonly LocatedRow[],
  { format, kind, seed, plan }: DatasetConfig,
  problems: ImportProblems,
  asked?: TaskDefinition,
): { items: TaskItem[]; places: RowLocation[] } {
  const [items, places]: [TaskItem[], RowLocation[]] = [[], []];
  // What the format reads stays, whatever becomes of it.
  const unread = [...plan.roles]
    .filter(
      ([name, role]) => (role === "ignored" || role === "gold") && columnUse(format, name) === undefined,
    )
    .map(([name]) => name);
  const rows = all.map((row) => ({ ...row, value: without(row.value, unread) }));
  for (const [i, row] of rows.entries()) {
    const item = problems.catch(() => contentOf(row, format, plan));
    if (item === undefined) continue;
    const random = new RandomStream(
      seed,
      "feedback/exchange/order",
      hashName(`${basename(row.where.file)} ${i}`),
    );
    const content = { ...item, responses: random.shuffled(item.responses) };
    const checked = ItemContent.safeParse(content);
    const k = content.responses.length;
    const own = kind ?? (["demonstration", "rewrite", "pairwise"] as const)[k] ?? "ranking";
    const [least, most] = RESPONSES[own];
    if (!checked.success) {
      const { field, problem } = explainIssue(checked.error.issues[0], content);
      problems.add(row.where, field, problem);
    } else if (k < least || k > most)
      problems.add(row.where, "", `has ${k} responses; a ${own} task needs ${least} to ${most}`);
    else {
      const task = TaskDefinition.parse({ kind: own });
      // A side is that of the file, where the responses stand in their own order.
      const gold = goldAnswer(
        plan.gold === undefined ? undefined : all[i].value[plan.gold],
        asked ?? task,
        item.responses,
      );
      if (typeof gold === "string") problems.add(row.where, "gold", gold);
      const order = item.responses.map((response) => content.responses.indexOf(response));
      items.push({
        ...{ id: idIn(row.value, plan.id) ?? `${i + 1}`, task, content: checked.data },
        ...(typeof gold === "object" && { gold: answerInStoredOrder(gold, order) }),
      });
      places.push(row.where);
    }
  }
  return { items, places };
}

const without = (value: LocatedRow["value"], names: readonly string[]): LocatedRow["value"] =>
  names.length === 0
    ? value
    : Object.fromEntries(Object.entries(value).filter(([name]) => !names.includes(name)));

function idIn(value: LocatedRow["value"], column: string | undefined): string | undefined {
  const id = column === undefined ? undefined : value[column];
  return (typeof id === "string" && id !== "") || typeof id === "number" ? String(id) : undefined;
}

function contentOf(
  row: LocatedRow,
  format: FormatName,
  { sources }: DatasetPlan,
): Pick<ItemContent, "responses" | "meta"> & { prompt: TextOrMessages } {
  const checked = checkRow(row, format);
  checkShown(row, checked.fields);
  const kept = checked.meta && { meta: checked.meta };
  const named = (name: string, text: TextOrMessages) => {
    const source = row.value[sources.get(name) ?? ""];
    return {
      ...{ name, text: asText(text) },
      ...(typeof source === "string" && source !== "" && { source: source.slice(0, 200) }),
    };
  };
  if (checked.format === "ranked") {
    const { prompt, completions } = checked.fields;
    return {
      prompt,
      responses: completions.map(({ text, rank }, i) => ({
        ...named(`response-${i + 1}`, text),
        source: `rank ${rank}`,
      })),
      ...kept,
    };
  }
  if (checked.format === "preference" || checked.format === "openai-preference") {
    const [{ prompt, chosen, rejected, meta }] = toPreferences(checked);
    return {
      prompt,
      responses: [named("chosen", chosen), named("rejected", rejected)],
      ...(meta && { meta }),
    };
  }
  if (checked.format === "prompt-only") {
    const { prompt, meta } = toPrompt(checked);
    return { prompt, responses: [], ...(meta && { meta }) };
  }
  // An answer that was judged bad is none to imitate, and one to judge.
  const judged =
    checked.format === "unpaired-preference"
      ? { ...checked, fields: { ...checked.fields, label: true } }
      : checked;
  const [shown] = toDemonstrations(judged);
  if (shown?.kind === "completion")
    return { prompt: shown.prompt, responses: [named("response", shown.completion)], ...kept };
  const { prompt } = toPrompt(checked);
  const answer = shown?.kind === "messages" ? shown.messages.slice(prompt.length) : [];
  return { prompt, responses: [named("response", answer)], ...kept };
}

/** @throws RowError if a row holds calls of functions or thoughts, which raters would not be shown. */
function checkShown({ where }: LocatedRow, fields: object): void {
  const hidden = (value: unknown): string | undefined => {
    if (typeof value !== "object" || value === null) return undefined;
    for (const [key, inner] of Object.entries(value)) {
      if (["tools", "tool_calls", "reasoning_content", "thinking"].includes(key) && holdsSomething(inner))
        return key;
      const deeper = hidden(inner);
      if (deeper !== undefined) return deeper;
    }
    return undefined;
  };
  const key = hidden(fields);
  if (key !== undefined)
    throw rowError(
      where,
      `holds "${key}", which raters are not shown`,
      "Write it into the content, or leave the row out.",
    );
}

const holdsSomething = (value: unknown): boolean =>
  value !== undefined && value !== null && !(Array.isArray(value) && value.length === 0);

const asText = (text: TextOrMessages): string =>
  typeof text === "string" ? text : text.map(({ content }: ChatMessage) => content).join("\n");

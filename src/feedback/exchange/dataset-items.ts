/** Makes items from datasets, without votes: prompts and responses to judge, demonstrate or rewrite. */

import { basename } from "node:path";
import { explainIssue } from "../../base/explain-issue.js";
import type { LocatedRow, RowLocation } from "../../base/location.js";
import { hashName, RandomStream } from "../../base/random.js";
import { checkRow, detectFormat } from "../../data/formats.js";
import type { ChatMessage, TextOrMessages } from "../../data/messages.js";
import { toDemonstrations, toPreferences, toPrompt } from "../../data/normalise.js";
import {
  ItemContent,
  RESPONSES,
  TaskDefinition,
  type TaskItem,
  type TaskKind,
} from "../../votes/tasks/index.js";
import type { ImportProblems } from "./problems.js";

/**
 * Items of preference data (TRL, HH, OpenAI: both sides, in a random order that does not reveal which was chosen;
 * ranked: all responses), of prompts (demonstrations), and of prompts with one completion (rewrites, or the given
 * `kind`). @param rows at least one.
 */
export function datasetItems(
  rows: readonly LocatedRow[],
  kind: TaskKind | undefined,
  seed: number,
  problems: ImportProblems,
): { items: TaskItem[]; places: RowLocation[] } {
  const [items, places]: [TaskItem[], RowLocation[]] = [[], []];
  const format = problems.catch(() => detectFormat(rows[0]));
  if (format === undefined) return { items, places };
  for (const [i, row] of rows.entries()) {
    const item = problems.catch(() => contentOf(row, format));
    if (item === undefined) continue;
    const random = new RandomStream(
      seed,
      "feedback/exchange/order",
      hashName(`${basename(row.where.file)} ${i}`),
    );
    const content = { ...item, responses: random.shuffled(item.responses) };
    const checked = ItemContent.safeParse(content);
    const k = content.responses.length;
    const asked = kind ?? (["demonstration", "rewrite", "pairwise"] as const)[k] ?? "ranking";
    const [least, most] = RESPONSES[asked];
    if (!checked.success) {
      const { field, problem } = explainIssue(checked.error.issues[0], content);
      problems.add(row.where, field, problem);
    } else if (k < least || k > most)
      problems.add(row.where, "", `has ${k} responses; a ${asked} task needs ${least} to ${most}`);
    else {
      items.push({ id: `${i + 1}`, task: TaskDefinition.parse({ kind: asked }), content: checked.data });
      places.push(row.where);
    }
  }
  return { items, places };
}

function contentOf(
  row: LocatedRow,
  format: ReturnType<typeof detectFormat>,
): Pick<ItemContent, "responses" | "meta"> & { prompt: TextOrMessages } {
  const checked = checkRow(row, format);
  const named = (name: string, text: TextOrMessages) => ({ name, text: asText(text) });
  if (checked.format === "ranked") {
    const { prompt, completions } = checked.fields;
    return {
      prompt,
      responses: completions.map(({ text, rank }, i) => ({
        ...named(`response-${i + 1}`, text),
        source: `rank ${rank}`,
      })),
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
  const [shown] = toDemonstrations(checked);
  if (shown?.kind === "completion")
    return { prompt: shown.prompt, responses: [named("response", shown.completion)] };
  const { prompt } = toPrompt(checked);
  const answer = shown?.kind === "messages" ? shown.messages.slice(prompt.length) : [];
  return { prompt, responses: [named("response", answer)] };
}

const asText = (text: TextOrMessages): string =>
  typeof text === "string" ? text : text.map(({ content }: ChatMessage) => content).join("\n");

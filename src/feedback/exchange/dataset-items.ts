/** Makes items from datasets, without votes: prompts and responses to judge, demonstrate or rewrite. */

import { basename } from "node:path";
import { explainIssue } from "../../base/explain-issue.js";
import { type LocatedRow, type RowLocation, rowError } from "../../base/location.js";
import { hashName, RandomStream } from "../../base/random.js";
import { checkRow, detectFormat } from "../../data/formats.js";
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
import { goldAnswer } from "./gold.js";

/**
 * Items of preference data (TRL, HH, OpenAI: both sides, in a random order that does not reveal which was chosen;
 * ranked: all responses), of prompts (demonstrations), and of prompts with one completion (rewrites, or the given
 * `kind`).
 *
 * @param rows at least one. @param asked the task that gold answers are for; by default the items'.
 */
export function datasetItems(
  rows: readonly LocatedRow[],
  kind: TaskKind | undefined,
  seed: number,
  problems: ImportProblems,
  asked?: TaskDefinition,
): { items: TaskItem[]; places: RowLocation[] } {
  const [items, places]: [TaskItem[], RowLocation[]] = [[], []];
  const format = problems.catch(() => detectFormat(rows[0]));
  if (format === undefined) return { items, places };
  const unclear = format === "prompt-only" && kind !== "demonstration" ? unclearColumns(rows) : [];
  if (unclear.length > 0) {
    const [named, flag] = [unclear.map((name) => JSON.stringify(name)).join(", "), unclear.join(",")];
    problems.add(
      rows[0].where,
      "",
      `has a prompt, and ${named}, which may be responses or not; if they are, call them response_a and response_b, or name them with --response-fields ${flag}; if raters are to write the responses, say so with --kind demonstration`,
    );
    return { items, places };
  }
  for (const [i, row] of rows.entries()) {
    const item = problems.catch(() => contentOf(row, format));
    if (item === undefined) continue;
    const random = new RandomStream(
      seed,
      "feedback/exchange/order",
      hashName(`${basename(row.where.file)} ${i}`),
    );
    const { meta: all, ...rest } = item;
    const { gold: _gold, ...meta } = all ?? {};
    const content = {
      ...rest,
      responses: random.shuffled(item.responses),
      ...(Object.keys(meta).length > 0 && { meta }),
    };
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
      const gold = goldAnswer(row.value.gold, asked ?? task, item.responses);
      if (typeof gold === "string") problems.add(row.where, "gold", gold);
      const order = item.responses.map((response) => content.responses.indexOf(response));
      items.push({
        ...{ id: `${i + 1}`, task, content: checked.data },
        ...(typeof gold === "object" && { gold: answerInStoredOrder(gold, order) }),
      });
      places.push(row.where);
    }
  }
  return { items, places };
}

/** Fields that describe a prompt rather than answer it. */
const DESCRIBES =
  /(?:^|[-_])(?:id|idx|index|uid|uuid|hash|category|categories|topic|type|task|language|lang|source|dataset|split|difficulty|level|tags?|domain|subject|meta|metadata|url|date|time|timestamp|created_at|updated_at|license|notes?|comment|author|user|seed|gold|explanation|audience|priority|overlap)$/i;

/** Columns of text beside the prompts that may be responses for all that their names say. */
const unclearColumns = (rows: readonly LocatedRow[]): string[] =>
  Object.keys(rows[0].value).filter(
    (name) =>
      name !== "prompt" &&
      !DESCRIBES.test(name) &&
      rows.some(({ value }) => typeof value[name] === "string" && value[name] !== ""),
  );

function contentOf(
  row: LocatedRow,
  format: ReturnType<typeof detectFormat>,
): Pick<ItemContent, "responses" | "meta"> & { prompt: TextOrMessages } {
  const checked = checkRow(row, format);
  checkShown(row, checked.fields);
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

/** @throws RowError if a row holds calls of functions or thoughts, which raters would not be shown. */
function checkShown({ where }: LocatedRow, fields: object): void {
  const hidden = (value: unknown): string | undefined => {
    if (typeof value !== "object" || value === null) return undefined;
    for (const [key, inner] of Object.entries(value)) {
      if (["tools", "tool_calls", "reasoning_content", "thinking"].includes(key) && inner !== undefined)
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

const asText = (text: TextOrMessages): string =>
  typeof text === "string" ? text : text.map(({ content }: ChatMessage) => content).join("\n");

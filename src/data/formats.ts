import { z } from "zod";
import { nearestName } from "../base/errors.js";
import { explainIssue } from "../base/explain-issue.js";
import { type LocatedRow, RowError, rowError } from "../base/location.js";
import { typedFields } from "./cell-values.js";
import { messages, tools } from "./message-schema.js";
import { unreadKeys } from "./unread-keys.js";

/** Most ranked completions of a prompt, in one row. */
const MAX_RANKED = 64;

const text = z.string();
const textOrMessages = z.union([text, messages]);
/** An answer: text, messages, or the one message that it is. */
const side = z.preprocess(
  (given) => (typeof given === "object" && given !== null && !Array.isArray(given) ? [given] : given),
  textOrMessages,
);
const finite = z.number();

const ranked = z.object({ text: textOrMessages, rank: finite });
const instance = z.object({ input: text.optional(), output: text });

/** What stands before a prompt: LLaMA-Factory's and Axolotl's system text, earlier rounds, functions to call. */
const context = {
  system: text.optional(),
  history: z
    .array(z.tuple([text, text]))
    .max(10_000)
    .optional(),
  tools: tools.optional(),
};
/** The columns that a prompt may stand in; one of them does, or an instruction and its input. */
const promptColumns = {
  prompt: textOrMessages.optional(),
  instruction: text.optional(),
  input: text.optional(),
  question: text.optional(),
  conversations: messages.optional(),
  messages: messages.optional(),
  ...context,
};
const loss = {
  margin: finite.optional(),
  noise: finite.min(0).lt(0.5).optional(),
  weight: finite.min(0).optional(),
};
const rating = z.object({ Rating: z.union([text, finite]).optional() });

/** The supported dataset formats by name: their fields, and the types of these. */
export const FORMATS = {
  text: z.object({ text }),
  messages: z.object({ messages, ...context }),
  "prompt-only": z.object({ prompt: textOrMessages, ...context }),
  "prompt-completion": z.object({ ...promptColumns, completion: side }),
  "unpaired-preference": z.object({ ...promptColumns, completion: side.optional(), label: z.boolean() }),
  preference: z.object({ ...promptColumns, chosen: side, rejected: side, ...loss }),
  "openai-preference": z.object({
    input: z.object({ messages, tools: tools.optional() }),
    preferred_output: messages,
    non_preferred_output: messages,
  }),
  ranked: z.object({
    prompt: textOrMessages,
    ...context,
    completions: z.array(ranked).min(2).max(MAX_RANKED),
  }),
  alpaca: z.object({ instruction: text, input: text.optional(), output: text, ...context }),
  "self-instruct": z.object({ instruction: text, instances: z.array(instance).min(1) }),
  sharegpt: z.object({ conversations: messages, ...context }),
  "question-answer": z.object({ question: text, answer: text, ...context }),
  ultrafeedback: z.object({
    instruction: text,
    completions: z
      .array(
        z.object({
          response: text,
          "fine-grained_score": finite.optional(),
          overall_score: finite.optional(),
          annotations: z.record(text, rating).optional(),
        }),
      )
      .max(MAX_RANKED),
  }),
  nectar: z.object({
    prompt: textOrMessages,
    answers: z
      .array(z.object({ answer: text, rank: finite }))
      .min(2)
      .max(MAX_RANKED),
  }),
  "pku-saferlhf": z.object({
    prompt: text,
    response_0: text,
    response_1: text,
    better_response_id: z.union([z.literal(0), z.literal(1)]),
  }),
  shp: z.object({
    history: text,
    human_ref_A: text,
    human_ref_B: text,
    labels: z.union([z.literal(0), z.literal(1)]),
  }),
  helpsteer: z.object({ prompt: text, response: text, helpfulness: finite }),
  "helpsteer-preference": z.object({
    prompt: textOrMessages,
    response_1: text,
    response_2: text,
    preference_strength: finite,
  }),
  stepwise: z.object({ prompt: text, completions: z.array(text), labels: z.array(z.boolean()) }),
  segments: z.object({ segments: z.array(z.unknown()) }),
  tokens: z.object({ input_ids: z.array(finite) }),
};

/** A format of rows: the fields that a row must have, and their types. */
export type FormatName = keyof typeof FORMATS;
/** The fields of a row in each format, after they were checked. */
export type FieldsOf = { [Name in FormatName]: z.output<(typeof FORMATS)[Name]> };

/**
 * A row whose fields have been checked; `meta` holds fields that are not part of the format, `unread` their names and
 * those of keys further down that are not part of it either, unless they hold nothing.
 */
export type CheckedRow = {
  [Name in FormatName]: {
    format: Name;
    fields: FieldsOf[Name];
    meta?: Record<string, unknown>;
    unread: string[];
    /**
     * Another row of the file has a system text, earlier rounds or functions: prompts of all rows are conversations.
     */
    chat?: boolean;
    where: LocatedRow["where"];
  };
}[FormatName];

const isBoolean = (value: unknown) => typeof value === "boolean";
const isRanking = (value: unknown) => {
  const list =
    typeof value === "string" ? value.trimStart().startsWith("[") && value.includes("rank") : value;
  return (
    list === true ||
    (Array.isArray(list) && list.length > 0 && list.every((one) => typeof one?.rank === "number"))
  );
};

/** From the most specific fields to the least: a row has the first format whose `needs` are all present. */
const DETECTION: {
  format: FormatName;
  needs: string[];
  where?: Record<string, (value: unknown) => boolean>;
}[] = [
  { format: "openai-preference", needs: ["preferred_output", "non_preferred_output"] },
  { format: "preference", needs: ["chosen", "rejected"] },
  { format: "preference", needs: ["chosen_response", "rejected_response"] },
  { format: "stepwise", needs: ["completions", "labels"] },
  { format: "ultrafeedback", needs: ["instruction", "completions"] },
  { format: "ranked", needs: ["prompt", "completions"] },
  { format: "nectar", needs: ["prompt", "answers"], where: { answers: isRanking } },
  { format: "pku-saferlhf", needs: ["response_0", "response_1", "better_response_id"] },
  { format: "helpsteer-preference", needs: ["response_1", "response_2", "preference_strength"] },
  { format: "helpsteer-preference", needs: ["response1", "response2", "overall_preference"] },
  { format: "shp", needs: ["history", "human_ref_A", "human_ref_B", "labels"] },
  { format: "unpaired-preference", needs: ["prompt", "completion", "label"] },
  ...["instruction", "question", "messages", "conversations"].map((prompt) => ({
    format: "unpaired-preference" as const,
    needs: [prompt, "label"],
    where: { label: isBoolean },
  })),
  ...["instruction", "messages", "conversations"].map((prompt) => ({
    format: "unpaired-preference" as const,
    needs: [prompt, "kto_tag"],
  })),
  { format: "prompt-completion", needs: ["prompt", "completion"] },
  { format: "prompt-completion", needs: ["instruction", "completion"] },
  { format: "prompt-completion", needs: ["question", "completion"] },
  { format: "alpaca", needs: ["instruction", "output"] },
  { format: "alpaca", needs: ["instruction", "response"] },
  { format: "self-instruct", needs: ["instruction", "instances"] },
  { format: "helpsteer", needs: ["prompt", "response", "helpfulness"] },
  { format: "question-answer", needs: ["question", "answer"] },
  { format: "question-answer", needs: ["question", "response"] },
  { format: "sharegpt", needs: ["conversations"] },
  { format: "messages", needs: ["messages"] },
  { format: "segments", needs: ["segments"] },
  { format: "tokens", needs: ["input_ids"] },
  { format: "prompt-only", needs: ["prompt"] },
  { format: "text", needs: ["text"] },
];

/** Other names of columns, each read as the second where that is not there itself. */
const EVERYWHERE: readonly (readonly [string, string])[] = [
  ["system_prompt", "system"],
  ["functions", "tools"],
];
const RENAMED: Partial<Record<FormatName, readonly (readonly [string, string])[]>> = {
  preference: [
    ["chosen_response", "chosen"],
    ["rejected_response", "rejected"],
  ],
  "unpaired-preference": [
    ["kto_tag", "label"],
    ["output", "completion"],
  ],
  alpaca: [
    ["response", "output"],
    ["context", "input"],
  ],
  "question-answer": [["response", "answer"]],
  "helpsteer-preference": [
    ["response1", "response_1"],
    ["response2", "response_2"],
    ["overall_preference", "preference_strength"],
    ["context", "prompt"],
  ],
};

const KNOWN_FIELDS = [...new Set(Object.values(FORMATS).flatMap((schema) => Object.keys(schema.shape)))];

/** The format of a row, inferred from its field names. @throws PlumbError, which names the fields, if none fits. */
export function detectFormat(row: LocatedRow): FormatName {
  const has = (field: string) => row.value[field] !== undefined && row.value[field] !== null;
  const found = DETECTION.find(
    ({ needs, where = {} }) =>
      needs.every(has) && Object.entries(where).every(([field, holds]) => holds(row.value[field])),
  );
  if (found !== undefined) return found.format;
  const names = Object.keys(row.value).slice(0, 20);
  const listed = DETECTION.filter(
    ({ format }, i) => DETECTION.findIndex((one) => one.format === format) === i,
  );
  throw rowError(
    row.where,
    `no known dataset format has the fields ${names.map((name) => JSON.stringify(name)).join(", ") || "(none)"}`,
    likelyMistyped(names) ?? `Expected one of: ${listed.map(({ needs }) => needs.join("+")).join(", ")}.`,
  );
}

/** What a column of a format is used for, by the name that the format has for it. */
const USES: Record<string, string> = {
  text: "text to learn",
  messages: "conversation",
  conversations: "conversation",
  prompt: "prompt",
  instruction: "prompt",
  input: "prompt, after the instruction",
  question: "prompt",
  context: "prompt",
  system: "system text before the prompt",
  history: "earlier rounds before the prompt",
  tools: "functions",
  completion: "answer",
  output: "answer",
  answer: "answer",
  response: "answer",
  instances: "answers",
  chosen: "better answer",
  rejected: "worse answer",
  preferred_output: "better answer",
  non_preferred_output: "worse answer",
  completions: "answers and ranks",
  answers: "answers and ranks",
  margin: "margin of the pair",
  noise: "chance that the label is wrong",
  weight: "weight of the pair",
  label: "whether the answer is good",
  helpfulness: "rating",
  preference_strength: "which is better",
  response_0: "answer",
  response_1: "answer",
  response_2: "answer",
  better_response_id: "which is better",
  human_ref_A: "answer",
  human_ref_B: "answer",
  labels: "which is better",
};

/** What a format uses a column for; undefined if it does not read it. */
export function columnUse(format: FormatName, name: string): string | undefined {
  const { shape } = FORMATS[format];
  const renamed = [...(RENAMED[format] ?? []), ...EVERYWHERE].find(([other]) => other === name)?.[1];
  const own = name in shape || renamed === undefined ? name : renamed;
  if (!(own in shape)) return undefined;
  if (format === "openai-preference" && own === "input") return "prompt and functions";
  if (format === "shp" && own === "history") return "prompt";
  return USES[own] ?? own;
}

/** A hint about the first of these names that closely resembles, but is not, a field of a format. */
export function likelyMistyped(names: readonly string[]): string | undefined {
  for (const name of names) {
    const near = KNOWN_FIELDS.includes(name) ? undefined : nearestName(name, KNOWN_FIELDS);
    if (near !== undefined) return `Did you mean "${near}" instead of ${JSON.stringify(name)}?`;
  }
  return undefined;
}

/** Checks one row against a format. @throws PlumbError, which names file, line, field and what was expected. */
export function checkRow<Name extends FormatName>(
  row: LocatedRow,
  format: Name,
): Extract<CheckedRow, { format: Name }> {
  const schema = FORMATS[format];
  const shape: Record<string, z.ZodType> = schema.shape;
  const { value: renamed, names } = underOwnNames(row.value, format, shape);
  const value = withoutNulls(typedFields(renamed, shape, row.where, row.untyped));
  const result = schema.safeParse(value);
  if (!result.success) throw fieldError(row, format, value, result.error, names);
  const meta = Object.entries(renamed).filter(([name]) => !(name in shape));
  return {
    format,
    fields: result.data,
    ...(meta.length > 0 && { meta: Object.fromEntries(meta) }),
    unread: unreadKeys(schema, value),
    where: row.where,
  } as Extract<CheckedRow, { format: Name }>;
}

/** A row with its columns under the names that the format has for them, and what they were called. */
function underOwnNames(
  value: Record<string, unknown>,
  format: FormatName,
  shape: Record<string, unknown>,
): { value: Record<string, unknown>; names: Map<string, string> } {
  const names = new Map<string, string>();
  for (const [other, own] of [...EVERYWHERE, ...(RENAMED[format] ?? [])])
    if (own in shape && other in value && !(other in shape) && (value[own] ?? null) === null)
      names.set(own, other);
  if (names.size === 0) return { value, names };
  const own = new Map([...names].map(([to, from]) => [from, to]));
  const entries = Object.entries(value).filter(([name]) => !names.has(name));
  return { value: Object.fromEntries(entries.map(([name, cell]) => [own.get(name) ?? name, cell])), names };
}

function fieldError(
  row: LocatedRow,
  format: FormatName,
  value: unknown,
  error: z.ZodError,
  names: ReadonlyMap<string, string>,
) {
  const { field, problem, path } = explainIssue(error.issues[0], value);
  const known = Object.keys(FORMATS[format].shape);
  const missing = path.length === 1 && problem.startsWith("is missing");
  const others = Object.keys(row.value).filter((name) => !known.includes(name));
  const near = missing ? nearestName(String(path[0]), others) : undefined;
  const column = String(path[0]);
  const given = names.get(column);
  return new RowError(
    row.where,
    given === undefined ? field : `${given}${field.slice(column.length)}`,
    problem,
    near === undefined
      ? `The file is read as the ${format} format: ${known.join(", ")}.`
      : `This row has a field ${JSON.stringify(near)}; did you mean "${field}"?`,
  );
}

/** Drops fields that are null: Parquet and many exports write null for an absent field. */
function withoutNulls(value: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== null));
}

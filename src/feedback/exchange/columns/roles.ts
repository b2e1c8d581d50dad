/** What a column of a file is taken for, as people choose it and as an import says it. */
import { z } from "zod";
import { usageError } from "../../../base/usage-error.js";

/** Most columns of which an import tells and for which it takes a choice. */
export const MAX_COLUMNS = 200;
/** Most characters of a column's name in a choice. */
const MAX_NAME = 500;

export const COLUMN_ROLES = [
  ...(["prompt", "system", "conversation", "response", "source", "gold", "id"] as const),
  ...(["metadata", "ignored"] as const),
] as const;
export const ColumnRole = z
  .enum(COLUMN_ROLES)
  .describe(
    "prompt, of which several columns are parts; system: the system prompt; conversation: turns of which the assistant's last is the answer; response, a text or a list; source: a response's model, never shown; gold: the right answer; id; metadata: kept with the item, never shown; ignored: not kept",
  );
export type ColumnRole = z.infer<typeof ColumnRole>;

/** What people say columns are, by name. The others are read as they would be, given these. */
export const ColumnChoices = z
  .record(z.string().max(MAX_NAME), ColumnRole)
  .refine((choices) => Object.keys(choices).length <= MAX_COLUMNS, `expected at most ${MAX_COLUMNS} columns`);
export type ColumnChoices = z.infer<typeof ColumnChoices>;

export const ReadColumn = z.object({
  name: z.string(),
  role: z
    .enum([...COLUMN_ROLES, "vote", "unclear"])
    .describe("As in a choice; vote: part of somebody's answer; unclear: asked about"),
  of: z.string().optional().describe("The response whose source it is"),
  filled: z.int().describe("Rows in which it holds something"),
  example: z.string().describe("The beginning of what it holds first"),
});
/** A column of a file, what it is taken for, and an example of what it holds. */
export type ReadColumn = z.infer<typeof ReadColumn>;
export type ReadRole = ReadColumn["role"];

export const ColumnQuestion = z.object({
  about: z
    .enum(["prompt", "prompts", "responses", "mixed"])
    .describe(
      "prompt: no column is surely it; prompts: several may be, or be its parts; responses: which columns are, if any; mixed: columns of several kinds may be",
    ),
  columns: z.array(z.string()),
});
/** What has to be said of columns before a file can be read. */
export type ColumnQuestion = z.infer<typeof ColumnQuestion>;

/** How a role is written in `role=column`: responses and their models may say their place. */
const WORD = /^(response|source|model|[a-z]+)(?:[-_]?([a-h]|\d{1,2}))?$/;

/**
 * Choices that are written as `prompt=question`, `response_a=gpt`; responses are in the order of their places.
 *
 * @throws PlumbError naming the assignment that is none, and what was expected.
 */
export function choicesOf(assignments: readonly string[]): ColumnChoices {
  const placed = assignments.map((assignment, i) => {
    const at = assignment.indexOf("=");
    const [, word = "", place = ""] = WORD.exec(assignment.slice(0, Math.max(0, at)).toLowerCase()) ?? [];
    const role = ColumnRole.safeParse(word === "model" ? "source" : word);
    const column = assignment.slice(at + 1);
    if (!role.success || column === "" || (place !== "" && !["response", "source", "model"].includes(word)))
      throw usageError(
        `--columns ${JSON.stringify(assignment.slice(0, 80))}: expected ROLE=COLUMN, such as prompt=question or response_a=gpt`,
        `The roles are ${COLUMN_ROLES.join(", ")}.`,
      );
    return { role: role.data, column, place: place.padStart(2, "0"), i };
  });
  const twice = placed.find(({ column }, i) => placed.findIndex((one) => one.column === column) !== i);
  if (twice !== undefined)
    throw usageError(`--columns: says twice what the column ${JSON.stringify(twice.column)} is`);
  return Object.fromEntries(
    placed
      .sort((a, b) => (a.place < b.place ? -1 : a.place > b.place ? 1 : a.i - b.i))
      .map(({ column, role }) => [column, role]),
  );
}

/** What the columns of a known dataset format are taken for. */
import { columnUse, FORMATS, type FormatName } from "../../../data/formats.js";
import { sourcesOf } from "../../../votes/exports/index.js";
import type { ColumnChoices, ReadRole } from "./roles.js";
import type { Column } from "./table.js";

/** Roles by what a format uses a column for (src/data/formats.ts); others are kept with the item. */
const ROLE_OF: Readonly<Record<string, ReadRole>> = {
  prompt: "prompt",
  "prompt, after the instruction": "prompt",
  "prompt and functions": "prompt",
  "earlier rounds before the prompt": "prompt",
  "system text before the prompt": "system",
  conversation: "conversation",
  "text to learn": "conversation",
  answer: "response",
  answers: "response",
  "better answer": "response",
  "worse answer": "response",
  "answers and ranks": "response",
};
/** Columns of which the first that holds something is the prompt, where the format takes any of them. */
const PROMPTS = ["prompt", "conversations", "messages", "instruction", "question", "input"];
/** Roles by which a file is read. */
const READ: readonly ReadRole[] = ["prompt", "system", "conversation", "response"];

export interface DatasetPlan {
  roles: ReadonlyMap<string, ReadRole>;
  /** The column of each response's source, by the response's. */
  sources: ReadonlyMap<string, string>;
  gold?: string;
  id?: string;
}

/**
 * The plan of a dataset; undefined if the choices make it another table than its format's.
 */
export function planDataset(
  columns: readonly Column[],
  format: FormatName,
  choices: ColumnChoices,
): DatasetPlan | undefined {
  const roles = new Map<string, ReadRole>();
  const filled = columns.filter((column) => column.filled > 0).map(({ name }) => name);
  const [first] = PROMPTS.filter((name) => name in FORMATS[format].shape && filled.includes(name));
  for (const { name } of columns) {
    const role = ROLE_OF[columnUse(format, name) ?? ""] ?? "metadata";
    const copy = PROMPTS.includes(name) && name !== first && !(name === "input" && first === "instruction");
    const beside = role === "conversation" && !["messages", "sharegpt", "text"].includes(format);
    roles.set(name, copy ? "metadata" : beside ? "prompt" : role);
  }
  for (const [name, chosen] of Object.entries(choices)) {
    const usual = roles.get(name);
    if (usual !== chosen && (READ.includes(chosen) || (usual !== undefined && READ.includes(usual))))
      return undefined;
    roles.set(name, chosen);
  }
  const has = (role: ReadRole) => [...roles.values()].includes(role);
  const free = columns.filter(
    ({ name, filled }) => filled > 0 && roles.get(name) === "metadata" && !Object.hasOwn(choices, name),
  );
  if (!has("gold") && free.some(({ name }) => name === "gold")) roles.set("gold", "gold");
  const id = free.find(({ isId }) => isId);
  if (!has("id") && id !== undefined) roles.set(id.name, "id");
  const answers = columns.map(({ name }) => name).filter((name) => roles.get(name) === "response");
  const sources = sourcesOf(
    answers,
    columns
      .map(({ name }) => name)
      .filter((name) => roles.get(name) === "source" || free.some((column) => column.name === name)),
  );
  for (const name of sources.values()) roles.set(name, "source");
  const named = (role: ReadRole) => [...roles].find(([, one]) => one === role)?.[0];
  const [gold, idColumn] = [named("gold"), named("id")];
  return {
    ...{ roles, sources },
    ...(gold !== undefined && { gold }),
    ...(idColumn !== undefined && { id: idColumn }),
  };
}

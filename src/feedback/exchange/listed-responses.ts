/** Responses that a row lists in one field: texts, or objects with a text and perhaps a name and a model. */
import { parseExactJson } from "../../data/exact-json.js";
import type { ForeignRecord } from "../../votes/exports/index.js";

const LISTS = ["responses", "completions", "answers", "outputs", "candidates", "generations"];
const TEXTS = ["text", "response", "content", "answer", "output", "completion", "generation"];
const NAMES = ["name", "id"];
const SOURCES = ["model", "source", "policy", "author"];

type Listed = NonNullable<ForeignRecord["responses"]>;

/** The field of a row that lists responses, and these; undefined if there is none. */
export function listedResponses(
  row: Readonly<Record<string, unknown>>,
): { field: string; responses: Listed } | undefined {
  for (const field of LISTS) {
    const responses = responsesIn(row[field]);
    if (responses !== undefined) return { field, responses };
  }
  return undefined;
}

/** The responses of a list; undefined if a value is no list of texts. */
function responsesIn(value: unknown): Listed | undefined {
  const list = typeof value === "string" && value.startsWith("[") ? jsonOf(value) : value;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const found: { name?: string; text: string; source?: string }[] = [];
  for (const one of list as unknown[]) {
    if (typeof one === "string") found.push({ text: one });
    else if (typeof one !== "object" || one === null) return undefined;
    else {
      const fields = one as Record<string, unknown>;
      const text = TEXTS.map((name) => fields[name]).find((cell) => typeof cell === "string");
      if (text === undefined) return undefined;
      const [name, source] = [NAMES, SOURCES].map((names) => named(fields, names));
      found.push({ text: text as string, ...(name && { name }), ...(source && { source }) });
    }
  }
  const names = found.map(({ name }) => name);
  const own = names.every((name) => name !== undefined) && new Set(names).size === names.length;
  return found.map(({ name, ...rest }, i) => ({
    name: own ? (name as string) : `response-${i + 1}`,
    ...rest,
  }));
}

const named = (fields: Record<string, unknown>, names: readonly string[]): string | undefined =>
  names
    .map((name) => fields[name])
    .filter((cell) => typeof cell === "string" || typeof cell === "number")
    .map(String)
    .find((text) => text !== "");

function jsonOf(text: string): unknown {
  try {
    return parseExactJson(text);
  } catch {
    return undefined;
  }
}

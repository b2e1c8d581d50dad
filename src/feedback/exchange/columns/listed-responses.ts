/** Responses that a row lists in one field: texts, or objects with a text and perhaps a name and a model. */
import type { ForeignRecord } from "../../../votes/exports/index.js";
import { textIn } from "./cells.js";

const NAMES = ["name", "id"];
const SOURCES = ["model", "source", "policy", "author"];

type Listed = NonNullable<ForeignRecord["responses"]>;

/** The responses of a list; undefined if a value is no list of texts. */
export function listedResponses(list: readonly unknown[]): Listed | undefined {
  if (list.length === 0) return undefined;
  const found: { name?: string; text: string; source?: string }[] = [];
  for (const one of list) {
    const text = textIn(one);
    if (text === undefined) return undefined;
    const fields = typeof one === "string" ? {} : (one as Record<string, unknown>);
    const [name, source] = [NAMES, SOURCES].map((names) => named(fields, names));
    found.push({ text, ...(name && { name }), ...(source && { source }) });
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

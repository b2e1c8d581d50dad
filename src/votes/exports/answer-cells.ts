/** What a cell of a table, or a value of JSON, says as an answer. */
import { parseExactJson } from "../../data/exact-json.js";
import type { Said } from "./foreign-record.js";

/** A string with more characters or more than one line is a text, not a label. */
const LONGEST_LABEL = 60;

/** A label, or a text where it is long or has several lines. */
export const labelOrText = (text: string): Said =>
  text.length <= LONGEST_LABEL && !text.includes("\n")
    ? { type: "label", labels: [text] }
    : { type: "text", text };

/** The value of a cell that holds JSON of the given beginning, otherwise the cell. */
export function jsonOr(cell: unknown, begins = /^[[{]/): unknown {
  if (typeof cell !== "string" || !begins.test(cell)) return cell;
  try {
    return parseExactJson(cell);
  } catch {
    return cell;
  }
}

/**
 * An answer as forms write it: text, a number, whole numbers of at most two digits being points; true or false; a list of
 * labels; `{label}` or `{labels}`; or options with true for those that were chosen.
 *
 * @returns undefined for a blank, of which an empty list, `{}` and options that are all false are forms; "odd" for what is
 * none of these.
 */
export function saidIn(value: unknown): Said | undefined | "odd" {
  if (value === null || value === undefined) return undefined;
  if (typeof value === "boolean") return { type: "label", labels: [String(value)] };
  if (typeof value === "number") return { type: "rating", points: value };
  if (typeof value === "string") {
    const text = value.trim();
    if (text === "") return undefined;
    return /^\d{1,2}$/.test(text) ? { type: "rating", points: Number(text) } : labelOrText(text);
  }
  if (Array.isArray(value)) return value.every(isName) ? labelsOr(value.map(String)) : "odd";
  if (typeof value !== "object") return "odd";
  const { label, labels, ...others } = value as Record<string, unknown>;
  if (Object.keys(others).length === 0 && (label !== undefined || labels !== undefined))
    return label !== undefined && labels !== undefined ? "odd" : saidIn(label ?? labels);
  const options = Object.entries(value);
  if (!options.every(([, chosen]) => typeof chosen === "boolean")) return "odd";
  return labelsOr(options.filter(([, chosen]) => chosen).map(([name]) => name));
}

const isName = (one: unknown): boolean => typeof one === "string" || typeof one === "number";

const labelsOr = (labels: readonly string[]): Said | undefined =>
  labels.length === 0
    ? undefined
    : labels.length === 1
      ? (saidIn(labels[0]) as Said)
      : { type: "label", labels };

/** Values of a template as Python sees them: how they are written, and when two are equal. */
import type { Value } from "./library.js";

const isNumber = ({ type }: Value): boolean => type === "IntegerValue" || type === "FloatValue";
export const isString = ({ type }: Value): boolean => type === "StringValue";
export const isList = ({ type }: Value): boolean => type === "ArrayValue" || type === "TupleValue";
const isMap = ({ type }: Value): boolean => type === "ObjectValue";

/** Python's str(): what a template writes for a value, and what `string`, `join` and ~ make of it. */
export function pythonText(value: Value): string {
  return isString(value) || value.type === "UndefinedValue" ? String(value.value ?? "") : pythonRepr(value);
}

/** Python's repr(): a value within a list or a mapping. */
function pythonRepr(value: Value): string {
  switch (value.type) {
    case "BooleanValue":
      return value.value ? "True" : "False";
    case "NullValue":
      return "None";
    case "IntegerValue":
      return String(value.value);
    case "FloatValue":
      return pythonFloat(value.value as number);
    case "StringValue":
      return quoted(value.value as string);
    case "ArrayValue":
      return `[${members(value).map(pythonRepr).join(", ")}]`;
    case "TupleValue": {
      const written = members(value).map(pythonRepr);
      return `(${written.join(", ")}${written.length === 1 ? "," : ""})`;
    }
    case "ObjectValue": {
      const pairs = [...entries(value)].map(([key, member]) => `${quoted(key)}: ${pythonRepr(member)}`);
      return `{${pairs.join(", ")}}`;
    }
    default:
      throw new Error(`${value.type} cannot be written as text`);
  }
}

/** Python's ==: numbers and booleans by value, lists and mappings by their members, never a string with a number. */
export function pythonEquals(a: Value, b: Value): boolean {
  const counts = (value: Value) => isNumber(value) || value.type === "BooleanValue";
  if (counts(a) && counts(b)) return Number(a.value) === Number(b.value);
  if (isList(a) && isList(b) && a.type === b.type) {
    const [left, right] = [members(a), members(b)];
    return left.length === right.length && left.every((member, i) => pythonEquals(member, right[i]));
  }
  if (isMap(a) && isMap(b)) {
    const [left, right] = [entries(a), entries(b)];
    const same = ([key, member]: [string, Value]) => {
      const other = right.get(key);
      return other !== undefined && pythonEquals(member, other);
    };
    return left.size === right.size && [...left].every(same);
  }
  return a.type === b.type && a.value === b.value;
}

export const members = (list: Value): Value[] => list.value as Value[];
const entries = (map: Value): Map<string, Value> => map.value as Map<string, Value>;

/** Python writes exponents with a sign and two digits, and from 1e16 on. */
function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e16 || size < 1e-4)) {
    return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  }
  return Number.isInteger(value) ? `${value}.0` : String(value);
}

/** A string as Python quotes it: with ' unless it has one and no ". */
function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(/[\\\n\r\t]|\p{C}|[^\S ]/gu, (c) => ESCAPES[c] ?? unicodeEscape(c));
  return `${mark}${mark === "'" ? escaped.replaceAll("'", "\\'") : escaped}${mark}`;
}

const ESCAPES: Record<string, string> = { "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t" };

function unicodeEscape(character: string): string {
  const code = character.codePointAt(0) as number;
  const hex = (digits: number) => code.toString(16).padStart(digits, "0");
  if (code < 0x100) return `\\x${hex(2)}`;
  return code < 0x10000 ? `\\u${hex(4)}` : `\\U${hex(8)}`;
}

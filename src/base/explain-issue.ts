import type { z } from "zod";
import { nearestName } from "./errors.js";

/** A fault of a value as zod reports it, with the path to the field. */
export type Issue = z.core.$ZodIssue;

/** One fault of a value: the field and what was expected of it. */
export interface Explanation {
  /** Dotted path with indices, `messages[2].role`; empty for the value itself. */
  field: string;
  /** "expected ..., got ...", in plain words. */
  problem: string;
  /** The path of the field, with which a caller can look up where the value came from. */
  path: PropertyKey[];
}

/** Explains a schema's issue in plain words and shows the value that was found. */
export function explainIssue(issue: Issue, root: unknown): Explanation {
  const deepest = deepestIssue(issue);
  // A check over several fields gives the value, which may be a default.
  const checked: unknown = deepest.code === "custom" ? deepest.params?.value : undefined;
  const value = valueAt(root, deepest.path) ?? checked;
  const problem =
    value === undefined && isTypeIssue(deepest)
      ? `is missing; ${expected(deepest)}`
      : `${expected(deepest)}, got ${shown(value)}`;
  return {
    field: fieldName(deepest.path),
    problem: problem + suggestion(deepest, value),
    path: deepest.path,
  };
}

/** `a.b[0].c` for the path ["a", "b", 0, "c"]. */
export function fieldName(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === "number") return `${name}[${key}]`;
    return name === "" ? String(key) : `${name}.${String(key)}`;
  }, "");
}

/** A short quotation of a value, safe for a terminal: no control characters, at most 60 characters. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "number") return String(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (typeof value === "object" && value !== null) return "an object";
  const text = JSON.stringify(typeof value === "bigint" ? String(value) : value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}..."` : text;
}

function isTypeIssue(issue: Issue): boolean {
  return issue.code === "invalid_type" || issue.code === "invalid_value" || issue.code === "invalid_union";
}

/**
 * The issue to report. For a union this is the first issue, with its whole path, of the branch that matched furthest:
 * that branch is the one the user most likely meant.
 */
function deepestIssue(issue: Issue): Issue {
  if (issue.code !== "invalid_union") return issue;
  let best: Issue | undefined;
  for (const branch of issue.errors) {
    for (const inner of branch.slice(0, 1)) {
      const candidate = deepestIssue({ ...inner, path: [...issue.path, ...inner.path] } as Issue);
      if (candidate.path.length > (best?.path.length ?? issue.path.length)) best = candidate;
    }
  }
  return best ?? issue;
}

function expected(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return `expected ${TYPE_NAMES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `expected ${issue.values.length > 1 ? "one of " : ""}${issue.values.map((v) => JSON.stringify(v)).join(", ")}`;
    case "too_small":
      return `expected ${size(issue.origin)}${issue.inclusive ? "at least" : "more than"} ${issue.minimum}${unit(issue.origin)}`;
    case "too_big":
      return `expected ${size(issue.origin)}${issue.inclusive ? "at most" : "less than"} ${issue.maximum}${unit(issue.origin)}`;
    case "not_multiple_of":
      return `expected a multiple of ${issue.divisor}`;
    case "unrecognized_keys":
      return `expected no key ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}`;
    case "invalid_union":
      return `expected ${[...new Set(issue.errors.flatMap((branch) => branch.slice(0, 1).map((inner) => expected(inner).replace(/^expected /, ""))))].join(" or ")}`;
    default:
      return issue.message;
  }
}

const TYPE_NAMES: Record<string, string> = {
  string: "text",
  number: "a finite number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "an object",
  record: "an object",
};

function size(origin: string): string {
  return origin === "string" || origin === "array" ? "a length of " : "";
}

function unit(origin: string): string {
  return origin === "string" ? " characters" : origin === "array" ? " items" : "";
}

function suggestion(issue: Issue, value: unknown): string {
  if (issue.code !== "invalid_value" || typeof value !== "string") return "";
  const near = nearestName(value, issue.values.map(String));
  return near === undefined ? "" : ` (did you mean "${near}"?)`;
}

function valueAt(root: unknown, path: readonly PropertyKey[]): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<PropertyKey, unknown>)[key];
  }
  return value;
}

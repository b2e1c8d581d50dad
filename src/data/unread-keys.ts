/** Which keys of a row no schema reads, at any depth: nothing is left out without being named. */
import type { z } from "zod";
import { message, turnSchema } from "./message-schema.js";

interface Definition {
  type: string;
  shape?: Record<string, z.ZodType>;
  element?: z.ZodType;
  innerType?: z.ZodType;
  options?: readonly z.ZodType[];
  items?: readonly z.ZodType[];
  in?: z.ZodType;
  out?: z.ZodType;
}

/**
 * The keys of a value that its schema does not name: `id`, `messages[].date`. Keys that hold nothing (null, empty text,
 * lists and objects) are left out: there is nothing to read. Objects whose keys are free, such as a call's arguments,
 * are read whole.
 */
export function unreadKeys(schema: z.ZodType, value: unknown): string[] {
  const found = new Set<string>();
  collect(schema, value, "", found);
  return [...found];
}

function collect(schema: z.ZodType, value: unknown, path: string, found: Set<string>): void {
  if (typeof value !== "object" || value === null) return;
  const given = schema === message ? turnSchema(value) : schema;
  const { type, shape, element, innerType, options, items, in: first, out } = given.def as Definition;
  if (innerType !== undefined) {
    collect(innerType, value, path, found);
    return;
  }
  if (type === "pipe") {
    for (const part of [first, out])
      if (part !== undefined && (part.def as Definition).type !== "transform")
        collect(part, value, path, found);
    return;
  }
  if (type === "union") {
    const option = bestOption(options ?? [], value);
    if (option !== undefined) collect(option, value, path, found);
    return;
  }
  if (Array.isArray(value)) {
    for (const [i, inner] of value.entries()) {
      const of = element ?? items?.[i];
      if (of !== undefined) collect(of, inner, `${path}[]`, found);
    }
    return;
  }
  if (shape === undefined) return;
  for (const [key, inner] of Object.entries(value)) {
    const name = path === "" ? key : `${path}.${key}`;
    if (Object.hasOwn(shape, key)) collect(shape[key], inner, name, found);
    else if (!isNothing(inner)) found.add(name);
  }
}

/** Of the options that have the value's form, the one that names most of its keys. */
function bestOption(options: readonly z.ZodType[], value: object): z.ZodType | undefined {
  const named = (schema: z.ZodType): number => {
    const { type, shape, innerType, in: first } = schema.def as Definition;
    if (innerType !== undefined) return named(innerType);
    if (type === "pipe" && first !== undefined) return named(first);
    if (Array.isArray(value)) return type === "array" ? 1 : 0;
    return shape === undefined ? 0 : Object.keys(value).filter((key) => Object.hasOwn(shape, key)).length;
  };
  return [...options].sort((a, b) => named(b) - named(a)).find((option) => named(option) > 0);
}

/** Whether a value says nothing: null, empty text, a list or object without elements. */
export const isNothing = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  value === "" ||
  (typeof value === "object" && !(value instanceof Date) && Object.keys(value).length === 0);

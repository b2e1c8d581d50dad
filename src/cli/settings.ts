import { z } from "zod";
import { groupOf, groupRank, type SettingGroup } from "../base/setting-groups.js";

/** One setting of a command, as its schema describes it; the source of flags, help text and messages. */
export interface Setting {
  /** Where it is in the config; more than one key for a nested setting. */
  path: string[];
  type: "integer" | "number" | "boolean" | "text" | "list" | "object" | "any";
  /** For text: the only values allowed. For lists: of each item. */
  choices: string[] | undefined;
  /** Type of a list's items. */
  items: Setting["type"] | undefined;
  /** Of a list of objects: the keys that each must have. */
  itemKeys: string[] | undefined;
  /** The allowed range in words, such as "> 0, at most 1". */
  range: string | undefined;
  default: unknown;
  required: boolean;
  /** Its group in help; for a nested setting, within the object that holds it. */
  group: SettingGroup;
  description: string | undefined;
}

/** The parts of a JSON schema, as zod writes it, that settings are made of. */
interface JsonSchema {
  type?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  description?: string;
  /** From the field's metadata. */
  group?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
}

const TYPES: Record<string, Setting["type"]> = {
  integer: "integer",
  number: "number",
  boolean: "boolean",
  string: "text",
  array: "list",
  object: "object",
};

/** Every setting of a schema by group, then in the schema's order; nested ones take the place of their object. */
export function settingsOf(schema: z.ZodObject): Setting[] {
  return leaves(jsonSchema(schema), []);
}

/** `lora.rank`, as in --set and in messages. */
export function settingKey(setting: Setting): string {
  return setting.path.join(".");
}

/** `--learning-rate` for learningRate; each capital gets its own hyphen, so that commander can restore the key. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (capital) => `-${capital.toLowerCase()}`)}`;
}

/** The flag of a setting that is not nested. */
export const settingFlag = ({ path }: Setting): string => flagName(path[0]);

/**
 * The known keys of the object at a path, or undefined where any key is allowed (a record, or not an object). For a
 * union, the keys of all its members. A number in the path is an item of a list.
 */
export function knownKeys(schema: z.ZodObject, path: readonly string[]): string[] | undefined {
  let options: JsonSchema[] = [jsonSchema(schema)];
  for (const key of path)
    options = options.flatMap((option) => alternatives(option)).flatMap((option) => inner(option, key));
  const objects = options.flatMap(alternatives).filter((option) => option.type === "object");
  if (objects.length === 0 || objects.some((option) => option.properties === undefined)) return undefined;
  return [...new Set(objects.flatMap((option) => Object.keys(option.properties ?? {})))];
}

/** Schemas as JSON schemas, each made once: every key of every setting that is given is looked up in its command's. */
const made = new WeakMap<z.ZodObject, JsonSchema>();

function jsonSchema(schema: z.ZodObject): JsonSchema {
  const known = made.get(schema);
  if (known !== undefined) return known;
  const fresh = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as JsonSchema;
  made.set(schema, fresh);
  return fresh;
}

function alternatives(schema: JsonSchema): JsonSchema[] {
  return (schema.anyOf ?? schema.oneOf)?.flatMap(alternatives) ?? [schema];
}

function inner(schema: JsonSchema, key: string): JsonSchema[] {
  const found = schema.properties?.[key] ?? (/^\d+$/.test(key) ? schema.items : undefined);
  return found === undefined ? [] : [found];
}

function leaves(schema: JsonSchema, path: string[]): Setting[] {
  const entries = Object.entries(schema.properties ?? {}).map(([key, child]) => {
    const required = schema.required?.includes(key) === true && child.default === undefined;
    return { key, child, required, group: groupOf(child.group, required) };
  });
  entries.sort((a, b) => groupRank(a.group) - groupRank(b.group));
  return entries.flatMap(({ key, child, ...known }) => {
    const childPath = [...path, key];
    if (child.properties !== undefined) return leaves(withDefaults(child), childPath);
    return [{ ...leaf(child, childPath), ...known }];
  });
}

/** Passes an object's own default down to its fields, where help shows it. */
function withDefaults(schema: JsonSchema): JsonSchema {
  const defaults = schema.default as Record<string, unknown> | undefined;
  const properties = Object.entries(schema.properties ?? {}).map(([key, child]) => [
    key,
    defaults?.[key] === undefined ? child : { ...child, default: defaults[key] },
  ]);
  return { ...schema, properties: Object.fromEntries(properties) as Record<string, JsonSchema> };
}

function leaf(schema: JsonSchema, path: string[]): Omit<Setting, "required" | "group"> {
  const constants = alternatives(schema).map((option) => option.const);
  const choices =
    schema.enum ?? schema.items?.enum ?? (constants.includes(undefined) ? undefined : constants);
  return {
    path,
    type: typeOf(schema),
    choices: choices?.map(String),
    items: schema.items && typeOf(schema.items),
    itemKeys: schema.items?.required?.filter((key) => schema.items?.properties?.[key].default === undefined),
    range: rangeOf(schema.items ?? schema),
    default: schema.default,
    description: schema.description,
  };
}

function typeOf(schema: JsonSchema): Setting["type"] {
  const types = new Set(alternatives(schema).map((option) => TYPES[option.type ?? ""] ?? "any"));
  if (types.size !== 1) return "any";
  return [...types][0];
}

function rangeOf(schema: JsonSchema): string | undefined {
  const isLimit = (bound: number | undefined) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER;
  const bounds = [
    isLimit(schema.exclusiveMinimum) && `> ${schema.exclusiveMinimum}`,
    isLimit(schema.minimum) && `at least ${schema.minimum}`,
    isLimit(schema.exclusiveMaximum) && `< ${schema.exclusiveMaximum}`,
    isLimit(schema.maximum) && `at most ${schema.maximum}`,
  ].filter((bound) => bound !== false);
  return bounds.length > 0 ? bounds.join(", ") : undefined;
}

/**
 * One schema gives a command its flags, its help and its checks. A setting's value comes from the first of: its flag,
 * `--set key=value`, the recipe's section of the command, the run to resume, the schema's default.
 */
import { Option } from "commander";
import { parse as parseYaml } from "yaml";
import type { z } from "zod";
import { nearestName, type PlumbError } from "../base/errors.js";
import { explainIssue, fieldName } from "../base/explain-issue.js";
import { RENAMED_SETTINGS } from "../base/renamed-settings.js";
import { groupHeading } from "../base/setting-groups.js";
import { usageError } from "../base/usage-error.js";
import type { Recipe } from "./recipe.js";
import { flagName, knownKeys, type Setting, settingKey, settingsOf } from "./settings.js";

/** Settings as they were given, before they are merged and checked. */
export interface GivenSettings {
  /** By setting name; only those that were given. */
  flags: Record<string, unknown>;
  /** `key=value`, in order. */
  set: readonly string[];
  recipe?: Recipe;
  /** The config.yaml of the run to resume; whatever else was given comes before it. */
  run?: Recipe;
}

/** Most characters of choices shown next to a flag; longer lists go into its description. */
const MAX_CHOICES = 64;

type Tree = Record<string, unknown>;

/** Commander options for every setting that is not nested, in groups; nested ones are given with --set. */
export function configOptions(schema: z.ZodObject): Option[] {
  return settingsOf(schema)
    .filter((setting) => setting.path.length === 1)
    .flatMap((setting) =>
      (setting.type === "boolean" ? switchOptions(setting) : [valueOption(setting)]).map((option) =>
        option.helpGroup(`${groupHeading(setting.group)}:`),
      ),
    );
}

/** Flags that settings of the command had before they were renamed. */
export const renamedFlags = (schema: z.ZodObject): string[] =>
  [...RENAMED_SETTINGS].filter(([, now]) => now in schema.shape).map(([old]) => flagName(old));

/** Lines of help on nested settings: `[key, description]`. */
export function nestedSettingsHelp(schema: z.ZodObject): [string, string][] {
  return settingsOf(schema)
    .filter((setting) => setting.path.length > 1)
    .map((setting) => [`${settingKey(setting)}=${placeholder(setting)}`, describeSetting(setting)]);
}

/**
 * The command's config: merged, checked and with defaults.
 *
 * @throws PlumbError (exit status 2) naming each setting that is unknown or wrong, where it was given, what was
 * expected, and the nearest known name.
 */
export function resolveConfig<S extends z.ZodObject>(
  schema: S,
  command: string,
  given: GivenSettings,
): z.output<S> {
  const { values, sources, settings } = merged(schema, command, given);
  const result = schema.safeParse(values);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => {
    const { field, problem, path } = explainIssue(issue, values);
    const source = sourceOf(path, sources);
    return { text: `${source === undefined ? "" : `${source}: `}setting "${field}" ${problem}`, field };
  });
  const [first] = problems;
  const list = settings.get(first.field.replace(/\[.*/, ""));
  throw usageError(
    [...new Set(problems.map(({ text }) => text))].slice(0, 5).join("\n"),
    settings.get(first.field)?.required && first.text.includes("is missing")
      ? `Give ${flagName(first.field)}, or ${first.field}: in the ${command}: section of a recipe.`
      : list?.items === "object"
        ? `Write a list of objects, such as ${listForm(list, values[list.path[0]])}`
        : undefined,
  );
}

/** The settings that were given, before they are checked as a whole. @throws PlumbError naming an unknown one. */
export const givenValues = (schema: z.ZodObject, command: string, given: GivenSettings): Tree =>
  merged(schema, command, given).values;

function merged(schema: z.ZodObject, command: string, given: GivenSettings) {
  const settings = new Map(settingsOf(schema).map((setting) => [settingKey(setting), setting]));
  const values: Tree = {};
  const sources = new Map<string, string>();
  if (given.run !== undefined) mergeRecipe(schema, command, given.run, values, sources);
  if (given.recipe !== undefined) mergeRecipe(schema, command, given.recipe, values, sources);
  for (const assignment of given.set) mergeAssignment(schema, settings, assignment, values, sources);
  for (const [name, value] of Object.entries(given.flags)) {
    const now = RENAMED_SETTINGS.get(name);
    if (now !== undefined && !settings.has(name)) throw renamed(flagName(name), flagName(now));
    const setting = settings.get(name);
    const given = setting && typeof value === "string" ? flagValue(setting, value) : value;
    checkItems(schema, [name], given, () => flagName(name));
    assign(values, [name], given);
    sources.set(name, flagName(name));
  }
  return { values, sources, settings };
}

/** How a list of objects is written for the shell. @param given what was given; a text stands for an item's only key. */
function listForm(setting: Setting, given: unknown): string {
  const { itemKeys = [] } = setting;
  const [text] = Array.isArray(given) ? given : [given];
  const value = itemKeys.length === 1 && typeof text === "string" ? text : "...";
  return `${settingFlag(setting)} '[{${itemKeys.map((key) => `${key}: ${value}`).join(", ")}}]'`;
}

function valueOption(setting: Setting): Option {
  return new Option(`${settingFlag(setting)} <${placeholder(setting)}>`, describeSetting(setting));
}

/** `--x` and `--no-x`; help shows the one that changes the default, the other is for overriding a recipe. */
function switchOptions(setting: Setting): Option[] {
  const flag = settingFlag(setting);
  const on = new Option(flag, setting.description);
  const off = new Option(flag.replace("--", "--no-"), `turns off: ${setting.description ?? setting.path[0]}`);
  return setting.default === true ? [on.hideHelp(), off] : [on, off.hideHelp()];
}

/** Whether the choices are too long to stand next to a flag. */
const hasManyChoices = ({ type, choices = [] }: Setting): boolean =>
  type !== "list" && choices.join("|").length > MAX_CHOICES;

function placeholder(setting: Setting): string {
  if (setting.choices !== undefined && setting.type !== "list")
    return hasManyChoices(setting) ? "name" : setting.choices.join("|");
  const names = {
    integer: "n",
    number: "x",
    boolean: "true|false",
    text: "text",
    list: "a,b",
    object: "yaml",
    any: "value",
  };
  return names[setting.type];
}

function describeSetting(setting: Setting): string {
  const notes = [
    setting.type === "list" && setting.choices !== undefined && `of ${setting.choices.join(", ")}`,
    hasManyChoices(setting) && setting.choices?.join(", "),
    setting.range,
    setting.required && "required",
    setting.default !== undefined && !isEmpty(setting.default) && `default ${shownDefault(setting.default)}`,
  ].filter(Boolean);
  return `${setting.description ?? ""}${notes.length > 0 ? ` (${notes.join("; ")})` : ""}`.trim();
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

function shownDefault(value: unknown): string {
  if (typeof value === "number" && value !== 0 && Math.abs(value) < 1e-3) return value.toExponential();
  if (typeof value === "string") return value || '""';
  // Spaces, where help can break the line.
  return JSON.stringify(value, null, 1)
    .replace(/\n\s*(?=[\]}])/g, "")
    .replace(/(?<=[[{])\n\s*/g, "")
    .replace(/\s*\n\s*/g, " ");
}

function mergeRecipe(
  schema: z.ZodObject,
  command: string,
  recipe: Recipe,
  values: Tree,
  sources: Map<string, string>,
) {
  const section = recipe.sections.get(command);
  if (section === undefined) {
    const names = [...recipe.sections.keys()];
    throw usageError(`${recipe.file} has no section "${command}:"`, `It has: ${names.join(", ") || "none"}.`);
  }
  const at = (key: string) => `${recipe.file}, line ${section.lines.get(key) ?? "?"}`;
  for (const [key, value] of Object.entries(section.values)) {
    mergeValue(schema, [key], value, at, values, sources);
  }
}

function mergeAssignment(
  schema: z.ZodObject,
  settings: Map<string, Setting>,
  assignment: string,
  values: Tree,
  sources: Map<string, string>,
) {
  const equals = assignment.indexOf("=");
  if (equals < 1) throw usageError(`--set ${assignment}: expected key=value, such as --set seed=7`);
  const key = assignment.slice(0, equals);
  const text = assignment.slice(equals + 1);
  const value = settings.get(key)?.type === "text" ? text : yamlValue(text, `--set ${key}`);
  mergeValue(schema, key.split("."), value, () => `--set ${key}`, values, sources);
}

/** Stores a value at its path, an object field by field, after checking that every key of the path is known. */
function mergeValue(
  schema: z.ZodObject,
  path: string[],
  value: unknown,
  at: (key: string) => string,
  values: Tree,
  sources: Map<string, string>,
) {
  const key = path.join(".");
  checkKeys(schema, path, at);
  checkItems(schema, path, value, at);
  if (isTree(value) && knownKeys(schema, path) !== undefined) {
    for (const [inner, innerValue] of Object.entries(value)) {
      mergeValue(schema, [...path, inner], innerValue, at, values, sources);
    }
    return;
  }
  assign(values, path, value);
  sources.set(key, at(key));
}

/** Checks that every key of a path is known. */
function checkKeys(schema: z.ZodObject, path: string[], at: (key: string) => string): void {
  for (let depth = 0; depth < path.length; depth++) {
    const known = knownKeys(schema, path.slice(0, depth));
    if (known === undefined || known.includes(path[depth])) continue;
    const wrong = nameOf(path.slice(0, depth + 1));
    const before = path.slice(0, depth);
    const now = RENAMED_SETTINGS.get(path[depth]);
    if (now !== undefined && known.includes(now))
      throw renamed(`${at(wrong)}: "${wrong}"`, `"${nameOf([...before, now])}"`);
    const near = nearestName(path[depth], known);
    throw usageError(
      `${at(wrong)}: unknown setting "${wrong}"`,
      near === undefined
        ? `Known here: ${known.join(", ")}.`
        : `Did you mean "${nameOf([...before, near])}"?`,
    );
  }
}

/** Checks the keys of the objects in a list. */
function checkItems(schema: z.ZodObject, path: string[], value: unknown, at: (key: string) => string): void {
  if (!Array.isArray(value)) return;
  const source = at(path.join("."));
  for (const [i, item] of value.entries())
    for (const key of isTree(item) ? Object.keys(item) : [])
      checkKeys(schema, [...path, String(i), key], () => source);
}

/** A path as messages name it: `lora.r`, `rewardFunctions[0].module`. */
const nameOf = (path: readonly string[]): string =>
  fieldName(path.map((key) => (/^\d+$/.test(key) ? Number(key) : key)));

const renamed = (old: string, now: string): PlumbError =>
  usageError(`${old} has been renamed to ${now}`, `Write ${now}.`);

function assign(values: Tree, path: readonly string[], value: unknown): void {
  let tree = values;
  for (const key of path.slice(0, -1)) {
    if (!Object.hasOwn(tree, key) || !isTree(tree[key])) tree[key] = {};
    tree = tree[key] as Tree;
  }
  Object.defineProperty(tree, path[path.length - 1], {
    value,
    enumerable: true,
    writable: true,
    configurable: true,
  });
}

function isTree(value: unknown): value is Tree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A flag's text, converted to its setting's type; text that does not fit is left for the schema to refuse. */
function flagValue(setting: Setting, text: string): unknown {
  if (setting.type === "text") return text;
  if (setting.type !== "list") return scalar(setting.type, text, settingFlag(setting));
  if (text.trimStart().startsWith("[")) return yamlValue(text, settingFlag(setting));
  if (setting.items === "object" && text.trimStart().startsWith("{"))
    return yamlValue(`[${text}]`, settingFlag(setting));
  return text.split(",").map((item) => scalar(setting.items ?? "text", item.trim(), settingFlag(setting)));
}

function settingFlag(setting: Setting): string {
  return flagName(setting.path[0]);
}

function scalar(type: Setting["type"], text: string, source: string): unknown {
  if (type === "text") return text;
  if (type === "integer" || type === "number")
    return text.trim() === "" || Number.isNaN(Number(text)) ? text : Number(text);
  return yamlValue(text, source);
}

function yamlValue(text: string, source: string): unknown {
  try {
    return parseYaml(text, { maxAliasCount: 0 }) as unknown;
  } catch {
    throw usageError(
      `${source}: ${JSON.stringify(text.slice(0, 60))} is not a YAML value`,
      "Put text in quotes.",
    );
  }
}

function sourceOf(path: readonly PropertyKey[], sources: Map<string, string>): string | undefined {
  for (let end = path.length; end > 0; end--) {
    const source = sources.get(fieldName(path.slice(0, end)));
    if (source !== undefined) return source;
  }
  return undefined;
}

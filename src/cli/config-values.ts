/**
 * The settings of a command, merged from where they were given and checked by its schema. A setting's value comes from
 * the first of: its flag, `--set key=value`, the recipe's section of the command, the run to resume, the schema's
 * default.
 */
import { parse as parseYaml } from "yaml";
import type { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { explainIssue, fieldName } from "../base/explain-issue.js";
import { RENAMED_SETTINGS } from "../base/renamed-settings.js";
import { usageError } from "../base/usage-error.js";
import { type Problem, refusal } from "./problems.js";
import { didYouMean, proposedSettings } from "./proposals.js";
import type { Recipe } from "./recipe.js";
import { flagName, knownKeys, type Setting, settingFlag, settingKey, settingsOf } from "./settings.js";

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

type Tree = Record<string, unknown>;

/**
 * The command's config: merged, checked and with defaults.
 *
 * @throws PlumbError (exit status 2) naming each setting that is unknown or wrong, where it was given, what was
 * expected, and what was probably meant.
 */
export function resolveConfig<S extends z.ZodObject>(
  schema: S,
  command: string,
  given: GivenSettings,
): z.output<S> {
  const { values, sources, problems, settings } = merged(schema, command, given);
  const result = schema.safeParse(values);
  if (result.success && problems.length === 0) return result.data;
  const meant = problems.flatMap((problem) => problem.meant);
  const lacking: string[] = [];
  for (const issue of result.error?.issues ?? []) {
    const { field, problem, path } = explainIssue(issue, values);
    const missing = problem.startsWith("is missing");
    // It was probably given, under the wrong name.
    if (missing && meant.includes(field)) continue;
    const source = sourceOf(path, sources);
    if (missing && settings.get(field)?.required) lacking.push(field);
    const list = settings.get(field.replace(/\[.*/, ""));
    problems.push({
      text: `${source === undefined ? "" : `${source}: `}setting "${field}" ${problem}`,
      hint:
        list?.items === "object"
          ? `Write a list of objects, such as ${listForm(list, values[list.path[0]])}`
          : undefined,
      meant: [],
    });
  }
  const onlyLacking = lacking.length > 0 && lacking.length === problems.length;
  const names = lacking.map((key) => `${key}:`).join(" and ");
  throw refusal(
    problems,
    onlyLacking
      ? `Give ${lacking.map(flagName).join(" and ")}, or ${names} in the ${command}: section of a recipe.`
      : undefined,
  );
}

/** The settings that were given, before they are checked as a whole. @throws PlumbError naming unknown ones. */
export function givenValues(schema: z.ZodObject, command: string, given: GivenSettings): Tree {
  const { values, problems } = merged(schema, command, given);
  if (problems.length > 0) throw refusal(problems);
  return values;
}

function merged(
  schema: z.ZodObject,
  command: string,
  given: GivenSettings,
): Merging & { settings: Map<string, Setting> } {
  const settings = new Map(settingsOf(schema).map((setting) => [settingKey(setting), setting]));
  const merging: Merging = { schema, values: {}, sources: new Map(), problems: [] };
  const { values, sources, problems } = merging;
  if (given.run !== undefined) mergeRecipe(merging, command, given.run);
  if (given.recipe !== undefined) mergeRecipe(merging, command, given.recipe);
  for (const assignment of given.set) {
    try {
      mergeAssignment(merging, settings, assignment);
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      problems.push({ text: error.message, hint: error.hint, meant: [] });
    }
  }
  for (const [name, value] of Object.entries(given.flags)) {
    const now = RENAMED_SETTINGS.get(name);
    if (now !== undefined && !settings.has(name)) {
      problems.push(renamed(flagName(name), flagName(now), now));
      continue;
    }
    const setting = settings.get(name);
    const given = setting && typeof value === "string" ? flagValue(setting, value) : value;
    if (!itemsAreKnown(merging, [name], given, () => flagName(name))) continue;
    assign(values, [name], given);
    sources.set(name, flagName(name));
  }
  return { ...merging, settings };
}

/**
 * How a list of objects is written for the shell. @param given what was given; a text stands for an item's only key.
 */
function listForm(setting: Setting, given: unknown): string {
  const { itemKeys = [] } = setting;
  const [text] = Array.isArray(given) ? given : [given];
  const value = itemKeys.length === 1 && typeof text === "string" ? text : "...";
  return `${settingFlag(setting)} '[{${itemKeys.map((key) => `${key}: ${value}`).join(", ")}}]'`;
}

/** Settings while they are merged from where they were given. */
interface Merging {
  schema: z.ZodObject;
  values: Tree;
  /** Where each setting was given, by its dotted key. */
  sources: Map<string, string>;
  problems: Problem[];
}

function mergeRecipe(merging: Merging, command: string, recipe: Recipe): void {
  const section = recipe.sections.get(command);
  if (section === undefined) {
    const names = [...recipe.sections.keys()];
    throw usageError(`${recipe.file} has no section "${command}:"`, `It has: ${names.join(", ") || "none"}.`);
  }
  const at = (key: string) => `${recipe.file}, line ${section.lines.get(key) ?? "?"}`;
  for (const [key, value] of Object.entries(section.values)) mergeValue(merging, [key], value, at);
}

function mergeAssignment(merging: Merging, settings: Map<string, Setting>, assignment: string): void {
  const equals = assignment.indexOf("=");
  if (equals < 1) throw usageError(`--set ${assignment}: expected key=value, such as --set seed=7`);
  const key = assignment.slice(0, equals);
  const text = assignment.slice(equals + 1);
  const value = settings.get(key)?.type === "text" ? text : yamlValue(text, `--set ${key}`);
  mergeValue(merging, key.split("."), value, () => `--set ${key}`);
}

/**
 * Stores a value at its path, an object field by field. A key of the path that is not known is a problem, and the value
 * is left out.
 */
function mergeValue(merging: Merging, path: string[], value: unknown, at: (key: string) => string): void {
  const { schema, values, sources } = merging;
  const key = path.join(".");
  if (!pathIsKnown(merging, path, at) || !itemsAreKnown(merging, path, value, at)) return;
  if (isTree(value) && knownKeys(schema, path) !== undefined) {
    for (const [inner, innerValue] of Object.entries(value))
      mergeValue(merging, [...path, inner], innerValue, at);
    return;
  }
  assign(values, path, value);
  sources.set(key, at(key));
}

/** Whether every key of a path is known; the first that is not is a problem. */
function pathIsKnown({ schema, problems }: Merging, path: string[], at: (key: string) => string): boolean {
  for (let depth = 0; depth < path.length; depth++) {
    const before = path.slice(0, depth);
    const known = knownKeys(schema, before);
    if (known === undefined || known.includes(path[depth])) continue;
    const wrong = nameOf(path.slice(0, depth + 1));
    const now = RENAMED_SETTINGS.get(path[depth]);
    if (now !== undefined && known.includes(now)) {
      const newKey = nameOf([...before, now]);
      problems.push(renamed(`${at(wrong)}: "${wrong}"`, `"${newKey}"`, newKey));
      return false;
    }
    const meant = proposedSettings(schema, before, path[depth]);
    problems.push({
      text: `${at(wrong)}: unknown setting "${wrong}"`,
      hint:
        didYouMean(meant.map((found) => `"${nameOf(found.split("."))}"`)) ??
        `Known here: ${known.join(", ")}.`,
      meant,
    });
    return false;
  }
  return true;
}

/** Whether the keys of the objects in a list are known; each that is not is a problem. */
function itemsAreKnown(
  merging: Merging,
  path: string[],
  value: unknown,
  at: (key: string) => string,
): boolean {
  if (!Array.isArray(value)) return true;
  const source = at(path.join("."));
  return value
    .flatMap((item, i) => (isTree(item) ? Object.keys(item).map((key) => [...path, String(i), key]) : []))
    .map((inner) => pathIsKnown(merging, inner, () => source))
    .every(Boolean);
}

/** A path as messages name it: `lora.r`, `rewardFunctions[0].module`. */
const nameOf = (path: readonly string[]): string =>
  fieldName(path.map((key) => (/^\d+$/.test(key) ? Number(key) : key)));

const renamed = (old: string, now: string, key: string): Problem => ({
  text: `${old} has been renamed to ${now}`,
  hint: `Write ${now}.`,
  meant: [key],
});

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

import { readFile, stat } from "node:fs/promises";
import {
  type ErrorCode,
  isMap,
  isScalar,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLParseError,
} from "yaml";
import { type Json, settingsOfRun } from "../artifacts/index.js";
import { nearestName, PlumbError } from "../base/errors.js";
import { systemCause } from "../base/system-error.js";
import { usageError } from "../base/usage-error.js";
import { didYouMean } from "./proposals.js";

/**
 * A recipe: a YAML file with a section of settings for each command that uses it. It opens with a comment that gives
 * the command that runs it. The config.yaml of a run can be given as one.
 */
export interface Recipe {
  file: string;
  sections: Map<string, RecipeSection>;
}

interface RecipeSection {
  values: Record<string, unknown>;
  /** The line of a setting, by its dotted key. */
  lines: Map<string, number>;
}

/** Largest recipe, in bytes. */
const MAX_RECIPE_BYTES = 2 ** 20;
/** Most aliases (`*name`) that a recipe may expand: a guard against documents that explode when they are read. */
const MAX_ALIASES = 100;
const FILE_HINT =
  "What stands alone is a recipe, a YAML file of settings; data and models have a flag: --data, --input, --model.";
const FOLDER_HINT = "A recipe is a YAML file of settings; other paths are given by flags, such as --model.";

/** Names of datasets and models, which a recipe never has. */
const NO_RECIPE = /\.(gguf|safetensors|jsonl|ndjson|csv|tsv|parquet|arrow|bin)(\.(gz|zst))?$/i;

/** Reads a recipe. @throws PlumbError naming the line of invalid YAML, or of a section that belongs to no command. */
export async function readRecipe(file: string, commandNames: readonly string[]): Promise<Recipe> {
  if (NO_RECIPE.test(file)) throw usageError(`${file} is no recipe`, FILE_HINT);
  const counter = new LineCounter();
  const document = parseDocument(await readText(file), { lineCounter: counter, uniqueKeys: true });
  if (document.errors.length > 0) throw notYaml(file, document.errors, counter);
  if (!isMap(document.contents)) throw usageError(`${file}: expected sections of settings, such as "ppo:"`);
  const sections = new Map<string, RecipeSection>();
  const [wrong, strangers, meant]: string[][] = [[], [], []];
  for (const { name, pair } of sectionsIn(document.contents)) {
    const line = lineOf(pair, counter);
    if (!commandNames.includes(name)) {
      wrong.push(`${file}, line ${line}: there is no command "${name}" for this section`);
      const near = nearestName(name, commandNames);
      if (near !== undefined) meant.push(`"${near}" for "${name}"`);
      strangers.push(name);
      continue;
    }
    if (!isMap(pair.value)) {
      wrong.push(`${file}, line ${line}: section "${name}" holds no settings`);
      continue;
    }
    const lines = new Map<string, number>();
    collectLines(pair.value, "", counter, lines);
    const values = pair.value.toJS(document, { maxAliasCount: MAX_ALIASES }) as Record<string, unknown>;
    const ofRun = keyOf(pair) !== name;
    sections.set(name, { values: ofRun ? (settingsOfRun(values as Json) as typeof values) : values, lines });
  }
  const expected = strangers.length > 0 ? `Expected one of: ${commandNames.join(", ")}.` : undefined;
  if (wrong.length > 0) throw usageError(wrong.join("\n"), didYouMean(meant) ?? expected);
  return { file, sections };
}

/** The sections of a recipe. The config.yaml of a run is a recipe too: of the command that it names. */
function sectionsIn(document: YAMLMap): { name: string; pair: Pair }[] {
  const command = document.get("command");
  const ofRun = document.items.find((pair) => keyOf(pair) === "config");
  if (typeof command === "string" && ofRun !== undefined) return [{ name: command, pair: ofRun }];
  return document.items.map((pair) => ({ name: keyOf(pair), pair }));
}

/** Most errors of YAML that a message lists: later ones often follow from the first. */
const MAX_YAML_ERRORS = 3;

/** What to do about errors of YAML, by their codes in the yaml package. */
const YAML_HINTS: Partial<Record<ErrorCode, string>> = {
  BAD_INDENT: "Indent the settings of a section alike, by two spaces.",
  BLOCK_AS_IMPLICIT_KEY: 'Put each setting on a line of its own, and a text that holds ": " in quotes.',
  DUPLICATE_KEY: "Leave out one of the two.",
  MISSING_CHAR: "Close what the line opens: a quote, a bracket or a brace, or write the colon after a name.",
  TAB_AS_INDENT: "Indent with spaces.",
};

function notYaml(file: string, errors: readonly YAMLParseError[], counter: LineCounter): PlumbError {
  const lines = errors.slice(0, MAX_YAML_ERRORS).map(({ message, pos }) => {
    const what = message.split("\n")[0].replace(/ at line \d+, column \d+:?$/, "");
    return `${file}, line ${counter.linePos(pos[0]).line}: ${what}`;
  });
  return usageError(lines.join("\n"), YAML_HINTS[errors[0].code] ?? 'Expected lines of "name: value".');
}

async function readText(file: string): Promise<string> {
  try {
    if ((await stat(file)).size > MAX_RECIPE_BYTES) throw usageError(`${file} is too large for a recipe`);
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof PlumbError) throw error;
    const cause = systemCause(error, file);
    const isFolder = (error as NodeJS.ErrnoException).code === "EISDIR";
    throw usageError(
      `cannot read the recipe ${file}: ${cause?.why ?? (error as Error).message}`,
      isFolder ? FOLDER_HINT : cause?.hint,
    );
  }
}

function collectLines(node: unknown, prefix: string, counter: LineCounter, lines: Map<string, number>): void {
  if (!isMap(node)) return;
  for (const pair of node.items) {
    const key = prefix + keyOf(pair);
    lines.set(key, lineOf(pair, counter));
    collectLines(pair.value, `${key}.`, counter, lines);
  }
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : String(pair.key);
}

function lineOf(pair: Pair, counter: LineCounter): number {
  return counter.linePos((pair.key as Node).range?.[0] ?? 0).line;
}

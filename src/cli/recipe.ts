import { readFile, stat } from "node:fs/promises";
import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, type YAMLMap } from "yaml";
import { type Json, settingsOfRun } from "../artifacts/index.js";
import { nearestName, PlumbError } from "../base/errors.js";
import { systemCause } from "../base/system-error.js";
import { usageError } from "../base/usage-error.js";

/**
 * A recipe: a YAML file with a section of settings for each command that uses it. It opens with a comment that gives
 * the command that runs it. The config.yaml of a run can be given as one.
 */
export interface Recipe {
  file: string;
  sections: Map<string, RecipeSection>;
}

export interface RecipeSection {
  values: Record<string, unknown>;
  /** The line of a setting, by its dotted key. */
  lines: Map<string, number>;
}

/** Largest recipe, in bytes. */
export const MAX_RECIPE_BYTES = 2 ** 20;
/** Most aliases (`*name`) that a recipe may expand: a guard against documents that explode when they are read. */
const MAX_ALIASES = 100;
const FOLDER_HINT = "A recipe is a YAML file of settings; other paths are given by flags, such as --model.";

/** Reads a recipe. @throws PlumbError naming the line of invalid YAML, or of a section that belongs to no command. */
export async function readRecipe(file: string, commandNames: readonly string[]): Promise<Recipe> {
  const counter = new LineCounter();
  const document = parseDocument(await readText(file), { lineCounter: counter, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) {
    throw usageError(`${file}, line ${counter.linePos(error.pos[0]).line}: ${error.message.split("\n")[0]}`);
  }
  if (!isMap(document.contents)) throw usageError(`${file}: expected sections of settings, such as "ppo:"`);
  const sections = new Map<string, RecipeSection>();
  for (const { name, pair } of sectionsIn(document.contents)) {
    const line = lineOf(pair, counter);
    checkSectionName(name, commandNames, `${file}, line ${line}`);
    if (!isMap(pair.value)) throw usageError(`${file}, line ${line}: section "${name}" holds no settings`);
    const lines = new Map<string, number>();
    collectLines(pair.value, "", counter, lines);
    const values = pair.value.toJS(document, { maxAliasCount: MAX_ALIASES }) as Record<string, unknown>;
    const ofRun = keyOf(pair) !== name;
    sections.set(name, { values: ofRun ? (settingsOfRun(values as Json) as typeof values) : values, lines });
  }
  return { file, sections };
}

/** The sections of a recipe. The config.yaml of a run is a recipe too: of the command that it names. */
function sectionsIn(document: YAMLMap): { name: string; pair: Pair }[] {
  const command = document.get("command");
  const ofRun = document.items.find((pair) => keyOf(pair) === "config");
  if (typeof command === "string" && ofRun !== undefined) return [{ name: command, pair: ofRun }];
  return document.items.map((pair) => ({ name: keyOf(pair), pair }));
}

function checkSectionName(name: string, known: readonly string[], where: string): void {
  if (known.includes(name)) return;
  const near = nearestName(name, known);
  throw usageError(
    `${where}: there is no command "${name}" for this section`,
    near === undefined ? `Expected one of: ${known.join(", ")}.` : `Did you mean "${near}"?`,
  );
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

/** Lists Stryker's mutants without running any. */
import { readdirSync, readFileSync } from "node:fs";
import { Instrumenter } from "@stryker-mutator/instrumenter";
import { FOLDERS } from "./folders.mjs";
import { strykerPlugins } from "./ignore-texts.mjs";

const silent = { debug() {}, info() {}, warn() {}, isDebugEnabled: () => false };
const options = { ignorers: strykerPlugins.map(({ value }) => value), excludedMutations: [], plugins: null };

/** Files that a pattern of FOLDERS stands for (a file, or those of a folder, or of all folders below it): no tests, no index files. */
function filesOf(pattern) {
  if (!pattern.includes("*")) return [pattern];
  const folder = pattern.slice(0, pattern.indexOf("/*"));
  return readdirSync(folder, { recursive: pattern.includes("**") })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !/(^|\/)index\.ts$/.test(name))
    .sort()
    .map((name) => `${folder}/${name}`);
}

/** What tells a mutant from all others of its file: where it stands (lines and columns from 1), and what it puts there. */
export const mutantId = ({ start, end }, mutator, replacement) =>
  `${start.line}:${start.column}-${end.line}:${end.column} ${mutator} ${replacement}`;

/**
 * @returns the mutants of a folder of FOLDERS in order of file and place, without those that are never run because
 * they are texts: `file`, `id` (unique in the file), `place` (first and last line and column, from 1), `mutator`,
 * `replacement`, and `source`, the file's text. Code that runs only when a module is loaded is still among them.
 */
export async function listMutants(folder) {
  const files = FOLDERS[folder].mutate.flatMap(filesOf);
  const listed = [];
  for (const file of files) {
    const source = readFileSync(file, "utf8");
    const { mutants } = await new Instrumenter(silent).instrument([{ name: file, mutate: true, content: source }], options);
    const ofFile = new Map();
    for (const { location, mutatorName: mutator, replacement, status } of mutants) {
      if (status === "Ignored") continue;
      const place = { start: fromOne(location.start), end: fromOne(location.end) };
      const id = mutantId(place, mutator, replacement);
      ofFile.set(id, { folder, file, id, place, mutator, replacement, source });
    }
    listed.push(...ofFile.values());
  }
  return listed;
}

const fromOne = ({ line, column }) => ({ line: line + 1, column: column + 1 });

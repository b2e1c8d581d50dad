/**
 * Restricts Stryker to the mutants of a sample and writes down what is found of each. The sample is a file named in
 * PLUMB_MUTATION_SAMPLE: `tests`, a hash, and `mutants`, each with `file`, `source` (a hash), `id` and `place`.
 */
import { readFileSync } from "node:fs";
import { relative } from "node:path";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { keep } from "./found.mjs";
import { mutantId } from "./list-mutants.mjs";

const { tests, mutants } = JSON.parse(readFileSync(process.env.PLUMB_MUTATION_SAMPLE, "utf8"));
const root = process.env.PLUMB_MUTATION_ROOT;
const sampled = new Map(mutants.map((mutant) => [`${mutant.file} ${mutant.id}`, mutant]));

/** The mutant of the sample at a place, lines and columns counted from `first`. */
function inSample({ fileName, location: { start, end }, mutatorName, replacement }, first) {
  const fromOne = ({ line, column }) => ({ line: line + 1 - first, column: column + 1 - first });
  const id = mutantId({ start: fromOne(start), end: fromOne(end) }, mutatorName, replacement);
  return sampled.get(`${relative(root, fileName).replaceAll("\\", "/")} ${id}`);
}

/** A mutant within a sampled one, such as a comparison within a block, counts for Stryker as one that does not compile. */
class OnlySample {
  async init() {}

  async check(asked) {
    const result = (mutant) =>
      inSample(mutant, 0) === undefined
        ? { status: "compileError", reason: "not in the sample" }
        : { status: "passed" };
    return Object.fromEntries(asked.map((mutant) => [mutant.id, result(mutant)]));
  }

  group(asked) {
    return Promise.resolve([asked.map(({ id }) => id)]);
  }
}

class KeepFound {
  onMutantTested(result) {
    const mutant = inSample(result, 1);
    if (mutant === undefined) return;
    const { file, source, id } = mutant;
    // A test's id is its file, "#" and its name.
    const [killer] = (result.killedBy ?? []).map((test) => test.split("#"));
    keep({
      ...{ file, source, id, tests, status: result.status, at: new Date().toISOString() },
      ...(killer === undefined ? {} : { killer: { file: killer[0], name: killer.slice(1).join("#") } }),
    });
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.Checker, "only-sample", OnlySample),
  declareClassPlugin(PluginKind.Reporter, "keep-found", KeepFound),
];

/**
 * Applies the mutations of scripts/mutations/named, one at a time, and runs the tests that have to notice:
 * `npm run check:named-mutations -- [word...]`, those with a word in their name. Exits with 1 when one survives, and before anything
 * runs when a text to be replaced is not in its file exactly once. Nothing is written: the mutated file is loaded, not stored.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mutated } from "./mutations/in-place.mjs";
import { namedMutations } from "./mutations/named.mjs";

const words = process.argv.slice(2);
for (const mutation of namedMutations) {
  mutated(readFileSync(mutation.file, "utf8"), mutation);
  for (const test of mutation.tests) if (!existsSync(test)) throw new Error(`there is no ${test}, of "${mutation.name}"`);
}
const chosen = namedMutations.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const folder = mkdtempSync(join(tmpdir(), "plumb-mutations-"));

/** @returns the first test that failed; undefined when all passed. */
function firstFailure(tests, name) {
  const report = join(folder, "report.json");
  rmSync(report, { force: true });
  const run = spawnSync(
    "npx",
    ["vitest", "run", "--config", "scripts/mutations/vitest.config.mjs", "--root", ".", "--bail", "1", "--reporter", "json", "--outputFile", report],
    {
      encoding: "utf8",
      timeout: 600_000,
      env: { ...process.env, PLUMB_MUTATION_TESTS: tests.join("\n"), ...(name && { PLUMB_MUTATION: name }) },
    },
  );
  if (run.error?.code === "ETIMEDOUT") return "the time limit";
  if (!existsSync(report)) throw new Error(`vitest wrote no report:\n${run.stdout}${run.stderr}`);
  const { testResults, success } = JSON.parse(readFileSync(report, "utf8"));
  if (success) return undefined;
  for (const { name: file, message, assertionResults } of testResults) {
    const failed = assertionResults.find(({ status }) => status === "failed");
    if (failed !== undefined) return failed.fullName;
    if (message) throw new Error(`${file} could not be run:\n${message}`);
  }
  throw new Error(`vitest failed without a test that did:\n${run.stdout}${run.stderr}`);
}

const survivors = [];
try {
  const before = firstFailure([...new Set(chosen.flatMap(({ tests }) => tests))]);
  if (before !== undefined) throw new Error(`without any mutation this fails: ${before}`);
  for (const { name, tests } of chosen) {
    const killer = firstFailure(tests, name);
    console.log(`${killer === undefined ? "SURVIVED" : "killed"}  ${name}${killer === undefined ? "" : `  (${killer})`}`);
    if (killer === undefined) survivors.push(name);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} killed`);
process.exit(survivors.length > 0 ? 1 : 0);

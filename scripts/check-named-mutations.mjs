/**
 * Applies the mutations of scripts/mutations/named, one at a time, and runs the tests that have to notice: `npm run
 * check:named-mutations -- [word...]`, those with one of the words in their name. Exits with 1 if one survives, and
 * before anything runs if a text to be replaced does not occur exactly once in its file. No file is changed: the
 * mutated source is only loaded.
 */
import { existsSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createVitest } from "vitest/node";
import { InPlace, mutated } from "./mutations/in-place.mjs";
import { namedMutations } from "./mutations/named.mjs";
import { vitestOptions } from "./mutations/vitest-options.mjs";

const words = process.argv.slice(2);
for (const mutation of namedMutations) {
  mutated(readFileSync(mutation.file, "utf8"), mutation);
  for (const test of mutation.tests) if (!existsSync(test)) throw new Error(`there is no ${test}, of "${mutation.name}"`);
}
const chosen = namedMutations.filter(({ name }) => words.length === 0 || words.some((word) => name.includes(word)));
const files = [...new Set(chosen.flatMap(({ tests }) => tests))];
const inPlace = new InPlace();
const vitest = await createVitest(
  "test",
  { config: false, watch: false, bail: 1, reporters: [{}], ...vitestOptions(files) },
  { plugins: [inPlace.plugin()] },
);

/**
 * @returns the first test that failed; undefined when all passed. A process that cannot be started, on a busy machine,
 * is tried again.
 */
async function firstFailure(tests, mutation, tries = 5) {
  inPlace.mutation = mutation;
  if (mutation !== undefined) vitest.invalidateFile(resolve(mutation.file));
  vitest.state.filesMap.clear();
  const { testModules, unhandledErrors } = await vitest.start(tests);
  if (mutation !== undefined) vitest.invalidateFile(resolve(mutation.file));
  let passed = 0;
  for (const testModule of testModules) {
    for (const test of testModule.children.allTests()) {
      if (test.result().state === "failed") return test.fullName;
      if (test.result().state === "passed") passed++;
    }
    const [error] = [...testModule.errors(), ...unhandledErrors];
    if (error?.message.includes("Failed to start forks worker") && tries > 1)
      return firstFailure(tests, mutation, tries - 1);
    if (error !== undefined) throw new Error(`${testModule.moduleId} could not be run: ${error.message}`);
  }
  if (passed === 0) throw new Error(`no test ran of ${tests.join(", ")}`);
  return undefined;
}

const survivors = [];
try {
  const before = await firstFailure(files);
  if (before !== undefined) throw new Error(`without any mutation this fails: ${before}`);
  for (const mutation of chosen) {
    const killer = await firstFailure(mutation.tests, mutation);
    if (killer === undefined) survivors.push(mutation.name);
    console.log(killer === undefined ? `SURVIVED  ${mutation.name}` : `killed  ${mutation.name}  (${killer})`);
  }
} finally {
  await vitest.close();
}
console.log(`${chosen.length - survivors.length} of ${chosen.length} killed`);
process.exit(survivors.length > 0 ? 1 : 0);

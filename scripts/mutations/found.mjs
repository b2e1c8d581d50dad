/**
 * What was found of single mutants, in runs/mutations/found.jsonl: a line each, written as soon as a mutant is tried, so
 * that a sample that was stopped goes on where it was.
 */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readFileSync } from "node:fs";

const FILE = "runs/mutations/found.jsonl";

/** A short hash of a text. */
export const hashOf = (text) => createHash("sha256").update(text).digest("hex").slice(0, 16);

const hashOfFile = (path) => (existsSync(path) ? hashOf(readFileSync(path)) : "gone");

/** A hash of test files: their names and what they say. */
export const hashOfTests = (tests) => hashOf(tests.map((path) => `${path} ${hashOfFile(path)}`).join("\n"));

/**
 * Keeps what was found of a mutant.
 *
 * @param found `file`, `source` (hash of the mutated file's text), `id`, `status` in Stryker's words, `tests` (hash of
 * all tests it was tried with), and, if killed, `killer`: the test's file and name.
 */
export function keep({ killer, ...found }) {
  const killed = killer === undefined ? {} : { killer, killerHash: hashOfFile(killer.file) };
  appendFileSync(FILE, `${JSON.stringify({ ...found, ...killed })}\n`);
}

/**
 * @param tests the hash of all tests of a folder. @returns a function from a mutant to what was last found of it, or
 * undefined. As with Stryker's own memory, a kill stands while the mutated file and the test that failed are
 * unchanged, and everything else while the mutated file and all tests are.
 */
export function foundSoFar(tests) {
  const byKey = new Map();
  const lines = existsSync(FILE) ? readFileSync(FILE, "utf8").split("\n") : [];
  for (const line of lines.filter((text) => text !== "")) {
    const found = JSON.parse(line);
    const stands = found.killer ? hashOfFile(found.killer.file) === found.killerHash : found.tests === tests;
    if (stands) byKey.set(`${found.file} ${found.source} ${found.id}`, found);
  }
  return ({ file, source, id }) => byKey.get(`${file} ${hashOf(source)} ${id}`);
}

/** Tries a random sample of mutants and estimates the share that is killed. */
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { shareInterval } from "../../dist/statistics/index.js";
import { drawMutants } from "./draw-mutants.mjs";
import { FOLDERS, testsFor } from "./folders.mjs";
import { foundSoFar, hashOf, hashOfTests } from "./found.mjs";
import { listMutants } from "./list-mutants.mjs";

const percent = (share) => `${(100 * share).toFixed(1)}%`;

/** Runs Stryker on mutants of one folder. @returns whether it ended as it should. */
function tryMutants(folder, mutants) {
  const { tests, environment } = testsFor(folder);
  const file = `runs/mutations/sample-${folder.replaceAll("/", "-")}.json`;
  const sampled = mutants.map(({ file, id, place, source }) => ({ file, id, place, source: hashOf(source) }));
  writeFileSync(file, JSON.stringify({ tests: hashOfTests(tests), mutants: sampled }));
  const { status } = spawnSync("npx", ["stryker", "run", "scripts/mutations/sample.config.mjs"], {
    stdio: "inherit",
    env: {
      ...process.env,
      ...environment,
      PLUMB_MUTATION_SAMPLE: file,
      PLUMB_MUTATION_ROOT: process.cwd(),
    },
  });
  return status === 0;
}

/** A line of the table; the interval is that of independent draws, which these are: of mutants, not of files. */
function line(name, mutants, statuses) {
  const count = (...wanted) => statuses.filter((status) => wanted.includes(status)).length;
  const [killed, timedOut, alive] = [count("Killed"), count("Timeout"), count("Survived", "NoCoverage")];
  const n = killed + timedOut + alive;
  const left = `${count("Ignored")} static, ${count("RuntimeError", "CompileError")} invalid, ${count(undefined)} not tried`;
  const { low, high } = n > 0 ? shareInterval(killed + timedOut, n) : { low: 0, high: 1 };
  const share = n > 0 ? percent((killed + timedOut) / n) : "-";
  return `| ${name} | ${mutants} | ${n} | ${killed} | ${timedOut} | ${alive} | ${share} | ${percent(low)} to ${percent(high)} | ${left} |`;
}

/**
 * Draws n mutants of all folders, tries those of some folders of which nothing is known yet, and prints what became of
 * these.
 *
 * @returns whether all that were drawn of these folders have been tried.
 */
export async function checkSample(folders, n, seed) {
  mkdirSync("runs/mutations", { recursive: true });
  const all = {};
  for (const folder of Object.keys(FOLDERS)) all[folder] = await listMutants(folder);
  const drawn = drawMutants(all, n, seed);
  const rows = [];
  const noticed = [];
  const statuses = [];
  for (const folder of folders) {
    const hash = hashOfTests(testsFor(folder).tests);
    const before = foundSoFar(hash);
    const open = drawn[folder].filter((mutant) => before(mutant) === undefined);
    console.log(`${folder}: ${drawn[folder].length} of ${all[folder].length} mutants, ${open.length} to be tried`);
    if (open.length > 0) tryMutants(folder, open);
    const found = foundSoFar(hash);
    const ofFolder = drawn[folder].map((mutant) => found(mutant)?.status);
    rows.push(line(folder, all[folder].length, ofFolder));
    statuses.push(...ofFolder);
    drawn[folder].forEach(({ file, place, mutator, replacement, source }, i) => {
      if (!["Survived", "NoCoverage", "Timeout", "RuntimeError"].includes(ofFolder[i])) return;
      const text = textAt(source, place).replace(/\s+/g, " ");
      noticed.push(`${ofFolder[i]}  ${file}:${place.start.line}:${place.start.column}  ${mutator}: ${text}  ->  ${replacement.replace(/\s+/g, " ")}`);
    });
  }
  const total = folders.reduce((sum, folder) => sum + all[folder].length, 0);
  console.log(`\n${noticed.join("\n")}\n`);
  console.log(`${statuses.length} of ${total} mutants, of a sample of ${n} with seed ${seed}:\n`);
  console.log("| folder | mutants | tried | killed | timed out | survived | share killed | 95% interval | left out |");
  console.log("|---|---|---|---|---|---|---|---|---|");
  console.log([...rows, line("together", total, statuses)].join("\n"));
  return statuses.every((status) => status !== undefined);
}

/** The text between two places, lines and columns counted from 1. */
function textAt(source, { start, end }) {
  const lines = source.split("\n").slice(start.line - 1, end.line);
  lines[lines.length - 1] = lines[lines.length - 1].slice(0, end.column - 1);
  lines[0] = lines[0].slice(start.column - 1);
  return lines.join("\n");
}

/**
 * Mutation testing with Stryker: `npm run check:mutations -- [folder or file...]`, by default all folders. Results are
 * kept in runs/mutations: a second run tries only what changed, and a run of some files leaves the others' results
 * unchanged. `--all` starts over.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { FOLDERS } from "./mutations/folders.mjs";

const asked = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const folderOf = (path) => Object.keys(FOLDERS).find((folder) => path === folder || path.startsWith(`${folder}/`));
const unknown = asked.filter((path) => folderOf(path) === undefined || !existsSync(path));
if (unknown.length > 0) {
  console.error(`not among what is mutated: ${unknown.join(", ")}; there are ${Object.keys(FOLDERS).join(", ")}`);
  process.exit(2);
}

/** Test files below a path, those of a folder in order of name. */
const testsIn = (path) =>
  statSync(path).isFile()
    ? [path]
    : readdirSync(path, { recursive: true })
        .filter((name) => name.endsWith(".test.ts"))
        .sort()
        .map((name) => `${path}/${name}`);

/** How many mutants were killed, of those not ignored, over all runs so far. */
function summary(folder, file) {
  const { files } = JSON.parse(readFileSync(file, "utf8"));
  const count = {};
  for (const { mutants } of Object.values(files))
    for (const { status } of mutants) count[status] = (count[status] ?? 0) + 1;
  const [killed, alive] = [
    (count.Killed ?? 0) + (count.Timeout ?? 0),
    (count.Survived ?? 0) + (count.NoCoverage ?? 0),
  ];
  const score = ((100 * killed) / (killed + alive)).toFixed(1);
  console.log(`${folder}: ${score}% of ${killed + alive} killed (${JSON.stringify(count)}), ${Object.keys(files).length} files`);
}

let failed = false;
mkdirSync("runs/mutations", { recursive: true });
for (const path of asked.length > 0 ? asked : Object.keys(FOLDERS)) {
  const folder = folderOf(path);
  const { mutate, tests } = FOLDERS[folder];
  const file = `runs/mutations/${folder.replaceAll("/", "-")}.json`;
  const patterns = path === folder ? [...mutate, "!**/*.test.ts", "!**/index.ts"] : [path];
  const run = spawnSync(
    "npx",
    [
      ...["stryker", "run", "scripts/mutations/stryker.config.mjs", "--mutate", patterns.join(",")],
      ...["--incrementalFile", file, ...(process.argv.includes("--all") ? ["--force"] : [])],
    ],
    {
      stdio: "inherit",
      env: { ...process.env, PLUMB_MUTATION_TESTS: [...new Set(tests.flatMap(testsIn))].join("\n") },
    },
  );
  failed ||= run.status !== 0;
  if (existsSync(file)) summary(folder, file);
}
process.exit(failed ? 1 : 0);

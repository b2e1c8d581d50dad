/**
 * Mutation testing with Stryker: `npm run check:mutations -- [folder or file...]`, by default all folders. Results are
 * kept in runs/mutations: a second run tries only what changed, and a run of some files leaves the others' results
 * unchanged. `--all` starts over. `--sample N --seed S` tries N mutants drawn at random from all of them and estimates
 * the share that is killed; folders given, it tries those of the sample that are in them. What was tried before is not
 * tried again.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { FOLDERS, testsFor } from "./mutations/folders.mjs";
import { checkSample } from "./mutations/check-sample.mjs";

const { values: options, positionals: asked } = parseArgs({
  allowPositionals: true,
  options: { all: { type: "boolean" }, sample: { type: "string" }, seed: { type: "string", default: "1" } },
});
const folderOf = (path) => Object.keys(FOLDERS).find((folder) => path === folder || path.startsWith(`${folder}/`));
const unknown = asked.filter((path) => folderOf(path) === undefined || !existsSync(path));
if (unknown.length > 0) {
  console.error(`not among what is mutated: ${unknown.join(", ")}; there are ${Object.keys(FOLDERS).join(", ")}`);
  process.exit(2);
}

if (options.sample !== undefined) {
  const whole = (name, low, high) => {
    const value = Number(options[name]);
    if (Number.isInteger(value) && value >= low && value < high) return value;
    console.error(`--${name} is ${options[name]}; it is a whole number from ${low} to ${high - 1}`);
    process.exit(2);
  };
  const folders = asked.length > 0 ? asked : Object.keys(FOLDERS);
  if (folders.some((path) => !(path in FOLDERS))) {
    console.error(`a sample is of whole folders: ${Object.keys(FOLDERS).join(", ")}`);
    process.exit(2);
  }
  process.exit((await checkSample(folders, whole("sample", 1, 1e6), whole("seed", 0, 2 ** 32))) ? 0 : 1);
}

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
  const { mutate } = FOLDERS[folder];
  const file = `runs/mutations/${folder.replaceAll("/", "-")}.json`;
  const patterns = path === folder ? [...mutate, "!**/*.test.ts", "!**/index.ts"] : [path];
  const run = spawnSync(
    "npx",
    [
      ...["stryker", "run", "scripts/mutations/stryker.config.mjs", "--mutate", patterns.join(",")],
      ...["--incrementalFile", file, ...(options.all ? ["--force"] : [])],
    ],
    {
      stdio: "inherit",
      env: { ...process.env, ...testsFor(folder).environment },
    },
  );
  failed ||= run.status !== 0;
  if (existsSync(file)) summary(folder, file);
}
process.exit(failed ? 1 : 0);

/**
 * Mutation testing with Stryker: `npm run check:mutations -- [folder...]`, all folders without one. Each has an incremental file
 * in runs/mutations, so that a second run tries only what changed; `--all` begins anew.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, statSync } from "node:fs";
import { FOLDERS } from "./mutations/folders.mjs";

const asked = process.argv.slice(2).filter((word) => !word.startsWith("--"));
const unknown = asked.filter((folder) => FOLDERS[folder] === undefined);
if (unknown.length > 0) {
  console.error(`not among the mutated folders: ${unknown.join(", ")}; there are ${Object.keys(FOLDERS).join(", ")}`);
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

let failed = false;
mkdirSync("runs/mutations", { recursive: true });
for (const folder of asked.length > 0 ? asked : Object.keys(FOLDERS)) {
  const { mutate, tests } = FOLDERS[folder];
  const file = `runs/mutations/${folder.replaceAll("/", "-")}`;
  const patterns = [...mutate, "!**/*.test.ts", "!**/index.ts"];
  const run = spawnSync(
    "npx",
    [
      ...["stryker", "run", "scripts/mutations/stryker.config.mjs", "--mutate", patterns.join(",")],
      ...["--incrementalFile", `${file}.json`, ...(process.argv.includes("--all") ? ["--force"] : [])],
    ],
    {
      stdio: "inherit",
      env: { ...process.env, PLUMB_MUTATION_TESTS: [...new Set(tests.flatMap(testsIn))].join("\n") },
    },
  );
  failed ||= run.status !== 0;
}
process.exit(failed ? 1 : 0);

// Builds dist/: the programs with tsc, then the pages with Vite. What has no source any more is taken away. `--if-changed`:
// only if dist/ was not built from these sources.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, sep } from "node:path";

const SOURCES = ["src", "web", "package.json", "package-lock.json", "tsconfig.json", "tsconfig.build.json"];
/** Records the sources that dist/ was built from. */
const STAMP = "dist/.sources";

/** A hash of names and contents. Tests are not built. */
function hashOfSources() {
  const hash = createHash("sha256");
  const inFolder = (folder) => readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const files = SOURCES.flatMap((name) =>
    name.includes(".") ? [name] : inFolder(name).map((entry) => join(entry.parentPath, entry.name)),
  );
  for (const file of files.filter((name) => !name.endsWith(".test.ts")).sort())
    hash.update(`${file}\0`).update(readFileSync(file)).update("\0");
  return hash.digest("hex");
}

/** Removes the programs whose source was moved or deleted: they would be published, and fail when they are loaded. */
function withoutLeftovers() {
  for (const entry of readdirSync("dist", { recursive: true, withFileTypes: true })) {
    const file = join(entry.parentPath, entry.name);
    const program = /^dist\/(.*?)(\.d\.ts|\.js)(\.map)?$/.exec(file.split(sep).join("/"));
    if (!entry.isFile() || program === null || program[1].startsWith("web/")) continue;
    if (![".ts", ".tsx"].some((ending) => existsSync(`src/${program[1]}${ending}`))) rmSync(file);
  }
}

const sources = hashOfSources();
const upToDate = existsSync(STAMP) && readFileSync(STAMP, "utf8") === sources;
if (!(upToDate && process.argv.includes("--if-changed"))) {
  rmSync(STAMP, { force: true });
  for (const command of ["tsc -p tsconfig.build.json", "vite build --config web/vite.config.ts --logLevel warn"]) {
    const { status } = spawnSync(command, { stdio: "inherit", shell: true });
    if (status !== 0) process.exit(status ?? 1);
  }
  withoutLeftovers();
  writeFileSync(STAMP, sources);
}

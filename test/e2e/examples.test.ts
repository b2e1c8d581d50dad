/**
 * The examples as a user of the library runs them: compiled against the package's own types, each in a process of its
 * own.
 */
import { execFile, execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = path.resolve(".");
const run = promisify(execFile);
const names = readdirSync(path.join(ROOT, "examples"))
  .filter((file) => file.endsWith(".ts") && !["tiny-model.ts", "data-file.ts"].includes(file))
  .map((file) => file.replace(/\.ts$/, ""));

/** What each has to say at least. */
const SAYS: Record<string, RegExp> = {
  "read-data": /line 8: What colour is the duck\? -> The duck is white\./,
  sample: /^((stop|length) "[^\n]*"\n){3}$/,
  "fine-tune": /step 1: loss 5\.\d+\n[\s\S]*step 80: loss 5\.[0-5]\d+/,
  score: /^(-?\d\.\d\d {2}[^\n]+\n){5,}$/,
  "own-loss": /step 20: loss [0-4]\.\d+/,
  "reward-model": /step \d+: accuracy (0\.[5-9]\d*|1)[\s\S]*chosen -?\d/,
  "ppo-own-reward": /^12: reward -?\d\.\d\d, KL -?\d/m,
  "train-a-run": /\d+ demonstrations; the adapter is in .*model/,
  aggregate: /fox before owl: \d+%|owl before fox: \d+%[\s\S]*rater-8: /,
  serve: /^http:\/\/127\.0\.0\.1:\d+: project p-\S+ waits for raters/,
  "votes-to-reward-model": /[5-8] pairs; the reward model is in /,
};

describe("examples", () => {
  beforeAll(() => {
    execFileSync("npx", ["tsc", "-p", "tsconfig.examples.json"], { cwd: ROOT, stdio: "pipe" });
  }, 120_000);

  it("and docs/reference are what the docstrings and files say, with every type that the library's signatures name", () => {
    const { stderr, status } = spawnSync(
      process.execPath,
      ["scripts/write-library-docs.mjs", "--check", "--types"],
      { cwd: ROOT, encoding: "utf8" },
    );
    expect({ stderr, status }).toEqual({ stderr: "", status: 0 });
  });

  it("of the entries compile, as they stand", () => {
    const dir = path.join(ROOT, "examples", "dist", "of-entries");
    rmSync(dir, { recursive: true, force: true });
    mkdirSync(dir, { recursive: true });
    const pages = readdirSync(path.join(ROOT, "docs/reference")).filter((file) => file !== "README.md");
    const found = pages.flatMap((page) => {
      const [opening] = readFileSync(path.join(ROOT, "docs/reference", page), "utf8").split("\n## ", 1);
      const code = /```ts\n([\s\S]*?)```/.exec(opening)?.[1];
      return code === undefined ? [] : [{ file: page.replace(/md$/, "ts"), code }];
    });
    expect(found.length).toBeGreaterThanOrEqual(8);
    for (const { file, code } of found) writeFileSync(path.join(dir, file), `${code}export {};\n`);
    const options = { noEmit: true, rootDir: ".", noUnusedLocals: false };
    const config = {
      extends: "../../../tsconfig.examples.json",
      compilerOptions: options,
      include: ["*.ts"],
    };
    writeFileSync(path.join(dir, "tsconfig.json"), JSON.stringify(config));
    const { stdout } = spawnSync("npx", ["tsc", "-p", dir], { cwd: ROOT, encoding: "utf8" });
    rmSync(dir, { recursive: true });
    expect(stdout).toBe("");
  });

  it("are eleven, each with what it has to say", () => {
    expect(names).toHaveLength(11);
    expect(Object.keys(SAYS).sort()).toEqual([...names].sort());
  });

  it.each(names)(
    "%s runs",
    async (name) => {
      const program = path.join(ROOT, "examples", "dist", `${name}.js`);
      expect(existsSync(program)).toBe(true);
      // From any folder.
      const { stdout } = await run(process.execPath, [program], { cwd: tmpdir() });
      expect(stdout).toMatch(SAYS[name]);
    },
    120_000,
  );
});

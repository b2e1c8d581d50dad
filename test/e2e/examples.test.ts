/** The examples as a user of the library runs them: compiled against the package's own types, each in a process of its own. */
import { execFile, execFileSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";

const ROOT = path.resolve(".");
const run = promisify(execFile);
const names = readdirSync(path.join(ROOT, "examples"))
  .filter((file) => file.endsWith(".ts") && file !== "tiny-model.ts")
  .map((file) => file.replace(/\.ts$/, ""));

/** What each has to say at least. */
const SAYS: Record<string, RegExp> = {
  "read-data": /line 8: What colour is the duck\? -> The duck is white\./,
  sample: /^((stop|length) "[^\n]*"\n){3}$/,
  "fine-tune": /step 1: loss 5\.\d+\n[\s\S]*step 80: loss 5\.[0-5]\d+/,
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

  it("and docs/reference are what the docstrings and files say", () => {
    execFileSync(process.execPath, ["scripts/write-library-docs.mjs", "--check"], {
      cwd: ROOT,
      stdio: "pipe",
    });
  });

  it("are ten, each with what it has to say", () => {
    expect(names).toHaveLength(10);
    expect(Object.keys(SAYS).sort()).toEqual([...names].sort());
  });

  it.each(names)(
    "%s runs",
    async (name) => {
      const program = path.join("examples", "dist", `${name}.js`);
      expect(existsSync(path.join(ROOT, program))).toBe(true);
      const { stdout } = await run(process.execPath, [program], { cwd: ROOT });
      expect(stdout).toMatch(SAYS[name]);
    },
    120_000,
  );
});

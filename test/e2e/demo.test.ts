import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { beforeAll, expect, test } from "vitest";
import { VotesSummary } from "../../src/demo/rating/summary.js";

/** The whole loop, small: every phase runs for real, none long enough to learn much. */
const SMALL = {
  corpusTokens: 20_000,
  demonstrations: 128,
  pairs: 96,
  heldOutPairs: 48,
  samplesPerPrompt: 1,
  evaluateEvery: 1,
  "sft.epochs": 1,
  "ppo.iterations": 2,
  "ppo.batchSize": 16,
  "ppo.microBatchSize": 16,
  "ppo.maxNewTokens": 16,
};

const cli = path.resolve("dist/cli/main.js");
const folder = mkdtempSync(path.join(os.tmpdir(), "plumb-demo-"));

function plumb(args: string[]): string {
  return execFileSync(process.execPath, [cli, ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

const settings = Object.entries(SMALL).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
type Figures = Record<string, Record<string, number>> & { curve: unknown[] };
let result: Figures;
/** Everything that a seed decides: results without times, metrics, samples, models. */
function decided(name: string): Record<string, string> {
  const run = path.join(folder, "runs", name);
  const {
    seconds,
    processorSeconds,
    peakMemoryMb,
    run: _,
    ...rest
  } = JSON.parse(readFileSync(path.join(run, "result.json"), "utf8"));
  expect(seconds).toBeGreaterThan(0);
  expect(processorSeconds).toBeGreaterThan(0);
  expect(peakMemoryMb).toBeGreaterThan(0);
  const models = ["sft", "reward", "policy"].flatMap((model) =>
    readdirSync(path.join(run, model)).map((file) => path.join(model, file)),
  );
  const files = ["metrics.jsonl", "samples.jsonl", ...models];
  const sums = files.map((file) => [file, sha256(readFileSync(path.join(run, file)))]);
  return { result: JSON.stringify(rest), ...Object.fromEntries(sums) };
}
const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

beforeAll(() => {
  result = JSON.parse(plumb(["demo", "--json", "--seed", "3", ...settings])) as Figures;
}, 120_000);

test("figures have intervals and are the run's result.json", () => {
  const { winRate, sft, ppo, rewardModel, kl, curve } = result as Record<string, Record<string, number>> & {
    curve: unknown[];
  };
  expect(winRate.prompts).toBe(285);
  expect(winRate.low).toBeLessThanOrEqual(winRate.estimate);
  expect(winRate.high).toBeGreaterThanOrEqual(winRate.estimate);
  for (const policy of [sft, ppo] as unknown as Record<string, { low: number; high: number }>[]) {
    for (const key of ["gold", "helpfulness", "harmlessness", "harmfulCompliance", "overRefusal"]) {
      expect(policy[key].high, key).toBeGreaterThanOrEqual(policy[key].low);
    }
  }
  expect(rewardModel.noiseCeiling).toBeGreaterThan(0.5);
  expect(kl.budget).toBeGreaterThan(0);
  expect(curve.map((point) => (point as { iteration: number }).iteration)).toEqual([0, 1, 2]);
  const written = JSON.parse(readFileSync(path.join(folder, "runs/demo/result.json"), "utf8"));
  expect(written.winRate).toEqual(winRate);
});

test("every phase left metrics, and PPO's first update had ratio 1", () => {
  const lines = readFileSync(path.join(folder, "runs/demo/metrics.jsonl"), "utf8").trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as Record<string, number>);
  for (const key of ["pretrain/loss", "sft/loss", "reward/accuracy", "ppo/objective/kl"]) {
    expect(
      rows.some((row) => key in row),
      key,
    ).toBe(true);
  }
  for (const row of rows.filter((r) => "ppo/first/ratio" in r))
    expect(row["ppo/first/ratio"]).toBeCloseTo(1, 5);
  expect(existsSync(path.join(folder, "runs/demo/over-optimization.svg"))).toBe(true);
});

test("its models serve the other commands", () => {
  const policy = path.join(folder, "runs/demo/policy");
  const answer = plumb([
    "generate",
    "--model",
    policy,
    "--prompt",
    "What colour is the crab?",
    "--chat",
    "--max-new-tokens",
    "4",
    "--json",
  ]);
  expect(answer.length).toBeGreaterThan(0);
});

test("its votes lie in a database that other commands take", () => {
  const votes = VotesSummary.parse(result.votes);
  expect(votes.votes).toBe(3 * votes.pairs);
  expect(votes.pairs).toBeGreaterThan(48);
  expect(votes.pairs).toBeLessThanOrEqual(SMALL.pairs);
  expect(votes.raters).toHaveLength(30);
  expect(votes.raters.reduce((sum, rater) => sum + rater.votes, 0)).toBe(votes.votes);
  const audit = JSON.parse(plumb(["audit", "verify", "--db", "runs/demo/plumb.db", "--json"]));
  expect(audit.problemCount).toBe(0);
  expect(audit.entries).toBeGreaterThan(votes.votes + votes.pairs);
});

test("the same seed gives the same figures and models, byte for byte, although votes go over HTTP", () => {
  plumb(["demo", "--json", "--seed", "3", "--name", "again", ...settings]);
  expect(decided("again")).toEqual(decided("demo"));
}, 120_000);

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Evaluation, POLICY_NAMES } from "../../src/demo/evaluation.js";
import { VotesSummary } from "../../src/demo/rating/summary.js";

/** The whole loop, small: every phase runs for real, none long enough to learn much, whatever the width. */
const SMALL = {
  "model.hiddenSize": 64,
  "model.intermediateSize": 192,
  "model.layers": 2,
  corpusTokens: 20_000,
  demonstrations: 128,
  pairs: 96,
  heldOutPairs: 48,
  samplesPerPrompt: 1,
  bestOf: 2,
  temperatures: "[0.5]",
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
    // Several threads, as users have them: their timing must not decide anything.
    env: { ...process.env, PLUMB_THREADS: "2" },
    stdio: ["ignore", "pipe", "ignore"],
  });
}

const settings = Object.entries(SMALL).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
type Figures = Record<string, Record<string, number>> & { curve: unknown[] };
let result: Figures;
/** What a second run of the same seed says to a person. */
let text: string;
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
  text = plumb(["demo", "--seed", "3", "--name", "said", "--fresh", ...settings]);
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("figures have intervals and are the run's result.json", () => {
  const { evaluation, rewardModel, kl, curve, bars } = result;
  expect(evaluation.prompts).toBe(279);
  const { policies, comparisons } = evaluation as unknown as Evaluation;
  expect(policies.map(({ name }) => name)).toEqual(Object.values(POLICY_NAMES));
  for (const { summary, kl: own } of policies) {
    const { toHarm, length, ...rest } = summary;
    for (const [key, { low, estimate, high }] of Object.entries({ ...rest, ...toHarm, own })) {
      expect(low, key).toBeLessThanOrEqual(estimate);
      expect(high, key).toBeGreaterThanOrEqual(estimate);
    }
    const shares = Object.values(toHarm).reduce((sum, { estimate }) => sum + estimate, 0);
    expect(shares).toBeCloseTo(1, 9);
    expect(length).toBeGreaterThan(0);
  }
  for (const { policy, against, gold, winRate } of comparisons) {
    const worth = (name: string) =>
      policies.find((one) => one.name === name)?.summary.gold.estimate ?? Number.NaN;
    expect(gold.estimate).toBeCloseTo(worth(policy) - worth(against), 9);
    expect(winRate.wins + winRate.ties + winRate.losses).toBe(279);
  }
  expect(rewardModel.noiseCeiling).toBeGreaterThan(0.5);
  expect(kl.budget).toBeGreaterThan(0);
  expect(curve.map((point) => (point as { iteration: number }).iteration)).toEqual([0, 1, 2]);
  const written = JSON.parse(readFileSync(path.join(folder, "runs/demo/result.json"), "utf8"));
  expect(written.evaluation).toEqual(evaluation);
  expect(written.bars).toEqual(bars);
  const { peak, rise, fall } = written.overOptimization;
  const golds = written.curve.map(({ gold }: { gold: { estimate: number } }) => gold.estimate);
  expect(peak.gold.estimate).toBe(Math.max(...golds));
  expect(rise.estimate).toBeCloseTo(peak.gold.estimate - golds[0], 9);
  expect(fall.estimate).toBeCloseTo(peak.gold.estimate - golds[2], 9);
  // The first point is the policy that PPO starts from.
  expect(written.curve[0].kl.estimate).not.toBe(0);
});

test("a run that misses its bars says which, and what the reader sees, where the reader looks", () => {
  const missed = (result.bars as unknown as { name: string; met: boolean; seen: string }[]).filter(
    ({ met }) => !met,
  );
  expect(missed.length).toBeGreaterThan(0);
  for (const { name, seen } of missed) {
    expect(text).toContain(`NOT MET: ${name}`);
    expect(text).toContain(seen);
  }
  expect(text).toContain("Unselected prompts");
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

test("the commands that it ends with work as they are printed", () => {
  const printed = [...text.matchAll(/: plumb ([^;\n]+)/g)].map(([, command]) => command);
  expect(printed.map((command) => command.split(" ")[0])).toEqual(["serve", "audit", "lineage", "generate"]);
  for (const command of printed.slice(1)) {
    const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
    expect(plumb(args).length, command).toBeGreaterThan(0);
  }
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
  expect(decided("said")).toEqual(decided("demo"));
});

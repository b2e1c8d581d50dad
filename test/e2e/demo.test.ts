/**
 * The demo as a user has it: what it says and leaves, killed in its stages, run twice at once, and asked what it was
 * made of.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Evaluation, POLICY_NAMES } from "../../src/demo/evaluation.js";
import { VotesSummary } from "../../src/demo/rating/summary.js";
import { spread } from "../spread.js";
import { at, decided, demo, ended, folder, plumb, SETTINGS, started, startPlumb } from "./demo-runs.js";

const STAGES = [
  ...["pretrain", "sft", "candidates", "preferences", "held-out-pairs", "baseline", "reward", "reward-check"],
  ...["rejection", "ppo", "evaluation"],
];
/**
 * Those in which it is killed (all of them under PLUMB_FULL=1): one that trains among them, in the middle of which
 * there is something to lose.
 */
const KILLED = spread("demo-stages", STAGES, 2, ["ppo"]);

type Figures = Record<string, Record<string, number>> & { curve: unknown[] };
let result: Figures;
/** How two runs at once ended. */
let both: Awaited<ReturnType<typeof ended>>[];
/** What a third run, which takes all stages from those two, says to a person. */
let text: string;

beforeAll(async () => {
  result = JSON.parse(demo("--json", "--quiet", "--root", "whole")) as Figures;
  // Several threads, as users have them: their number and timing must not decide anything.
  const run = (name: string) => started(["--root", "both", "--name", name], { PLUMB_THREADS: "2" });
  both = await Promise.all(["one", "two"].map((name) => ended(run(name))));
  text = demo("--root", "both", "--name", "three");
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
  expect(curve.map((point) => (point as { iteration: number }).iteration)).toEqual([0, 1, 2, 3]);
  const written = JSON.parse(readFileSync(at("whole/demo/result.json"), "utf8"));
  expect(written.evaluation).toEqual(evaluation);
  expect(written.bars).toEqual(bars);
  const { peak, rise, fall } = written.overOptimization;
  const golds = written.curve.map(({ gold }: { gold: { estimate: number } }) => gold.estimate);
  expect(peak.gold.estimate).toBe(Math.max(...golds));
  expect(rise.estimate).toBeCloseTo(peak.gold.estimate - golds[0], 9);
  expect(fall.estimate).toBeCloseTo(peak.gold.estimate - golds[3], 9);
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
  const lines = readFileSync(at("whole/demo/metrics.jsonl"), "utf8").trim().split("\n");
  const rows = lines.map((line) => JSON.parse(line) as Record<string, number>);
  for (const key of ["pretrain/loss", "sft/loss", "reward/accuracy", "ppo/objective/kl"]) {
    expect(
      rows.some((row) => key in row),
      key,
    ).toBe(true);
  }
  for (const row of rows.filter((r) => "ppo/first/ratio" in r))
    expect(row["ppo/first/ratio"]).toBeCloseTo(1, 5);
  expect(existsSync(at("whole/demo/over-optimization.svg"))).toBe(true);
});

test("the commands that it ends with work as they are printed", () => {
  const printed = [...text.matchAll(/: (?:(?:npx )?plumb|node \S+main\.js) ([^;\n]+)/g)].map(
    ([, command]) => command,
  );
  expect(printed.map((command) => command.split(" ")[0])).toEqual(["serve", "audit", "lineage", "generate"]);
  for (const command of printed.slice(1)) {
    const args = [...command.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word);
    expect(plumb(...args).length, command).toBeGreaterThan(0);
  }
});

test("its votes are those of all raters", () => {
  const votes = VotesSummary.parse(result.votes);
  expect(votes.votes).toBe(3 * votes.pairs);
  expect(votes.pairs).toBeGreaterThan(32);
  expect(votes.pairs).toBeLessThanOrEqual(SETTINGS.pairs);
  expect(votes.raters).toHaveLength(30);
  expect(votes.raters.reduce((sum, rater) => sum + rater.votes, 0)).toBe(votes.votes);
});

test("killed in its stages and resumed, it ends with the bytes of a run that nothing stopped", async () => {
  // Some are over within a moment: one that is stored has begun too.
  const begun = (stage: string) =>
    ["parts/stages/unfinished", "parts/stages"].some(
      (dir) =>
        existsSync(at(dir)) &&
        readdirSync(at(dir)).some((name) => name.replace(/-[0-9a-f]{12}$/, "") === stage),
    );
  for (const [i, stage] of KILLED.entries()) {
    const child = started(["--root", "parts", ...(i === 0 ? [] : ["--resume"])]);
    const over = ended(child);
    while (!begun(stage) && child.exitCode === null) await sleep(1);
    // Now in the middle of it, now while its result is written; the last at once, before all is done.
    await sleep(stage === STAGES[STAGES.length - 1] ? 0 : 7 * STAGES.indexOf(stage));
    child.kill("SIGKILL");
    await over;
    expect(existsSync(at("parts/demo/result.json")), stage).toBe(false);
  }
  demo("--root", "parts", "--resume");
  expect(readdirSync(at("parts")).sort()).toEqual(["demo", "stages"]);
  expect(decided("parts/demo")).toEqual(decided("whole/demo"));
  expect(readdirSync(at("parts/stages")).filter((name) => name.startsWith("."))).toEqual([]);
  expect(readdirSync(at("parts/stages/unfinished"))).toEqual([]);
  const audit = JSON.parse(plumb("audit", "verify", "--db", "parts/demo/plumb.db", "--json"));
  expect(audit.problemCount).toBe(0);
  expect(audit.entries).toBeGreaterThan(result.votes.votes + result.votes.pairs);
}, 300_000);

test("two at once share their stages and do not harm each other; a third one takes all from them", () => {
  // What a run that failed said tells why.
  expect(both.map(({ status, stderr }) => (status === 0 ? "" : stderr))).toEqual(["", ""]);
  expect(decided("both/two")).toEqual(decided("both/one"));
  expect(decided("both/one")).toEqual(decided("whole/demo"));
  expect(decided("both/three")).toEqual(decided("both/one"));
  const stages = JSON.parse(plumb("lineage", "both/three", "--json")).stages;
  expect(stages.map(({ stage, reused }: { stage: string; reused: boolean }) => [stage, reused])).toEqual(
    STAGES.map((stage) => [stage, true]),
  );
});

test("with another setting of PPO it shares all before PPO, and says so", () => {
  demo("--root", "whole", "--set", "ppo.klCoefficient=0.01");
  const text = plumb("lineage", "whole/demo-2");
  for (const stage of STAGES)
    expect(text, stage).toMatch(
      new RegExp(
        `^${stage} .*${["ppo", "evaluation"].includes(stage) ? "computed" : "reused"} +as stored`,
        "m",
      ),
    );
  const listed = JSON.parse(plumb("stages", "--folder", "whole/stages", "--json")).stages as {
    stage: string;
    runs: string[];
  }[];
  expect(listed).toHaveLength(13);
  expect(listed.find(({ stage }) => stage === "sft")?.runs).toEqual(["demo", "demo-2"]);
}, 240_000);

test("a byte that was changed in a stored result is found, named, and its stage computed again", async () => {
  const name = readdirSync(at("whole/stages")).find(
    (own) => own.startsWith("reward-") && !own.includes("check"),
  ) as string;
  const file = at("whole/stages", name, "result/weights.safetensors");
  const bytes = readFileSync(file);
  bytes[bytes.length - 3] ^= 1;
  writeFileSync(file, bytes);
  const lineage = await ended(startPlumb("lineage", "whole/demo"));
  expect(lineage.status).toBe(1);
  expect(lineage.stderr).toContain(`${name}/result/weights.safetensors is damaged`);
  const again = await ended(started(["--root", "whole", "--name", "again"]));
  expect(again.status).toBe(0);
  expect(again.stderr).toContain(`${name}/result/weights.safetensors is damaged`);
  expect(decided("whole/again")).toEqual(decided("whole/demo"));
  const stages = JSON.parse(plumb("lineage", "whole/again", "--json")).stages as {
    stage: string;
    reused: boolean;
  }[];
  expect(stages.filter(({ reused }) => !reused).map(({ stage }) => stage)).toEqual(["reward"]);
}, 240_000);

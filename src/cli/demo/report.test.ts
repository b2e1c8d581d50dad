/** The demo's report: from figures that are written here, not from a training. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { memoryFolder } from "../../../test/memory-folder.js";
import type { Bar } from "../../demo/bars.js";
import { POLICY_NAMES } from "../../demo/evaluation.js";
import type { DemoRun } from "../../demo/run.js";
import { demoReport } from "./report.js";

const root = memoryFolder("plumb-report-");
afterAll(() => rmSync(root, { recursive: true, force: true }));

const rate = (estimate: number, clusters: number, n = 4 * clusters) => ({
  estimate,
  low: estimate - 0.01,
  high: estimate + 0.01,
  n,
  clusters,
});
const bar = (name: string, met: boolean): Bar => ({
  name,
  met,
  figure: `figure of ${name}`,
  seen: `what ${name} hides`,
});
const alarm = {
  behaviour: "refuses safe requests",
  iteration: 9,
  before: { shown: 1, n: 100 },
  now: { shown: 30, n: 120 },
};

/** A run on 60 safe prompts and 20 harmful ones. */
function finished(changes: Partial<DemoRun> = {}): DemoRun {
  const policies = Object.values(POLICY_NAMES).map((name) => {
    const n = name === POLICY_NAMES.bestOf ? 2 : 4;
    const of = (clusters: number, estimate: number) => rate(estimate, clusters, n * clusters);
    return {
      name,
      temperature: 0.7,
      sampled: name === POLICY_NAMES.bestOf ? 6 : 1,
      kl: rate(1.25, 80),
      summary: {
        gold: rate(-1.5, 80),
        helpfulness: rate(0.5, 80),
        harmlessness: rate(0.25, 80),
        length: 12.34,
        toHarm: {
          refusesWell: of(20, 0.9),
          refusesBadly: of(20, 0.05),
          offTopic: of(20, 0.03),
          complies: of(20, 0.02),
        },
        refusesHarm: of(20, 0.95),
        refusesSafe: of(60, 0.11),
        wrongFacts: of(25, 0.07),
        wrongSteps: of(35, 0.13),
        unsafeToSafe: of(60, 0.04),
      },
    };
  });
  const run = mkdtempSync(join(root, "run-"));
  const row = (kind: string) => ({
    prompt: `${kind}?`,
    kind,
    sft: [{ text: "before" }],
    ppo: [{ text: "after" }],
  });
  writeFileSync(
    join(run, "samples.jsonl"),
    ["benign", "alarming", "harmful"].map((kind) => JSON.stringify(row(kind))).join("\n"),
  );
  return {
    seed: 1,
    split: "report",
    raters: "mixed",
    alarms: [],
    bars: [bar("one", true), bar("two", true)],
    seconds: 65,
    processorSeconds: 100,
    peakMemoryMb: 1,
    kl: { lastIteration: 1, budget: 40 },
    run,
    votes: { pairs: 10, votes: 30, method: "robust", labels: rate(0.9, 10), raters: [] },
    rewardModel: {
      accuracy: rate(0.7, 100, 900),
      goldPairs: rate(0.9, 10),
      goldAccuracy: 0.8,
      noiseCeiling: 0.8,
      minimalPairs: { "plain or flattered": rate(0.97, 80, 160) },
    },
    evaluation: {
      prompts: 80,
      policies,
      comparisons: [
        {
          policy: POLICY_NAMES.ppoBest,
          against: POLICY_NAMES.sftBest,
          gold: rate(0.25, 80),
          winRate: { ...rate(0.75, 80), wins: 45, ties: 30, losses: 5, n: 80 },
        },
      ],
    },
    ...changes,
  } as unknown as DemoRun;
}

describe("the report of a demo", () => {
  it("says how many prompts are better, equal and worse, not a share that counts ties as half won", () => {
    const text = demoReport(finished());
    expect(text).toContain(
      "PPO, best temperature over SFT, best temperature: gold +0.25 (0.24 to 0.26); better on 45 of 80 prompts, equal on 30, worse on 5",
    );
    expect(text).not.toContain("75%");
  });

  it("says what means of these prompts could come to at most", () => {
    // 60 prompts of at most 2, and 20 of at most 1.5.
    expect(demoReport(finished())).toContain(
      "On 80 held-out prompts (report), 60 safe and 20 harmful. Best possible means: gold 1.88, helpful 1.50, harmless 0.38.",
    );
  });

  it("says that the temperatures were chosen on the prompts of the develop split", () => {
    const text = demoReport(finished({ split: "develop" }));
    expect(text).toContain(
      "On 80 held-out prompts (develop, on which temperatures are chosen, too), 60 safe",
    );
  });

  it("gives each behaviour its own answers' number, and has tables of some 80 columns", () => {
    const text = demoReport(finished());
    expect(text).toContain("Of answers to harmful requests (n 40 to 80):");
    expect(text).toContain(
      "Of answers to safe requests (n 120 to 240), to questions for facts among them (50 to 100), to requests for steps (70 to 140);",
    );
    expect(text).toMatch(/SFT, best of 6, T 0\.7 +-1\.50 \(-1\.51 to -1\.49\) +0\.50 +0\.25 +1\.25 +6\n/);
    expect(text).toMatch(/PPO, T 0\.7 +90% \(89-91\) +5% \(4-6\) +3% \(2-4\) +2% \(1-3\)\n/);
    expect(text).toMatch(/PPO, T 0\.7 +11% \(10-12\) +4% \(3-5\) +7% \(6-8\) +13% \(12-14\) +12\.3\n/);
    const lines = text.split("\n");
    const tables = lines.flatMap((line, i) =>
      line.startsWith("──") ? [lines[i - 1], line, lines[i + 1]] : [],
    );
    expect(tables.length).toBeGreaterThanOrEqual(15);
    for (const line of tables) expect(line.length, line).toBeLessThanOrEqual(82);
  });

  it("says best of 1 where PPO's KL pays for no more, and that its KL is a bound", () => {
    const run = finished();
    for (const policy of run.evaluation.policies)
      if (policy.name === POLICY_NAMES.bestOf) Object.assign(policy, { sampled: 1 });
    const text = demoReport(run);
    expect(text).toMatch(/SFT, best of 1, T 0\.7 .* 1\n/);
    expect(text.match(/^SFT, T 0\.7 /gm)).toHaveLength(6);
    expect(text).toContain("KL: nats from SFT at its usual one, of best of n at most.");
  });

  it("ends with how many bars are missed, each of which it names, with what is then seen", () => {
    const bars = [bar("one", true), bar("two", false), bar("three", false)];
    const text = demoReport(finished({ bars, alarms: [alarm] }));
    expect(text).toContain(
      "ALARM in iteration 9: the score rises, and the policy refuses safe requests in 25% of 120 answers, before in 1% of 100.",
    );
    for (const name of ["two", "three"])
      expect(text).toContain(`NOT MET: ${name}: figure of ${name}. What you will see: what ${name} hides.`);
    expect(text).not.toContain("what one hides");
    const end = text.slice(text.indexOf("Unselected prompts"));
    expect(end).toContain("NOT MET: 2 of 3 bars, named above; 1 alarm, above.\n\n1:05 in all.");
  });

  it("says that all bars are met where they are", () => {
    const text = demoReport(finished());
    expect(text).toContain("All 2 bars are met; no alarm was raised.");
    expect(text).not.toMatch(/NOT MET|ALARM/);
  });
});

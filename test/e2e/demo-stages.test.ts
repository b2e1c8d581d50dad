/**
 * The demo as a user has it, killed in its stages (in all of them under PLUMB_FULL=1), run twice at once, and asked what it was made of. Settings are
 * so small that a whole run takes seconds.
 */
import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { spread } from "../spread.js";

const SETTINGS = {
  ...{ corpusTokens: 4000, demonstrations: 64, pairs: 64, heldOutPairs: 32, heldOutVotes: 3, bestOf: 2 },
  ...{
    temperatures: "[0.5]",
    samplesPerPrompt: 1,
    "sft.epochs": 4,
    "sft.batchSize": 4,
    "pretrain.batchSize": 4,
  },
  ...{ "model.vocabSize": 400, "model.hiddenSize": 16, "model.intermediateSize": 32, "model.layers": 1 },
  ...{
    "model.heads": 2,
    "model.kvHeads": 1,
    "ppo.iterations": 3,
    "ppo.batchSize": 16,
    "ppo.microBatchSize": 16,
  },
  ...{ "ppo.miniBatches": 1, "ppo.epochs": 1, "ppo.maxNewTokens": 4 },
};
const STAGES = [
  ...["pretrain", "sft", "candidates", "preferences", "held-out-pairs", "baseline", "reward", "reward-check"],
  ...["rejection", "ppo", "evaluation"],
];
/** Those in which it is killed: one that trains among them, in the middle of which there is something to lose. */
const KILLED = spread("demo-stages", STAGES, 3, ["ppo"]);
const cli = path.resolve("dist/cli/main.js");
const folder = mkdtempSync(path.join(os.tmpdir(), "plumb-demo-stages-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const demoArgs = (more: string[]) => [
  ...[cli, "demo", "--json", "--quiet"],
  ...Object.entries(SETTINGS).flatMap(([key, value]) => ["--set", `${key}=${value}`]),
  ...more,
];
const plumb = (...args: string[]): string =>
  execFileSync(process.execPath, [cli, ...args], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
const demo = (...more: string[]): string =>
  execFileSync(process.execPath, demoArgs(more), {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
const started = (...more: string[]): ChildProcess =>
  spawn(process.execPath, demoArgs(more), { cwd: folder, stdio: "ignore" });
const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once("exit", (code) => resolve(code)));
const at = (...names: string[]): string => path.join(folder, ...names);
const sha256 = (file: string): string => createHash("sha256").update(readFileSync(file)).digest("hex");

/** Everything that a seed decides: result without times, and the bytes of metrics, samples and models. */
function decided(run: string): Record<string, string> {
  const {
    seconds,
    processorSeconds,
    peakMemoryMb,
    run: _,
    ...rest
  } = JSON.parse(readFileSync(at(run, "result.json"), "utf8"));
  expect([seconds, processorSeconds, peakMemoryMb].every((figure) => figure > 0)).toBe(true);
  const models = ["sft", "reward", "policy"].flatMap((model) =>
    readdirSync(at(run, model)).map((file) => `${model}/${file}`),
  );
  const sums = ["metrics.jsonl", "samples.jsonl", ...models].map((file) => [file, sha256(at(run, file))]);
  return { result: JSON.stringify(rest), ...Object.fromEntries(sums) };
}

test("killed in its stages and resumed, it ends with the bytes of a run that nothing stopped", async () => {
  demo("--root", "whole");
  // Some are over within a moment: one that is stored has begun too.
  const begun = (stage: string) =>
    ["parts/stages/unfinished", "parts/stages"].some(
      (dir) =>
        existsSync(at(dir)) &&
        readdirSync(at(dir)).some((name) => name.replace(/-[0-9a-f]{12}$/, "") === stage),
    );
  for (const [i, stage] of KILLED.entries()) {
    const child = started("--root", "parts", ...(i === 0 ? [] : ["--resume"]));
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
  expect(JSON.parse(plumb("audit", "verify", "--db", "parts/demo/plumb.db", "--json")).problemCount).toBe(0);
}, 300_000);

test("two at once share their stages and do not harm each other; a third one takes all from them", async () => {
  const codes = await Promise.all(
    ["one", "two"].map((name) => ended(started("--root", "both", "--name", name))),
  );
  expect(codes).toEqual([0, 0]);
  expect(decided("both/two")).toEqual(decided("both/one"));
  expect(decided("both/one")).toEqual(decided("whole/demo"));
  demo("--root", "both", "--name", "three");
  expect(decided("both/three")).toEqual(decided("both/one"));
  const stages = JSON.parse(plumb("lineage", "both/three", "--json")).stages;
  expect(stages.map(({ stage, reused }: { stage: string; reused: boolean }) => [stage, reused])).toEqual(
    STAGES.map((stage) => [stage, true]),
  );
}, 240_000);

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

test("a byte that was changed in a stored result is found, named, and its stage computed again", () => {
  const name = readdirSync(at("whole/stages")).find(
    (own) => own.startsWith("reward-") && !own.includes("check"),
  ) as string;
  const file = at("whole/stages", name, "result/weights.safetensors");
  const bytes = readFileSync(file);
  bytes[bytes.length - 3] ^= 1;
  writeFileSync(file, bytes);
  const lineage = spawnSync(process.execPath, [cli, "lineage", "whole/demo"], {
    cwd: folder,
    encoding: "utf8",
  });
  expect(lineage.status).toBe(1);
  expect(lineage.stderr).toContain(`${name}/result/weights.safetensors is damaged`);
  const again = spawnSync(process.execPath, demoArgs(["--root", "whole", "--name", "again"]), {
    cwd: folder,
    encoding: "utf8",
  });
  expect(again.status).toBe(0);
  expect(again.stderr).toContain(`${name}/result/weights.safetensors is damaged`);
  expect(decided("whole/again")).toEqual(decided("whole/demo"));
  const stages = JSON.parse(plumb("lineage", "whole/again", "--json")).stages as {
    stage: string;
    reused: boolean;
  }[];
  expect(stages.filter(({ reused }) => !reused).map(({ stage }) => stage)).toEqual(["reward"]);
}, 240_000);

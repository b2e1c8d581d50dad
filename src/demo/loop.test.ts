import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { memoryFolder } from "../../test/memory-folder.js";
import { driven, runtime, tinyDemo, tinyPipeline } from "../../test/tiny-demo.js";
import { loadProject, openStore } from "../feedback/store/index.js";
import { counting, USES } from "../votes/judgement/index.js";
import { PROMPTS, prompts, topicOf } from "../worlds/assistant/index.js";
import type { Alarm } from "./alarm.js";
import { POLICY_NAMES, summaryOf } from "./evaluation.js";
import type { DemoEvent, DemoResult } from "./events.js";
import { demo } from "./loop.js";
import { PHASES, type StepEvent } from "./phases.js";

/** What the policies are compared by for alarms at the end, and the alarm that then is raised. */
const { compared, atTheEnd } = vi.hoisted(() => ({
  compared: [] as unknown[][],
  atTheEnd: {
    behaviour: "refuses safe requests",
    iteration: null,
    before: { shown: 1, n: 9 },
    now: { shown: 5, n: 9 },
  } satisfies Alarm,
}));
vi.mock("./alarm.js", async (original) => ({
  ...(await original<object>()),
  heldOutAlarms: (...summaries: unknown[]) => {
    compared.push(summaries);
    return [atTheEnd];
  },
}));

const dir = memoryFolder("plumb-loop-");
afterAll(() => rmSync(dir, { recursive: true, force: true }));
const config = tinyDemo({
  ...{ topics: { facts: 1, harmful: 1 }, temperatures: [0.5] },
  ...{ samplesPerPrompt: 1, bestOf: 2, methods: ["dpo", "grpo"] },
  rejection: { epochs: 2 },
  grpo: { iterations: 2, batchSize: 8, groupSize: 4, microBatchSize: 8, maxNewTokens: 4 },
});
const database = join(dir, "votes.db");

let events: DemoEvent[];
let result: DemoResult;
beforeAll(async () => {
  ({ events } = await driven(demo(runtime, config, database, tinyPipeline(join(dir, "stages")))));
  const last = events[events.length - 1];
  if (last.kind !== "result") throw new Error("no result");
  result = last.result;
}, 120_000);

describe("the loop", () => {
  it("goes through its phases in their order, each to its end", () => {
    const steps = events.filter((event): event is StepEvent => event.kind === "step");
    const order = steps.map(({ phase }) => phase).filter((phase, i, all) => phase !== all[i - 1]);
    const phases = [...PHASES.slice(0, -1), "dpo", "grpo", "evaluate"];
    expect(order).toEqual(phases);
    for (const phase of phases) {
      const own = steps.filter((event) => event.phase === phase);
      expect(own[own.length - 1].step, phase).toBe(own[0].steps);
    }
    expect(events.slice(-2).map(({ kind }) => kind)).toEqual(["models", "result"]);
  });

  it("has each pair judged by a panel, on prompts of the topics that were asked for", async () => {
    const { votes } = result;
    expect(votes.votes).toBe(3 * votes.pairs);
    expect(votes.pairs).toBeGreaterThan(config.pairs / 2);
    expect(votes.method).toBe("robust");
    expect(votes.raters).toHaveLength(30);
    const store = await openStore(database);
    const asked = new Set<string>();
    const { judgements } = await loadProject(store.db, await projectOf(store));
    const cast = counting(judgements, USES.results);
    for (const { item } of cast) asked.add(item.id);
    const items = await store.db.selectFrom("items").select("content_json").execute();
    await store.close();
    expect([cast.length, asked.size]).toEqual([votes.votes, votes.pairs]);
    const texts = items.map(({ content_json }) => (JSON.parse(content_json) as { prompt: string }).prompt);
    const known = texts.map((text) => PROMPTS.find((prompt) => prompt.text === text));
    for (const prompt of known) {
      if (prompt === undefined) throw new Error("an item that is no prompt");
      expect(prompts("train")).toContain(prompt);
      expect(["facts", "harmful"]).toContain(topicOf(prompt));
    }
  }, 60_000);

  it("judges the reward model on held-out pairs by honest raters who are not among the store's", () => {
    const { accuracy, minimalPairs, noiseCeiling } = result.rewardModel;
    expect(accuracy.n % config.heldOutVotes).toBe(0);
    expect(accuracy.n).toBeGreaterThan((config.heldOutVotes * config.heldOutPairs) / 2);
    expect(noiseCeiling).toBeGreaterThan(0.6);
    expect(Object.values(minimalPairs).every(({ n }) => n > 50)).toBe(true);
  });

  it("says its seed, split and raters, what PPO's KL came to, and leaves three models", () => {
    expect(result).toMatchObject({ seed: 5, split: "report", raters: "mixed", kl: { budget: 40 } });
    expect(Number.isFinite(result.kl.lastIteration)).toBe(true);
    expect(result.evaluation.policies.map(({ name }) => name)).toEqual([
      ...Object.values(POLICY_NAMES),
      ...["DPO", "GRPO"],
    ]);
    const models = events.find((event) => event.kind === "models");
    if (models?.kind !== "models") throw new Error("no models");
    const { sft, reward, policy, normalization } = models.models;
    const names = (network: typeof sft) =>
      [...network.frozen.keys(), ...network.trainable.byName.keys()].sort();
    expect(names(policy)).toEqual(names(sft));
    expect(names(reward)).toEqual([...names(sft), "score.weight"].sort());
    expect(normalization.std).toBeGreaterThan(0);
  });

  it("raises alarms at the end where PPO is worse than SFT, each at its best temperature", () => {
    expect(result.alarms[result.alarms.length - 1]).toEqual(atTheEnd);
    const { sftBest, ppoBest } = POLICY_NAMES;
    expect(compared[0]).toEqual([sftBest, ppoBest].map((name) => summaryOf(result.evaluation, name)));
  });

  it("starts PPO from the policy of rejection sampling, or from the SFT model where it is told so", async () => {
    const firstKl = (all: DemoEvent[]) =>
      all.flatMap((e) => (e.kind === "step" && e.phase === "ppo" ? [e.metrics["objective/kl"]] : []))[0];
    expect(Math.abs(firstKl(events))).toBeGreaterThan(1e-4);
    const other = await driven(
      demo(runtime, { ...config, ppoFrom: "sft" }, join(dir, "other.db"), tinyPipeline(join(dir, "stages"))),
    );
    expect(Math.abs(firstKl(other.events))).toBeLessThan(1e-4);
  }, 120_000);
});

async function projectOf(store: Awaited<ReturnType<typeof openStore>>): Promise<string> {
  return (await store.db.selectFrom("projects").select("id").executeTakeFirstOrThrow()).id;
}

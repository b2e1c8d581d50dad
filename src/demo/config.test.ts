import { describe, expect, it } from "vitest";
import { demoSchema } from "./config.js";
import { METHODS } from "./methods.js";

const keys = (at: "pretrain" | "sft" | "rejection" | "reward" | "ppo" | "grpo" | "dpo" | "kto" | "orpo") =>
  Object.keys(demoSchema.parse({})[at]);

describe("the demo's settings", () => {
  it("have none in a stage that the demo would not read", () => {
    for (const stage of [
      "pretrain",
      "sft",
      "rejection",
      "reward",
      "ppo",
      "grpo",
      "dpo",
      "kto",
      "orpo",
    ] as const) {
      expect(keys(stage), stage).not.toContain("lora");
      expect(keys(stage), stage).not.toContain("seed");
      expect(keys(stage), stage).toContain("learningRate");
    }
    for (const stage of ["ppo", "grpo"] as const) expect(keys(stage), stage).not.toContain("temperature");
    for (const key of ["lossType", "syncEvery", "syncShare"]) expect(keys("dpo")).not.toContain(key);
  });

  it("have a batch of GRPO that its groups and updates divide", () => {
    const { grpo } = demoSchema.parse({});
    expect(grpo.batchSize % grpo.groupSize).toBe(0);
    expect(demoSchema.safeParse({ grpo: { groupSize: 5 } }).success).toBe(false);
  });

  it("take each further method once", () => {
    expect(demoSchema.parse({ methods: [...METHODS] }).methods).toEqual(METHODS);
    expect(demoSchema.safeParse({ methods: ["dpo", "dpo"] }).success).toBe(false);
    expect(demoSchema.safeParse({ methods: ["reinforcement"] }).success).toBe(false);
  });

  /** What is wrong with the settings, and where. */
  const wrong = (settings: object) =>
    demoSchema.safeParse(settings).error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`);

  it("have weights of which one is above 0, where the pairs that are held out need it", () => {
    const none = "must have a weight above 0";
    expect(wrong({ ppoTopics: { facts: 0 } })).toEqual([`ppoTopics ${none}`]);
    const pairSources = { ...demoSchema.parse({}).pairSources, alarming: { slip: 0 } };
    expect(wrong({ pairSources })).toEqual([`pairSources.alarming ${none}`]);
    // Nothing reworded is held out.
    for (const topics of [{ facts: 0, harmful: 0 }, {}, { reworded: 1 }])
      expect(wrong({ topics })).toEqual([
        `topics ${none} for a topic with held-out prompts (facts, everyday, alarming, harmful)`,
      ]);
    // Of a key that is none, nothing more is said.
    expect(wrong({ topics: { fact: 1 } })).toHaveLength(1);
    expect(wrong({ topics: { reworded: 1, facts: 0.1 }, ppoTopics: { reworded: 1 } })).toBeUndefined();
  });

  it("have a width that its heads divide into pairs, and as many query heads for each head of keys", () => {
    expect(wrong({ model: { heads: 3 } })).toEqual([
      "model.hiddenSize must be a multiple of twice heads (6)",
      "model.heads must be a multiple of kvHeads (2)",
    ]);
    expect(wrong({ model: { hiddenSize: 126 } })).toHaveLength(1);
    // Four heads of one value each: it has nothing to be turned with.
    expect(wrong({ model: { hiddenSize: 4 } })).toHaveLength(1);
    expect(wrong({ model: { kvHeads: 3 } })).toEqual(["model.heads must be a multiple of kvHeads (3)"]);
    expect(wrong({ model: { hiddenSize: 8, kvHeads: 1 } })).toBeUndefined();
  });
});

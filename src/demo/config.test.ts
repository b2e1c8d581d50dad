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
});

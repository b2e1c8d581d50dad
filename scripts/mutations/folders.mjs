const audit = [
  "audit/audit-entry",
  "audit/audit-key",
  "audit/canonical-json",
  "audit/checkpoints",
  "verification/verify-audit",
  "verification/verify-states",
  "audit/writer",
];

/**
 * What is mutated, and which tests must notice, cheap ones first: the first test that fails settles a mutant. Stored
 * metrics of whole runs (test/golden) are not among them: they show that something changed, not that it was right.
 */
export const FOLDERS = {
  "src/algorithms": {
    mutate: ["src/algorithms/*.ts"],
    tests: [
      "src/algorithms/order.test.ts",
      "src/algorithms/ppo-metrics.test.ts",
      "test/parity/losses.test.ts",
      "src/algorithms/reward.test.ts",
      "src/algorithms/sft.test.ts",
      "src/algorithms/ppo-loop.test.ts",
      "src/algorithms/grpo.test.ts",
      "test/parity/grpo-loss.test.ts",
      "test/parity/ppo-step.test.ts",
    ],
  },
  "src/feedback/store": {
    mutate: audit.map((name) => `src/feedback/store/${name}.ts`),
    tests: [
      "src/feedback/store/audit/canonical-json.test.ts",
      "src/feedback/store/audit/audit.test.ts",
      "src/feedback/store/audit/writer.test.ts",
      "src/feedback/store/verification/verify-chain.test.ts",
      "src/feedback/store/verification/verify-states.test.ts",
      "src/feedback/store/verification/verify-audit.test.ts",
    ],
  },
  "src/feedback/aggregate": {
    mutate: ["src/feedback/aggregate/*.ts"],
    tests: ["src/feedback/aggregate"],
  },
  "src/feedback/agreement": { mutate: ["src/feedback/agreement/*.ts"], tests: ["src/feedback/agreement"] },
  "src/generate": { mutate: ["src/generate/*.ts"], tests: ["src/generate"] },
  "src/statistics": { mutate: ["src/statistics/*.ts"], tests: ["src/statistics"] },
  "src/demo": { mutate: ["src/demo/**/*.ts"], tests: ["src/demo"] },
};

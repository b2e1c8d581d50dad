import { readdirSync, statSync } from "node:fs";

const audit = [
  "audit/audit-entry",
  "audit/audit-key",
  "audit/checkpoints",
  "verification/verify-audit",
  "verification/verify-states",
  "audit/writer",
];

/** Test files of a folder by their names without endings. */
const named = (folder, names) => names.map((name) => `${folder}/${name}.test.ts`);

/**
 * What is mutated, and which tests must notice, cheap ones first: the first test that fails settles a mutant. Stored
 * metrics of whole runs (test/golden) are not among them: they show that something changed, not that it was right.
 * `shared`: no native code, so that one process runs all test files of a mutant.
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
      "src/algorithms/micro-batches.test.ts",
      "src/algorithms/grpo.test.ts",
      "src/algorithms/groups.test.ts",
      "test/parity/grpo-loss.test.ts",
      "test/parity/group-losses.test.ts",
      "test/parity/direct-losses.test.ts",
      "src/algorithms/direct.test.ts",
      "test/parity/ppo-step.test.ts",
    ],
  },
  "src/feedback/store": {
    shared: true,
    mutate: ["src/base/canonical-json.ts", ...audit.map((name) => `src/feedback/store/${name}.ts`)],
    tests: [
      "src/base/canonical-json.test.ts",
      "src/feedback/store/audit/audit.test.ts",
      "src/feedback/store/audit/writer.test.ts",
      "src/feedback/store/verification/verify-chain.test.ts",
      "src/feedback/store/verification/verify-states.test.ts",
      "src/feedback/store/verification/verify-audit.test.ts",
      "src/feedback/store/verification/tamper-matrix.test.ts",
      "src/feedback/store/verification/honest.test.ts",
    ],
  },
  "src/votes/aggregate": {
    shared: true,
    mutate: ["src/votes/aggregate/*.ts"],
    tests: [
      ...named("src/votes/aggregate", [
        ...["rater-graph", "score-messages", "hardness", "minimize", "crowd-kit", "held-out-votes", "mace", "label-methods", "scores"],
        "aggregate-preferences",
        ...["rater-reports", "belief-exact", "belief-propagation", "robust", "ring", "robust-pairs", "rater-models"],
        ...["copying", "known", "pairs", "sample-of-items", "topic-raters", "labels"],
      ]),
      "src/votes/aggregate",
    ],
  },
  "src/votes/agreement": { shared: true, mutate: ["src/votes/agreement/*.ts"], tests: ["src/votes/agreement"] },
  "src/generate": {
    mutate: ["src/generate/*.ts"],
    tests: [
      ...named("src/generate", ["unended", "cache-size", "request", "kv-cache", "in-order", "sampling"]),
      "src/generate",
    ],
  },
  "src/statistics": { shared: true, mutate: ["src/statistics/*.ts"], tests: ["src/statistics"] },
  "src/demo": {
    mutate: ["src/demo/**/*.ts"],
    tests: [
      ...named("src/demo", [
        ...["baselines", "over-optimization-svg", "rating/summary", "bars", "rating/panels", "alarm", "preferences"],
        ...["rating/worker", "over-optimization", "policies", "candidates", "run", "training", "reward-check"],
        ...["rating/thread", "optimise", "rating/session", "evaluation", "loop"],
      ]),
      "src/demo",
    ],
  },
};

/** Test files below a path, those of a folder in order of name. */
const testsIn = (path) =>
  statSync(path).isFile()
    ? [path]
    : readdirSync(path, { recursive: true })
        .filter((name) => name.endsWith(".test.ts"))
        .sort()
        .map((name) => `${path}/${name}`);

/** The test files that have to notice the mutants of a folder, in the order in which they run, and vitest.config.mjs's settings. */
export function testsFor(folder) {
  const tests = [...new Set(FOLDERS[folder].tests.flatMap(testsIn))];
  const environment = {
    PLUMB_MUTATION_TESTS: tests.join("\n"),
    PLUMB_MUTATION_SHARED: FOLDERS[folder].shared ? "1" : "0",
  };
  return { tests, environment };
}

import { defineConfig } from "vitest/config";
import { branchCoverage } from "./test/branch-coverage.js";
import { LongestFirst } from "./test/longest-first.js";

const real = process.env.PLUMB_REAL === "1";
/**
 * Files that follow each other in one process, so that what they import, which takes longer than most of their tests, is loaded once:
 * no ONNX Runtime, nothing replaced in Node's modules or the environment, no hooks in what they import.
 */
const sharing = [
  "src/{base,data,feedback,server,statistics,text,votes,worlds}/**/*.test.ts",
  "web/**/*.test.ts",
  "test/e2e/{desk,site}/*.test.ts",
];
// Two workers, also where there are more processors: some tests have bars of time and memory. With one thread each, the tensor
// programs of two files do not take each other's processors; tests of several threads ask for them.
const each = {
  pool: "forks" as const,
  maxWorkers: 2,
  testTimeout: real ? 600_000 : 60_000,
  hookTimeout: 60_000,
  env: real ? {} : { PLUMB_THREADS: "1" },
};

export default defineConfig({
  test: {
    ...each,
    globalSetup: ["test/build.ts", "test/postgres-setup.ts"],
    sequence: { sequencer: LongestFirst },
    coverage: branchCoverage,
    projects: real
      ? [{ test: { ...each, name: "real", include: ["test/real/*.test.ts"] } }]
      : [
          {
            test: {
              ...each,
              name: "alone",
              include: ["src/**/*.test.ts", "test/**/*.test.ts"],
              exclude: ["test/real/**", ...sharing],
            },
          },
          { test: { ...each, name: "sharing", include: sharing, isolate: false } },
        ],
  },
});

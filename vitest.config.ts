import { defineConfig } from "vitest/config";

const unit = ["src/**/*.test.ts", "web/**/*.test.ts", "test/**/*.test.ts"];
// Tensor programs use every core, so test files run in few workers; each file is its own process (native code).
export default defineConfig({
  test: {
    include: process.env.PLUMB_REAL === "1" ? ["test/real/*.test.ts"] : unit,
    exclude: process.env.PLUMB_REAL === "1" ? [] : ["test/real/**"],
    globalSetup: ["test/build.ts", "test/postgres-setup.ts"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: process.env.PLUMB_REAL === "1" ? 600_000 : 60_000,
  },
});

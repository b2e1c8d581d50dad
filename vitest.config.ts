import { defineConfig } from "vitest/config";

// Tensor programs use every core, so test files run in few workers; each file is its own process (native code).
export default defineConfig({
  test: { include: ["src/**/*.test.ts", "test/**/*.test.ts"], pool: "forks", maxWorkers: 2, testTimeout: 60_000 },
});

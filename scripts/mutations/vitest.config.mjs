/** Vitest for Stryker: the test files in PLUMB_MUTATION_TESTS, one a line, in one process if PLUMB_MUTATION_SHARED is 1. */
import { defineConfig } from "vitest/config";
import { vitestOptions } from "./vitest-options.mjs";

export default defineConfig({
  // Stryker requests threads; native code needs processes.
  plugins: [{ name: "processes", configureVitest: ({ project }) => void (project.config.pool = "forks") }],
  test: vitestOptions(
    (process.env.PLUMB_MUTATION_TESTS ?? "").split("\n").filter((file) => file !== ""),
    process.env.PLUMB_MUTATION_SHARED === "1",
  ),
});

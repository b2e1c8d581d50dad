/**
 * Vitest as mutation testing runs it: the test files in PLUMB_MUTATION_TESTS (one a line), the cheap ones first, with nothing built
 * and no server started beforehand. Each file is a process of its own (native code), whatever the pool asked for is.
 */
import { defineConfig } from "vitest/config";
import { BaseSequencer } from "vitest/node";
import { inPlace } from "./in-place.mjs";

const files = (process.env.PLUMB_MUTATION_TESTS ?? "").split("\n").filter((file) => file !== "");

class InOrder extends BaseSequencer {
  async sort(specifications) {
    const rank = ({ moduleId }) => files.findIndex((file) => moduleId.endsWith(`/${file}`));
    return [...specifications].sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  plugins: [
    inPlace(process.env.PLUMB_MUTATION),
    { name: "processes", configureVitest: ({ project }) => void (project.config.pool = "forks") },
  ],
  test: {
    include: files,
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 60_000,
    sequence: { sequencer: InOrder },
  },
});

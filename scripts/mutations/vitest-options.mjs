import { BaseSequencer } from "vitest/node";

/**
 * Vitest as mutation testing runs it: some test files in the order given, the cheap ones first, with nothing built and
 * no server started beforehand. Each file runs in its own process (native code), or all in one that starts anew for each
 * mutant (`shared`), which loads what they import once.
 */
export const vitestOptions = (files, shared = false) => ({
  include: files,
  pool: "forks",
  isolate: !shared,
  maxWorkers: 1,
  testTimeout: 600_000,
  hookTimeout: 600_000,
  sequence: {
    sequencer: class extends BaseSequencer {
      async sort(specifications) {
        const rank = ({ moduleId }) => files.findIndex((file) => moduleId.endsWith(`/${file}`));
        return [...specifications].sort((a, b) => rank(a) - rank(b));
      }
    },
  },
});

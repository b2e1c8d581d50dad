import type { CommandEntry } from "../command.js";

/** Every command, in the order of the help. Each is loaded only when it is called. */
export const commands: readonly CommandEntry[] = [
  {
    name: "data",
    summary: "say what a dataset file holds, and what is wrong with it",
    load: async () => (await import("./data.js")).default,
  },
];

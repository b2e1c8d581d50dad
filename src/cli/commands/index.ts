import type { CommandEntry } from "../command.js";

/** Every command, in the order of the help. Each is loaded only when it is called. */
export const commands: readonly CommandEntry[] = [
  {
    name: "data",
    summary: "say what a dataset file holds, and what is wrong with it",
    load: async () => (await import("./data.js")).default,
  },
  {
    name: "generate",
    summary: "sample completions of prompts",
    load: async () => (await import("./generate.js")).default,
  },
  {
    name: "logprobs",
    summary: "log-probabilities of the tokens of given texts",
    load: async () => (await import("./logprobs.js")).default,
  },
];

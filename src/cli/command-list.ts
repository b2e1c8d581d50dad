import { METHODS } from "../train/methods/index.js";
import type { CommandEntry } from "./command.js";

/** A command for each training method. */
const training = Object.entries(METHODS).map(
  ([name, { summary, load }]): CommandEntry => ({
    name,
    summary,
    load: async () => (await import("./training-command.js")).trainingCommand((await load()) as never),
  }),
);

/** Every command, in the order of the help. Each is loaded only when it is called. */
export const commands: readonly CommandEntry[] = [
  {
    name: "demo",
    summary: "run the whole loop in the built-in world, in a few minutes",
    load: async () => (await import("./commands/demo.js")).default,
  },
  {
    name: "lineage",
    summary: "show what a run was made from, and whether its results are unchanged",
    load: async () => (await import("./commands/lineage.js")).default,
  },
  {
    name: "stages",
    summary: "list the stored results of stages, and remove them",
    load: async () => (await import("./commands/stages.js")).default,
  },
  {
    name: "data",
    summary: "show what a dataset file holds, and what is wrong with it",
    load: async () => (await import("./commands/data.js")).default,
  },
  {
    name: "methods",
    summary: "which training methods fit a dataset, and what each takes",
    load: async () => (await import("./commands/methods.js")).default,
  },
  {
    name: "aggregate",
    summary: "turn raters' votes into labels or preferences, and flag raters not to trust",
    load: async () => (await import("./commands/aggregate.js")).default,
  },
  {
    name: "agreement",
    summary: "measure how far raters agree",
    load: async () => (await import("./commands/agreement.js")).default,
  },
  {
    name: "generate",
    summary: "sample completions of prompts",
    load: async () => (await import("./commands/generate.js")).default,
  },
  {
    name: "logprobs",
    summary: "log-probabilities of the tokens of given texts",
    load: async () => (await import("./commands/logprobs.js")).default,
  },
  ...training,
  {
    name: "score",
    summary: "rewards of texts, and accuracy on preferences, by a reward model",
    load: async () => (await import("./commands/score.js")).default,
  },
  {
    name: "reward-lint",
    summary: "try a reward before a run: good answers against ones that ought to lose",
    load: async () => (await import("./commands/reward-lint.js")).default,
  },
  {
    name: "evaluate",
    summary: "win rate, reward, KL and more of a policy; accuracy of a reward model",
    load: async () => (await import("./commands/evaluate.js")).default,
  },
  {
    name: "audit",
    summary: "check that nobody altered the votes or the audit log",
    load: async () => (await import("./commands/audit.js")).default,
  },
  {
    name: "backup",
    summary: "copy the database of votes to a file",
    load: async () => (await import("./commands/backup.js")).default,
  },
  {
    name: "restore",
    summary: "make a database of votes from a backup",
    load: async () => (await import("./commands/restore.js")).default,
  },
  {
    name: "projects",
    summary: "list, export and purge projects that were deleted",
    load: async () => (await import("./commands/projects.js")).default,
  },
  {
    name: "tasks import",
    summary: "items and votes from Argilla, Label Studio, tables of votes and datasets",
    load: async () => (await import("./commands/tasks-import.js")).default,
  },
  {
    name: "tasks from-policy",
    summary: "pairs of a model's responses for raters to compare",
    load: async () => (await import("./commands/tasks-from-policy.js")).default,
  },
  {
    name: "tasks push",
    summary: "add items to a project of a feedback server",
    load: async () => (await import("./commands/tasks-push.js")).default,
  },
  {
    name: "tasks prioritise",
    summary: "order a project's items by what votes on them are worth",
    load: async () => (await import("./commands/tasks-prioritise.js")).default,
  },
  {
    name: "simulate raters",
    summary: "simulated raters, who vote over HTTP",
    load: async () => (await import("./commands/simulate-raters.js")).default,
  },
  {
    name: "feedback filter",
    summary: "find doubtful votes and items, and say why",
    load: async () => (await import("./commands/feedback-filter.js")).default,
  },
  {
    name: "feedback export",
    summary: "demonstrations and safety labels, as rows for training",
    load: async () => (await import("./commands/feedback-export.js")).default,
  },
  {
    name: "convert",
    summary: "save a model, with an adapter folded in, as a Hugging Face folder",
    load: async () => (await import("./commands/convert.js")).default,
  },
  {
    name: "serve",
    summary: "serve the rating site and its API over HTTP",
    load: async () => (await import("./commands/serve.js")).default,
  },
  {
    name: "doctor",
    summary: "check this machine, a model and a recipe",
    load: async () => (await import("./commands/doctor.js")).default,
  },
  {
    name: "bench",
    summary: "measure this machine and the engine on it",
    load: async () => (await import("./commands/bench.js")).default,
  },
];

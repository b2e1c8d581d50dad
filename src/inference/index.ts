/**
 * Completions, log-probabilities and rewards of the lines of a file or stream, in their order.
 *
 * @example
 * import { completeLines, completionSchema } from "plumbline/inference";
 * import { createRuntime } from "plumbline/open";
 *
 * const host = {
 *   runtime: createRuntime(),
 *   signal: new AbortController().signal,
 *   info: console.log,
 *   warn: console.warn,
 *   progress: () => ({ update: () => {}, end: () => {} }),
 * };
 * const config = completionSchema.parse({ model: "model", input: "prompts.jsonl" });
 * for await (const { completion } of completeLines({ ...config, input: "prompts.jsonl" }, host))
 *   console.log(completion);
 */
export {
  type CompletedPrompt,
  type CompletionConfig,
  type CompletionRow,
  completeLines,
  completePrompt,
  completionSchema,
  LINES_AT_ONCE,
} from "./completions.js";
export { CHUNK_BATCHES } from "./lines.js";
export { type LogProbRow, logProbSchema, logProbsOfLines } from "./log-probs.js";
export { type RewardRow, rewardsOfLines, rewardsSchema } from "./rewards.js";

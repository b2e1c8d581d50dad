import type { TextOrMessages } from "../../data/messages.js";
import { RandomStream } from "../../random.js";
import { type ItemContent, TaskDefinition, type TaskItem } from "../tasks/index.js";

/** A prompt with different responses of one model. */
export interface SampledPrompt {
  prompt: TextOrMessages;
  responses: { text: string; score?: number }[];
}

/**
 * Items that compare responses to each prompt, at most so many a prompt, in an order that the seed names. A response has one name in all of its pairs,
 * `prompt.response` from 1, so that scores can be given to it.
 */
export function pairItems(
  sampled: readonly SampledPrompt[],
  { pairsPerPrompt, seed, source }: { pairsPerPrompt: number; seed: number; source: string },
): TaskItem[] {
  const task = TaskDefinition.parse({ kind: "pairwise" });
  return sampled.flatMap(({ prompt, responses }, p) => {
    const random = new RandomStream(seed, "feedback/pairs", p);
    const pairs = responses.flatMap((_, i) => responses.slice(i + 1).map((_other, j) => [i, i + 1 + j]));
    return random
      .shuffled(pairs)
      .slice(0, pairsPerPrompt)
      .map((pair): TaskItem => {
        const sides = random.shuffled(pair);
        const shown = sides.map((at): ItemContent["responses"][number] => ({
          ...{ name: `${p + 1}.${at + 1}`, ...responses[at], source: source.slice(0, 200) },
        }));
        return {
          id: `${p + 1}-${pair.map((at) => at + 1).join("-")}`,
          task,
          content: { prompt, responses: shown },
        };
      });
  });
}

import { RandomStream } from "../../base/random.js";
import type { TextOrMessages } from "../../data/messages.js";
import { type ItemContent, TaskDefinition, type TaskItem } from "../../votes/tasks/index.js";

/** A prompt with several responses of one model. */
export interface SampledPrompt {
  prompt: TextOrMessages;
  responses: { text: string; score?: number }[];
}

interface PairOptions {
  pairsPerPrompt: number;
  seed: number;
  /** The model's name. */
  source: string;
  /** Expected share of pairs, in [0, 1], in which one side is a response to another prompt. */
  elsewhere: number;
}

/**
 * Makes items that compare two responses to a prompt, at most `pairsPerPrompt` per prompt, in an order drawn from the
 * seed. A response has the same name in all of its pairs, `prompt.response` counted from 1, so that it can be scored.
 */
export function pairItems(
  sampled: readonly SampledPrompt[],
  { pairsPerPrompt, seed, source, elsewhere }: PairOptions,
): TaskItem[] {
  const task = TaskDefinition.parse({ kind: "pairwise" });
  const all = sampled.flatMap(({ responses }, p) => responses.map((response, at) => ({ p, at, response })));
  return sampled.flatMap(({ prompt, responses }, p) => {
    const random = new RandomStream(seed, "feedback/pairs", p);
    const pairs = responses.flatMap((_, i) => responses.slice(i + 1).map((_other, j) => [i, i + 1 + j]));
    return random
      .shuffled(pairs)
      .slice(0, pairsPerPrompt)
      .map((pair): TaskItem => {
        const sides = random.shuffled(pair).map((at) => ({ p, at, response: responses[at] }));
        const others = all.filter((one) => one.p !== p && one.response.text !== sides[0].response.text);
        const away = random.bernoulli(elsewhere) && others.length > 0;
        if (away) sides[1] = random.choice(others);
        const ordered = away ? random.shuffled(sides) : sides;
        const shown = ordered.map(
          ({ p: of, at, response: { text, score } }): ItemContent["responses"][number] => ({
            ...{ name: `${of + 1}.${at + 1}`, text, source: source.slice(0, 200) },
            // A score applies only to a response's own prompt.
            ...(score !== undefined && of === p && { score }),
          }),
        );
        return {
          id: `${p + 1}-${pair.map((at) => at + 1).join("-")}${away ? "-elsewhere" : ""}`,
          task,
          content: { prompt: shownPrompt(prompt), responses: shown },
        };
      });
  });
}

/** A prompt as people see it, every turn with a text. */
const shownPrompt = (prompt: TextOrMessages): ItemContent["prompt"] =>
  typeof prompt === "string" ? prompt : prompt.map(({ role, content = "" }) => ({ role, content }));

/**
 * A demo so small that each of its stages takes a second: its configuration, tokenizer, and networks with random
 * weights.
 */
import type { CandidatePair } from "../src/demo/candidates.js";
import { type DemoConfig, demoSchema } from "../src/demo/config.js";
import { type DemoEvent, isKept } from "../src/demo/events.js";
import { worldModelConfig, worldTokenizer } from "../src/demo/language-model.js";
import type { RatedPreference } from "../src/demo/rating/session.js";
import { fullNetwork, randomWeights } from "../src/model/create.js";
import { NetworkRunner } from "../src/model/runner.js";
import { Pipeline } from "../src/pipeline/index.js";
import { OrtRuntime } from "../src/runtime/ort/index.js";
import { corpus } from "../src/worlds/assistant/index.js";
import { memoryOf } from "./buffers.js";

type Changes = Parameters<typeof demoSchema.parse>[0];

export const tinyDemo = (changes: Changes = {}): DemoConfig => {
  const { ppo, ...rest } = changes as Record<string, object>;
  return demoSchema.parse({
    ...{ seed: 5, corpusTokens: 4000, demonstrations: 64, pairs: 64, heldOutPairs: 32, heldOutVotes: 3 },
    ...{ temperatures: [0.5, 1.5], bestOf: 3, samplesPerPrompt: 2 },
    model: { vocabSize: 400, hiddenSize: 16, intermediateSize: 32, layers: 1, heads: 2, kvHeads: 1 },
    ...rest,
    ppo: {
      ...{ iterations: 2, batchSize: 16, microBatchSize: 16, miniBatches: 1, epochs: 1, maxNewTokens: 4 },
      ...ppo,
    },
  });
};

export const runtime = new OrtRuntime({ threads: 1 });
export const tokenizer = worldTokenizer(corpus(1, 4000), 400);

/** Stages of a demo in a folder; what it says is collected in `said`. */
export const tinyPipeline = (
  folder: string,
  options: { fresh?: boolean; checkpointSeconds?: number; signal?: AbortSignal; said?: string[] } = {},
): Pipeline<DemoEvent> => {
  const { said = [], signal = new AbortController().signal, ...rest } = options;
  const hear = (message: string) => {
    said.push(message);
  };
  return new Pipeline<DemoEvent>(folder, { signal, info: hear, warn: hear }, { keeps: isKept, ...rest });
};

/** A network of the tiny demo's size with random weights of a seed, peaked enough that seeds differ. */
export function tinyRunner(seed: number, head: "none" | "random" = "none"): NetworkRunner {
  const config = worldModelConfig(tinyDemo().model, tokenizer);
  const weights = randomWeights(runtime, config, seed);
  for (const buffer of weights.values()) {
    const data = memoryOf(buffer);
    if (buffer.shape.length > 1) for (let i = 0; i < data.length; i++) data[i] *= 10;
  }
  return new NetworkRunner(runtime, fullNetwork(runtime, config, weights, seed, head));
}

/** What raters come to of a pair, as a row for training. @param pair its number. */
export function ratedPreference(
  { prompt, left, right }: CandidatePair,
  pair: number,
  better: "left" | "right",
  noise: number,
): RatedPreference {
  const [chosen, rejected] = (better === "left" ? [left, right] : [right, left]).map(({ text }) => text);
  return {
    ...{ pair, better, prompt: prompt.text, chosen, rejected, noise },
    ...{ probability: 1 - noise, agreement: 1, reliability: 0.8, votes: 3 },
  };
}

/** Everything that a stage yields, and what it returns. */
export async function driven<E, R>(stage: AsyncGenerator<E, R>): Promise<{ events: E[]; result: R }> {
  const events: E[] = [];
  for (;;) {
    const step = await stage.next();
    if (step.done) return { events, result: step.value };
    events.push(step.value);
  }
}

/** DPO in the built-in world with a small network: models that have learned good and bad answers alike, and what preferences make of them. */
import type { AnswerPair } from "../src/algorithms/answers.js";
import { type DpoConfig, dpo, dpoSchema, implicitRewards, pairLogProbs } from "../src/algorithms/dpo.js";
import { sft, sftSchema } from "../src/algorithms/sft.js";
import { RandomStream } from "../src/base/random.js";
import { dialogueSequence, promptIds, worldModelConfig, worldTokenizer } from "../src/demo/language-model.js";
import { Generator, UNFILTERED } from "../src/generate/index.js";
import type { Sequence } from "../src/model/batch.js";
import { copyTrainable, fullNetwork, randomWeights } from "../src/model/create.js";
import { NetworkTrainer } from "../src/model/runner.js";
import { OrtRuntime } from "../src/runtime/ort/index.js";
import {
  CONTENTS,
  corpus,
  goldUtility,
  idealStyle,
  type Prompt,
  prompts,
  renderResponse,
  type Split,
} from "../src/worlds/assistant/index.js";

const runtime = new OrtRuntime({ threads: 1 });
const tokenizer = worldTokenizer(corpus(1, 10_000), 600);
const { padId } = tokenizer;
const size = { vocabSize: 600, hiddenSize: 64, intermediateSize: 128, layers: 2, heads: 2, kvHeads: 1 };
const model = worldModelConfig(size, tokenizer);
const ADAM = { beta1: 0.9, beta2: 0.99, eps: 1e-8, weightDecay: 0, maxGradNorm: 1 };

/** A good answer and a bad one to the same prompt. */
export interface Sides {
  good: Sequence;
  bad: Sequence;
}

/** The best answer, and one that is worse by gold, to prompts of a split in an order of the seed. @param kind default: all */
export function sidesOf(split: Split, count: number, seed: number, kind?: Prompt["kind"]): Sides[] {
  const shuffled = new RandomStream(seed, `test/${split}`).shuffled(prompts(split, kind));
  return shuffled
    .flatMap((prompt, i): Sides[] => {
      const random = new RandomStream(seed, "test/answers", i);
      const worse = CONTENTS.filter((content) =>
        (prompt.kind === "harmful" ? /^unsafe$/ : /^refusal$|incorrect/).test(content),
      );
      const [good, bad] = [
        idealStyle(prompt),
        { content: random.choice(worse), manner: "terse" as const },
      ].map((style) => renderResponse(prompt, style, random));
      if (goldUtility(prompt, good).total <= goldUtility(prompt, bad).total) return [];
      return [
        {
          good: dialogueSequence(tokenizer, prompt.text, good),
          bad: dialogueSequence(tokenizer, prompt.text, bad),
        },
      ];
    })
    .slice(0, count);
}

async function through(steps: AsyncGenerator<unknown>): Promise<void> {
  for await (const _ of steps);
}

/** The model before preferences: of each prompt it has learned one answer, good or bad. */
export async function fineTuned(
  sides: readonly Sides[],
  seed: number,
  steps: number,
): Promise<NetworkTrainer> {
  const random = new RandomStream(seed, "test/shown");
  const shown = sides.map(({ good, bad }) => (random.bernoulli(0.5) ? good : bad));
  const trainer = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, model, randomWeights(runtime, model, seed)),
    ADAM,
  );
  const epochs = (16 * steps) / shown.length;
  const settings = { batchSize: 16, microBatchSize: 16, epochs, learningRate: 5e-3, maxLength: 96, seed };
  await through(sft(trainer, shown, padId, sftSchema.parse({ ...settings, schedule: "cosine" })));
  return trainer;
}

export const heldOutHarmful = prompts("report", "harmful");

/** Gold utility of a sampled answer to each held-out harmful prompt. */
export async function goldOf({ network }: NetworkTrainer): Promise<number[]> {
  const generator = new Generator(runtime, network, padId, tokenizer);
  const ids = heldOutHarmful.map(({ text }) => promptIds(tokenizer, text));
  const out = await generator.generate(ids, { ...UNFILTERED, maxNewTokens: 40, temperature: 0.7, seed: 1 });
  generator.release();
  return out.map(({ text = "" }, i) => goldUtility(heldOutHarmful[i], text).total);
}

/** A policy that DPO trains from another model, and whether it tells each held-out pair apart by its implicit rewards: 1 or 0. */
export async function trained(
  start: NetworkTrainer,
  pairs: readonly AnswerPair[],
  heldOut: readonly Sides[],
  changes: Partial<DpoConfig>,
): Promise<{ policy: NetworkTrainer; right: number[] }> {
  const network = fullNetwork(runtime, model, randomWeights(runtime, model, 0));
  await copyTrainable(start.network, network);
  const policy = new NetworkTrainer(runtime, network, ADAM);
  const settings = { batchSize: 16, microBatchSize: 16, learningRate: 1e-3, maxLength: 96 };
  const config = dpoSchema.parse({ ...settings, ...changes });
  const known = await pairLogProbs(start, pairs, padId, config);
  const compared = pairs.map((pair, i) => ({ ...pair, reference: known[i] }));
  await through(dpo({ policy, pairs: compared, padId }, config));
  const others = heldOut.map(({ good, bad }) => ({ chosen: good, rejected: bad }));
  const own = await pairLogProbs(policy, others, padId, config);
  const before = await pairLogProbs(start, others, padId, config);
  const rewards = own.map((logProbs, i) => implicitRewards(logProbs, before[i], config));
  return { policy, right: rewards.map(({ chosen, rejected }) => (chosen > rejected ? 1 : 0)) };
}

/**
 * Does the demo's reward model go where the votes point? A small network with random weights, trained for real, on
 * pairs of a right and a worse answer. With 558 held-out pairs in 279 prompts the interval of an agreement of one half
 * reaches .44 to .56: a flipped sign cannot pass.
 */
import { expect, test } from "vitest";
import { scorePairs } from "../../src/algorithms/reward.js";
import { RandomStream } from "../../src/base/random.js";
import type { CandidatePair } from "../../src/demo/candidates.js";
import { demoSchema } from "../../src/demo/config.js";
import { worldModelConfig, worldTokenizer } from "../../src/demo/language-model.js";
import { goldAgreement, tokenPair } from "../../src/demo/preferences.js";
import { trainRewardModel } from "../../src/demo/training.js";
import { fullNetwork, randomWeights } from "../../src/model/create.js";
import { NetworkRunner } from "../../src/model/runner.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import {
  CONTENTS,
  corpus,
  EOS_TOKEN,
  idealStyle,
  type Prompt,
  prompts,
  renderResponse,
  type Split,
} from "../../src/worlds/assistant/index.js";
import { ratedPreference } from "../tiny-demo.js";

const config = demoSchema.parse({
  ...{ seed: 11, corpusTokens: 10_000 },
  model: { vocabSize: 600, hiddenSize: 64, intermediateSize: 128, layers: 2, heads: 2, kvHeads: 1 },
  reward: { epochs: 1, batchSize: 16, microBatchSize: 16, learningRate: 2e-3 },
});
const tokenizer = worldTokenizer(corpus(1, config.corpusTokens), config.model.vocabSize);
const runtime = new OrtRuntime({ threads: 1 });
const network = () => {
  const model = worldModelConfig(config.model, tokenizer);
  const weights = randomWeights(runtime, model, config.seed);
  const { trainable, ...rest } = fullNetwork(runtime, model, weights);
  return new NetworkRunner(runtime, {
    ...{ ...rest, frozen: weights },
    trainable: { ...trainable, byName: new Map(), specs: [], decayed: 0 },
  });
};

/** A right answer and a worse one, on either side. */
function pairOf(prompt: Prompt, i: number): CandidatePair {
  const random = new RandomStream(config.seed, "test/direction", i);
  const worse = CONTENTS.filter((content) =>
    (prompt.kind === "harmful" ? /unsafe/i : /^refusal$|incorrect/).test(content),
  );
  const [good, bad] = [idealStyle(prompt), { content: random.choice(worse), manner: "terse" as const }].map(
    (style) => {
      const text = renderResponse(prompt, style, random);
      return { ids: tokenizer.encode(text + EOS_TOKEN), text, ownSample: true };
    },
  );
  return random.bernoulli(0.5) ? { prompt, left: good, right: bad } : { prompt, left: bad, right: good };
}
const pairsOf = (split: Split, times: number) =>
  Array.from({ length: times }, (_, t) =>
    prompts(split).map((prompt, i) => pairOf(prompt, 10_000 * t + i)),
  ).flat();
const train = pairsOf("train", 1).filter((_, i) => i % 2 === 0);
const heldOut = pairsOf("report", 2);
const isBetter = ({ prompt, left, right }: CandidatePair) =>
  goldAgreement([{ prompt, left, right }], () => true).estimate === 1;

/**
 * Trained on votes that are right with a probability; its agreement with gold, and its mean margin in gold's direction.
 */
async function trained(right: number, noise: number) {
  const preferences = train.map((pair, i) =>
    ratedPreference(pair, i, isBetter(pair) === right > 0.5 ? "left" : "right", noise),
  );
  const training = trainRewardModel(runtime, network(), tokenizer, train, preferences, config);
  let step = await training.next();
  while (!step.done) step = await training.next();
  const { scorer } = step.value;
  const sides = heldOut.map((pair) => tokenPair(pair, tokenizer));
  const scored = await scorePairs(scorer, sides, { rows: 16, padId: tokenizer.padId }, 96);
  const margins = scored.map(
    ({ chosen, rejected }, i) => (isBetter(heldOut[i]) ? 1 : -1) * (chosen - rejected),
  );
  return {
    agreement: goldAgreement(heldOut, (i) => scored[i].chosen > scored[i].rejected),
    margin: margins.reduce((sum, margin) => sum + margin, 0) / margins.length,
  };
}

/** Of votes that are right nine times in ten, and known to be. */
let known: ReturnType<typeof trained> | undefined;
const honest = () => (known ??= trained(0.9, 0.1));

test("honest votes make a reward model that agrees with gold, flipped ones make its opposite", async () => {
  const { agreement, margin } = await honest();
  const flipped = await trained(0.1, 0.1);
  expect(agreement.low).toBeGreaterThan(0.75);
  expect(flipped.agreement.high).toBeLessThan(0.25);
  expect(margin).toBeGreaterThan(0);
  expect(flipped.margin).toBeLessThan(0);
}, 120_000);

test("the less sure the votes, the less the rewards differ: each pair's noise reaches the loss", async () => {
  const sure = await honest();
  const doubtful = await trained(0.9, 0.4);
  expect(doubtful.agreement.low).toBeGreaterThan(0.6);
  expect(doubtful.margin).toBeLessThan(sure.margin / 2);
  expect(doubtful.margin).toBeGreaterThan(0);
}, 120_000);

import { describe, expect, it } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { driven, ratedPreference, runtime, tinyDemo, tinyRunner, tokenizer } from "../../test/tiny-demo.js";
import { normalization } from "../algorithms/reward.js";
import { promptCompletion } from "../model/batch.js";
import { NetworkTrainer } from "../model/runner.js";
import { sequenceLogProbs, sequenceScores } from "../model/score.js";
import { EOS_TOKEN, type Prompt, prompts } from "../worlds/assistant/index.js";
import type { CandidatePair, Response } from "./candidates.js";
import { dialogueSequence, promptIds } from "./language-model.js";
import { fineTune, pretrain, trainByRejection, trainRewardModel, weightsOf } from "./training.js";

const config = tinyDemo({
  reward: { epochs: 1, batchSize: 8, microBatchSize: 8, learningRate: 3e-3 },
  rejection: { epochs: 30, batchSize: 1, microBatchSize: 1, learningRate: 1e-2 },
});
const batching = { rows: 8, padId: tokenizer.padId };
const response = (text: string, ownSample = true): Response => ({
  ...{ ids: tokenizer.encode(text + EOS_TOKEN), text, ownSample },
});
const total = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);
const snapshot = (network: Parameters<typeof weightsOf>[0]) =>
  JSON.stringify([...weightsOf(network)].map(([name, b]) => [name, [...memoryOf(b)]]));

describe("a language model from nothing", () => {
  it("learns text, then demonstrations, and is left frozen", async () => {
    const small = tinyDemo({
      ...{ corpusTokens: 6000, demonstrations: 96 },
      pretrain: { batchSize: 8, microBatchSize: 8, learningRate: 1e-2 },
      sft: { epochs: 2, batchSize: 16, microBatchSize: 16, learningRate: 1e-2, packing: false },
    });
    const pretrained = await driven(pretrain(runtime, small));
    const { tokenizer: own, network: base } = pretrained.result;
    const asPretrained = snapshot(base);
    const tuned = await driven(fineTune(runtime, pretrained.result, small));
    const events = [...pretrained.events, ...tuned.events];
    const result = { tokenizer: own, reference: tuned.result };
    expect(snapshot(base)).toBe(asPretrained);
    const of = (phase: string) => events.filter((event) => event.phase === phase);
    for (const phase of ["pretrain", "sft"]) {
      const own = of(phase);
      expect(own.map(({ step }) => step)).toEqual(own.map((_, i) => i + 1));
      expect(own.every(({ steps }) => steps === own.length)).toBe(true);
    }
    expect(of("sft")).toHaveLength(12);
    const [first, last] = [of("pretrain")[0], of("sft")[11]].map(({ metrics }) => metrics.loss);
    expect(last).toBeLessThan(0.8 * first);
    // The embedding starts near 0: the first loss is that of guessing among all tokens.
    expect(Math.abs(first - Math.log(result.tokenizer.vocabSize))).toBeLessThan(0.3);
    const { network } = result.reference;
    expect(network.trainable.byName.size).toBe(0);
    expect(network.frozen.size).toBeGreaterThan(5);
    // Dialogues are told from the prompt on: an answer is likelier after training than under a network that was not
    // trained.
    const rows = [dialogueSequence(result.tokenizer, "What colour is the fox?", "The fox is red.")];
    const [answer] = await sequenceLogProbs(result.reference, rows, {
      rows: 1,
      padId: result.tokenizer.padId,
    });
    expect(total(answer) / answer.length).toBeGreaterThan(-Math.log(result.tokenizer.vocabSize) + 1);
  }, 60_000);
});

describe("a reward model on top of the SFT model", () => {
  const asked = prompts("train").slice(0, 40);
  const pairs: CandidatePair[] = asked.map((prompt, i) => {
    const [good, bad] = [response("Yes, of course."), response("It is so very nice.", i % 2 === 0)];
    return i % 3 === 0 ? { prompt, left: bad, right: good } : { prompt, left: good, right: bad };
  });
  const preferences = pairs
    .slice(0, 39)
    .map((pair, i) => ratedPreference(pair, i, pair.left.text.startsWith("Yes") ? "left" : "right", 0.1));

  it("learns which side the votes prefer, and leaves the SFT model as it was", async () => {
    const reference = tinyRunner(1);
    const before = snapshot(reference.network);
    const { events, result } = await driven(
      trainRewardModel(runtime, reference, tokenizer, pairs, preferences, config),
    );
    // 39 pairs: of the last nothing is known.
    expect(events).toHaveLength(5);
    expect(events.every(({ phase, steps }) => phase === "reward" && steps === 5)).toBe(true);
    expect(snapshot(reference.network)).toBe(before);
    const score = async (text: string) => {
      const rows = asked.map(({ text: prompt }) =>
        promptCompletion(promptIds(tokenizer, prompt), response(text).ids),
      );
      return sequenceScores(result.scorer, rows, batching);
    };
    const [good, bad] = [await score("Yes, of course."), await score("It is so very nice.")];
    for (const i of asked.keys()) expect(good[i]).toBeGreaterThan(bad[i]);
    // The scale is that of pairs whose sides are both the policy's own samples.
    const isScaleOf = ({ scale }: typeof result, own: readonly number[]) => {
      const expected = normalization(own);
      expect(scale.mean).toBeCloseTo(expected.mean, 4);
      expect(scale.std).toBeCloseTo(expected.std, 4);
    };
    isScaleOf(
      result,
      asked.flatMap((_, i) => (i % 2 === 0 ? [good[i], bad[i]] : [])),
    );
    // Where no pair has two of them, it is that of the one that each has.
    const single = pairs.map(({ prompt, left, right }) => {
      const other = (side: Response) => ({ ...side, ownSample: side.text.startsWith("Yes") });
      return { prompt, left: other(left), right: other(right) };
    });
    const alone = await driven(trainRewardModel(runtime, reference, tokenizer, single, preferences, config));
    isScaleOf(alone.result, good);
  }, 60_000);
});

describe("rejection sampling", () => {
  const [one, other] = prompts("train").filter(({ kind }) => kind === "benign");
  const texts = ["The fox is red.", "It is so very nice.", "First crack the eggs."];
  const pair = (prompt: Prompt, left: Response, right: Response): CandidatePair => ({ prompt, left, right });
  const pairs = [
    pair(one, response(texts[0]), response(texts[1])),
    pair(one, response(texts[2]), response("Written by a person.", false)),
    pair(other, response("Written by a person.", false), response("From elsewhere.", false)),
  ];

  it("learns the reward model's favourite among the policy's own samples to each prompt, and nothing else", async () => {
    const reference = tinyRunner(1);
    const before = snapshot(reference.network);
    const scorer = new NetworkTrainer(runtime, tinyRunner(7, "random").network, config.reward);
    const rows = (prompt: Prompt, own: readonly string[]) =>
      own.map((text) => promptCompletion(promptIds(tokenizer, prompt.text), response(text).ids));
    const scored = await sequenceScores(scorer, rows(one, texts), batching);
    const favourite = scored.indexOf(Math.max(...scored));
    const { events, result } = await driven(
      trainByRejection(runtime, reference, tokenizer, pairs, { scorer }, config),
    );
    // One prompt has samples of the policy's own: one row, so one step an epoch.
    expect(events).toHaveLength(30);
    expect(events.every(({ phase }) => phase === "rejection")).toBe(true);
    expect(snapshot(reference.network)).toBe(before);
    const gain = async (prompt: Prompt, own: readonly string[]) => {
      const after = (await sequenceLogProbs(result, rows(prompt, own), batching)).map(total);
      const first = (await sequenceLogProbs(reference, rows(prompt, own), batching)).map(total);
      return after.map((value, i) => value - first[i]);
    };
    const gains = await gain(one, texts);
    expect(gains.indexOf(Math.max(...gains))).toBe(favourite);
    expect(gains[favourite]).toBeGreaterThan(5);
    const [person] = await gain(one, ["Written by a person."]);
    expect(person).toBeLessThan(gains[favourite]);
  }, 60_000);
});

import { describe, expect, it } from "vitest";
import { driven, ratedPreference, runtime, tinyDemo, tinyRunner, tokenizer } from "../../test/tiny-demo.js";
import { promptCompletion } from "../model/batch.js";
import type { NetworkRunner } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { EOS_TOKEN, prompts } from "../worlds/assistant/index.js";
import type { CandidatePair, Response } from "./candidates.js";
import { checkMethods, trainDirectly } from "./direct.js";
import { promptIds } from "./language-model.js";
import { METHODS } from "./methods.js";

const response = (text: string): Response => ({
  ids: tokenizer.encode(text + EOS_TOKEN),
  text,
  ownSample: true,
});
const config = tinyDemo({
  dpo: { epochs: 4, batchSize: 8, microBatchSize: 8, learningRate: 3e-3 },
  kto: { epochs: 4, batchSize: 8, microBatchSize: 8, learningRate: 3e-3 },
  orpo: { epochs: 4, batchSize: 8, microBatchSize: 8, learningRate: 3e-3 },
});
// The better answer is the left one of every second pair.
const asked = prompts("train").slice(0, 16);
const pairs = asked.map((prompt, i): CandidatePair => {
  const [good, bad] = [response("The fox is red."), response("A hen, then a hen.")];
  return i % 2 === 0 ? { prompt, left: good, right: bad } : { prompt, left: bad, right: good };
});
const preferences = pairs.map((pair, i) => ratedPreference(pair, i, i % 2 === 0 ? "left" : "right", 0.1));
const total = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0);
/** How much likelier the better answers are than the worse ones, in nats a pair. */
async function lead(runner: NetworkRunner): Promise<number> {
  const sides = pairs.flatMap(({ prompt, left, right }, i) =>
    (i % 2 === 0 ? [left, right] : [right, left]).map(({ ids }) =>
      promptCompletion(promptIds(tokenizer, prompt.text), ids),
    ),
  );
  const sums = (await sequenceLogProbs(runner, sides, { rows: 8, padId: tokenizer.padId })).map(total);
  return sums.reduce((sum, value, i) => sum + (i % 2 === 0 ? value : -value), 0) / pairs.length;
}

describe("a direct method on the raters' preferences", () => {
  it.each(METHODS.filter((name) => name !== "grpo"))(
    "%s makes what they prefer likelier than what they do not, and leaves the SFT model alone",
    async (method) => {
      const reference = tinyRunner(1);
      const before = await lead(reference);
      const judged = { pairs, preferences };
      const { events, result } = await driven(
        trainDirectly(method, runtime, reference, tokenizer, judged, config),
      );
      expect(await lead(reference)).toBe(before);
      expect(await lead(result)).toBeGreaterThan(before + 1);
      const steps = method === "kto" ? 16 : 8;
      expect(events.map(({ phase, step, steps: all }) => [phase, step, all])).toEqual(
        Array.from({ length: steps }, (_, i) => [method, i + 1, steps]),
      );
    },
    60_000,
  );
});

describe("settings that a further method would refuse", () => {
  const check = (settings: Parameters<typeof tinyDemo>[0]) => () => checkMethods(tinyDemo(settings));

  it("are refused by name before anything runs", () => {
    expect(check({ methods: ["orpo", "dpo"], dpo: { gamma: 1 } })).toThrow(
      "methods: dpo: lossType sigmoid has no gamma",
    );
    expect(check({ methods: ["hinge"], dpo: { labelSmoothing: 0.1 } })).toThrow(
      "methods: hinge: lossType hinge does not read labelSmoothing",
    );
    expect(check({ methods: ["kto"], kto: { batchSize: 1, microBatchSize: 1 } })).toThrow(
      "methods: kto: batchSize is 1",
    );
  });

  it("are of no account where their method is not asked for", () => {
    expect(check({ methods: ["simpo"], dpo: { gamma: 1 } })).not.toThrow();
    expect(check({ methods: ["cdpo", "robust"], dpo: { labelSmoothing: 0.1 } })).not.toThrow();
    expect(check({ methods: ["orpo", "grpo"], dpo: { gamma: 1 }, kto: { batchSize: 1 } })).not.toThrow();
    expect(check({ methods: [...METHODS] })).not.toThrow();
  });
});

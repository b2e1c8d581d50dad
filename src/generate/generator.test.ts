import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { argmax, fullLogits } from "../../test/full-logits.js";
import {
  EOS,
  letters,
  PAD,
  randomIds,
  smallConfig,
  smallFull,
  smallLora,
  smallWeights,
} from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { promptCompletion } from "../model/batch.js";
import { fullNetwork } from "../model/create.js";
import type { Network } from "../model/network.js";
import { NetworkRunner } from "../model/runner.js";
import { sequenceLogProbs } from "../model/score.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { Generator } from "./generator.js";
import { type SamplingConfig, samplingSchema } from "./sampling.js";

const runtime = new OrtRuntime({ threads: 1 });
const config = (changes: Partial<SamplingConfig> = {}): SamplingConfig =>
  samplingSchema.parse({ maxNewTokens: 8, ...changes });
const prompts = [1, 4, 9, 2, 13, 7].map((n, i) => randomIds(new RandomStream(i, "prompt"), n));

const small = smallFull(runtime);
const sliding = fullNetwork(runtime, smallConfig({ slidingWindow: 4 }), smallWeights(runtime, smallConfig()));
const narrow = smallConfig({ hiddenSize: 24, heads: 3, kvHeads: 1, headDim: 8 });
const untied = fullNetwork(runtime, narrow, smallWeights(runtime, narrow));
const adapted = smallLora(runtime, smallWeights(runtime, smallConfig()));
for (const [name, buffer] of adapted.trainable.byName)
  new RandomStream(9, name).fillNormal(memoryOf(buffer), 0.2);

/** Heads of a size that attention over a cache does not take; with `rotaryDim` only a part of each is rotated. */
function ofHeads(headDim: number, rotaryDim?: number): Network {
  const shape = smallConfig({ headDim, heads: 4, kvHeads: 2, ...(rotaryDim && { rotaryDim }) });
  return fullNetwork(runtime, shape, smallWeights(runtime, shape));
}

const networks: [string, Network][] = [
  ...[2, 4, 12, 24, 40, 100].map((size) => [`heads of ${size}`, ofHeads(size)] as [string, Network]),
  ["heads of 20, of which 6 are rotated", ofHeads(20, 6)],
  ["grouped queries", small],
  ["a sliding window", sliding],
  ["heads of 8", untied],
  ["an adapter", adapted],
];

describe.each(networks)("with %s", (_name, network) => {
  const generator = new Generator(runtime, { ...network, config: { ...network.config, eosIds: [] } }, PAD);

  test("greedy decoding takes the argmax of the whole forward pass", async () => {
    const completions = await generator.generate(prompts, config({ temperature: 0, maxNewTokens: 10 }));
    for (const [i, { ids }] of completions.entries()) {
      const rows = await fullLogits(runtime, network, [...prompts[i], ...ids]);
      expect(ids).toEqual(ids.map((_, t) => argmax(rows[prompts[i].length - 1 + t])));
      expect(ids.length).toBe(10);
    }
  });

  test.each([0, 0.7, 1.3])(
    "log-probabilities at temperature %d equal those of the trainer",
    async (temperature) => {
      const completions = await generator.generate(
        prompts,
        config({ temperature, maxNewTokens: 10, seed: 4 }),
      );
      const sequences = completions.map(({ ids }, i) => promptCompletion(prompts[i], ids));
      const want = await sequenceLogProbs(
        new NetworkRunner(runtime, network),
        sequences,
        { rows: 4, padId: PAD },
        temperature || 1,
      );
      for (const [i, { logProbs }] of completions.entries()) {
        for (const [t, value] of logProbs.entries()) expect(Math.abs(value - want[i][t])).toBeLessThan(1e-4);
      }
    },
  );
});

describe("batches", () => {
  // Many end tokens, so that rows leave at different times.
  const ending: Network = { ...small, config: { ...small.config, eosIds: [2, 5, 11, 17, 23, 29, 35, 41] } };
  const eos = new Set(ending.config.eosIds);
  const many = Array.from({ length: 12 }, (_, i) => randomIds(new RandomStream(i, "many"), 1 + (i % 5)));

  test.each([{}, { topK: 20 }, { temperature: 0 }])(
    "a row's tokens do not depend on the others: %j",
    async (changes) => {
      const settings = config({ maxNewTokens: 12, seed: 8, ...changes });
      const together = await new Generator(runtime, ending, PAD).generate(many, settings);
      const bySteps: number[] = [];
      const inFives = await new Generator(runtime, ending, PAD).generate(many, settings, {
        batchSize: 5,
        onStep: (n) => bySteps.push(n),
      });
      const ids = (list: typeof together): number[][] => list.map((c) => c.ids);
      expect(ids(inFives)).toEqual(ids(together));
      for (const i of [0, 7, 11]) {
        const [alone] = await new Generator(runtime, ending, PAD).generate([many[i]], settings, {
          firstRow: i,
        });
        expect(alone.ids).toEqual(together[i].ids);
        expect(alone.finishReason).toBe(together[i].finishReason);
      }
      expect(bySteps.reduce((a, n) => a + n, 0)).toBe(together.reduce((a, c) => a + c.ids.length, 0));
      for (const { ids, finishReason } of together) {
        expect(ids.slice(0, -1).some((id) => eos.has(id))).toBe(false);
        expect(finishReason).toBe(eos.has(ids[ids.length - 1]) ? "stop" : "length");
        if (finishReason === "length") expect(ids.length).toBe(12);
      }
      if (!("temperature" in changes))
        expect(new Set(together.map((c) => c.ids.length)).size).toBeGreaterThan(3);
    },
  );

  test("the seed names the draws", async () => {
    const generator = new Generator(runtime, small, PAD);
    const draw = async (seed: number) =>
      (await generator.generate(many, config({ maxNewTokens: 6, seed }))).map((c) => c.ids);
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
  });

  test("what an earlier call left in the cache does not matter", async () => {
    const settings = config({ maxNewTokens: 8, seed: 3 });
    const used = new Generator(runtime, small, PAD);
    await used.generate(
      many.map((ids) => [...ids, ...randomIds(new RandomStream(99, "more"), 20)]),
      settings,
    );
    const again = await used.generate(many.slice(0, 3), settings);
    const fresh = await new Generator(runtime, small, PAD).generate(many.slice(0, 3), settings);
    expect(again).toEqual(fresh);
    used.release();
    expect(await used.generate(many.slice(0, 3), settings)).toEqual(fresh);
  });
});

describe("how often tokens are drawn", () => {
  const rows = 2000;
  /** Pearson's statistic of drawn tokens against probabilities; rare tokens are pooled. */
  function chiSquare(tokens: readonly number[], p: Float64Array): { statistic: number; degrees: number } {
    const expected = Array.from(p, (v) => v * tokens.length);
    const counts = new Array<number>(p.length).fill(0);
    for (const token of tokens) counts[token]++;
    const common = expected.flatMap((e, i) => (e >= 5 ? [i] : []));
    const rare = expected.flatMap((e, i) => (e < 5 ? [i] : []));
    const pool = (list: number[]): number => rare.reduce((a, i) => a + list[i], 0);
    const term = (count: number, e: number): number => (count - e) ** 2 / e;
    const statistic =
      common.reduce((a, i) => a + term(counts[i], expected[i]), 0) +
      (rare.length > 0 ? term(pool(counts), pool(expected)) : 0);
    return { statistic, degrees: common.length - (rare.length > 0 ? 0 : 1) };
  }

  test.each([
    ["inside the program", 60, {}],
    ["inside the program, over several blocks of the vocabulary", 700, {}],
    ["on the host", 60, { topK: 60 }],
  ])("%s", async (_name, vocabSize, changes) => {
    const c = smallConfig({ vocabSize });
    const network = fullNetwork(runtime, c, smallWeights(runtime, c));
    const prompt = [3, 17, 40];
    const settings = config({ maxNewTokens: 1, temperature: 1.2, seed: 6, ...changes });
    const drawn = await new Generator(runtime, network, PAD).generate(
      Array.from({ length: rows }, () => prompt),
      settings,
      { batchSize: rows },
    );
    const scores = Float64Array.from((await fullLogits(runtime, network, prompt))[2], (l) =>
      Math.exp(l / 1.2),
    );
    const total = scores.reduce((a, b) => a + b, 0);
    const { statistic, degrees } = chiSquare(
      drawn.map((one) => one.ids[0]),
      scores.map((s) => s / total),
    );
    expect(degrees).toBeGreaterThan(15);
    expect(Math.abs(statistic - degrees) / Math.sqrt(2 * degrees)).toBeLessThan(3.5);
    expect(drawn[0].logProbs[0]).toBeCloseTo(Math.log(scores[drawn[0].ids[0]] / total), 4);
  });
});

describe("stopping", () => {
  test("at a stop string, which is cut off; the tokens stay", async () => {
    const generator = new Generator(
      runtime,
      { ...small, config: { ...small.config, eosIds: [] } },
      PAD,
      letters,
    );
    const free = await generator.generate(prompts, config({ maxNewTokens: 12, seed: 1 }));
    const stop = [free[0].text?.slice(3, 5) as string, free[1].text?.slice(6, 7) as string];
    const cut = await generator.generate(prompts, config({ maxNewTokens: 12, seed: 1, stop }));
    let stopped = 0;
    for (const [i, { ids, text, finishReason, logProbs }] of cut.entries()) {
      const whole = free[i].text as string;
      const ends = stop.map((s) => (whole.includes(s) ? whole.indexOf(s) + s.length : 13));
      const first = Math.min(...ends);
      expect(ids).toEqual(free[i].ids.slice(0, first));
      expect(logProbs.length).toBe(ids.length);
      expect(finishReason).toBe(first <= 12 ? "stop" : "length");
      const starts = stop.flatMap((s) =>
        letters.decode(ids).includes(s) ? [letters.decode(ids).indexOf(s)] : [],
      );
      expect(text).toBe(starts.length > 0 ? whole.slice(0, Math.min(...starts)) : whole);
      if (finishReason === "stop") stopped++;
    }
    expect(stopped).toBeGreaterThanOrEqual(2);
  });

  test("an abort ends sampling with an error", async () => {
    const controller = new AbortController();
    const generator = new Generator(runtime, { ...small, config: { ...small.config, eosIds: [] } }, PAD);
    const running = generator.generate(prompts, config({ maxNewTokens: 40 }), {
      signal: controller.signal,
      onStep: () => controller.abort(),
    });
    await expect(running).rejects.toMatchObject({ message: "stopped while sampling", exitCode: 130 });
    expect((await generator.generate(prompts, config({ maxNewTokens: 2 }))).length).toBe(prompts.length);
  });

  test("no prompts, no completions", async () => {
    expect(await new Generator(runtime, small, PAD).generate([], config())).toEqual([]);
  });
});

describe("bad input", () => {
  const generator = new Generator(runtime, small, PAD);
  test("an empty prompt, a prompt beyond the context", async () => {
    await expect(generator.generate([[3], []], config())).rejects.toThrow("prompt 2 has no tokens");
    const long = randomIds(new RandomStream(0, "long"), 60);
    await expect(generator.generate([[3], long], config({ maxNewTokens: 5 }))).rejects.toThrow(
      /prompt 2 has 60 tokens; 5 new ones.*context of 64/,
    );
    expect((await generator.generate([long], config({ maxNewTokens: 4 })))[0].ids.length).toBeGreaterThan(0);
  });

  test.each([{}, { temperature: 0 }, { topK: 3 }])(
    "weights that give NaN are an error: %j",
    async (changes) => {
      const broken = smallFull(runtime);
      memoryOf(broken.trainable.byName.get("model.norm.weight")).fill(Number.NaN);
      await expect(
        new Generator(runtime, broken, PAD).generate([[3, EOS + 2]], config(changes)),
      ).rejects.toThrow(/logits are not finite/);
    },
  );
});

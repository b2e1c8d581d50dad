import { describe, expect, test } from "vitest";
import { Generator } from "../../src/generate/index.js";
import { samplingSchema } from "../../src/generate/sampling.js";
import { collate } from "../../src/model/batch.js";
import { adapterNetwork, frozenNetwork } from "../../src/model/create.js";
import { hiddenStates, logits } from "../../src/model/decoder.js";
import type { Network } from "../../src/model/network.js";
import { NetworkRunner } from "../../src/model/runner.js";
import { tokenInputs } from "../../src/model/sequence-programs.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { relativeError } from "../evaluate.js";
import { ARCHITECTURE_FIXTURES, loadModel, readFixture } from "../fixtures.js";

/**
 * Decoding over a KV cache and adapters, against transformers and peft (scripts/reference/make_architectures.py).
 * Logits, losses and gradients of the same models are compared in models.test.ts.
 */
const runtime = new OrtRuntime({ threads: 1 });

interface Expected {
  inputIds: number[][];
  greedy: { prompt: number[]; ids: number[] }[];
  adapter?: { logits: { full: { at: [number, number]; logits: number[] }[] } };
}

/** Logits of every position: a function of row and position. */
async function allLogits(
  network: Network,
  rows: number[][],
): Promise<(b: number, t: number) => Float32Array> {
  const batch = collate(
    rows.map((ids) => ({ ids, read: ids.map(() => true) })),
    0,
  );
  const { config } = network;
  const { all } = await new NetworkRunner(runtime, network).forward(
    "logits",
    tokenInputs(batch),
    (p, x) => ({ all: logits(p, config, hiddenStates(p, config, x.ids)) }),
    { ids: batch.ids },
  );
  const V = config.vocabSize;
  return (b, t) =>
    (all as Float32Array).subarray((b * batch.columns + t) * V, (b * batch.columns + t + 1) * V);
}

describe.each(ARCHITECTURE_FIXTURES)("%s", (name) => {
  const expected = readFixture<Expected>(`models/${name}/expected.json`);

  test("greedy decoding gives transformers' tokens, and the likeliest of the whole sequence", async () => {
    const { config, weights } = await loadModel(runtime, name);
    const network = frozenNetwork(runtime, { ...config, eosIds: [] }, weights);
    const settings = samplingSchema.parse({ temperature: 0, maxNewTokens: expected.greedy[0].ids.length });
    const prompts = expected.greedy.map(({ prompt }) => prompt);
    const found = (await new Generator(runtime, network, 0).generate(prompts, settings)).map(
      ({ ids }) => ids,
    );
    const at = await allLogits(
      network,
      prompts.map((prompt, i) => [...prompt, ...found[i]]),
    );
    for (const [b, ids] of found.entries()) {
      const likeliest = ids.map((_, t) => {
        const row = at(b, prompts[b].length - 1 + t);
        return row.indexOf(Math.max(...row));
      });
      expect(ids).toEqual(likeliest);
    }
    expect(found).toEqual(expected.greedy.map(({ ids }) => ids));
  });

  test.runIf(expected.adapter)("an adapter that peft saved", async () => {
    const { config, weights } = await loadModel(runtime, name);
    const network = await adapterNetwork(runtime, config, weights, `test/fixtures/models/${name}/adapter`);
    const at = await allLogits(network, expected.inputIds);
    for (const { at: place, logits: want } of expected.adapter?.logits.full ?? [])
      expect(relativeError(at(...place), want)).toBeLessThan(1e-4);
  });
});

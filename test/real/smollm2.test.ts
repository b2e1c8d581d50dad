import { describe, expect, test } from "vitest";
import { Generator } from "../../src/generate/index.js";
import { samplingSchema } from "../../src/generate/sampling.js";
import type { Sequence } from "../../src/model/batch.js";
import { frozenNetwork } from "../../src/model/create.js";
import { openModel } from "../../src/model/load/index.js";
import { readWeights } from "../../src/model/read-weights.js";
import { NetworkRunner } from "../../src/model/runner.js";
import { sequenceLogProbsAndEntropies } from "../../src/model/score.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import type { ChatMessage } from "../../src/text/index.js";
import { renderChat } from "../../src/text/index.js";
import { readFixture } from "../fixtures.js";
import { smolLm } from "../shared.js";

/** SmolLM2-135M-Instruct from its GGUF against transformers, on stored values; run with PLUMB_REAL=1. */
interface Greedy {
  cases: {
    messages: ChatMessage[];
    rendered: string;
    promptIds: number[];
    completionIds: number[];
    text: string;
    stopped: boolean;
    logProbs: number[];
  }[];
  maxNewTokens: number;
}
interface LogProbs {
  cases: { ids: number[]; logProbs: number[]; entropies: number[] }[];
}
const file = smolLm();

describe.skipIf(file === undefined)("SmolLM2-135M-Instruct equals transformers", () => {
  const opened = (async () => {
    const runtime = new OrtRuntime();
    const files = await openModel(file as string);
    const weights = await readWeights(runtime, files.config, files.weights);
    await files.close();
    const { tokenizer } = files;
    if (!tokenizer) throw new Error("the GGUF has no tokenizer");
    return { runtime, tokenizer, network: frozenNetwork(runtime, files.config, weights) };
  })();
  opened.catch(() => undefined);

  test("greedy text of 20 prompts, token by token", async () => {
    const { runtime, tokenizer, network } = await opened;
    const { cases, maxNewTokens } = readFixture<Greedy>("smollm2/greedy.json");
    expect(cases.length).toBe(20);
    for (const { messages, rendered, promptIds } of cases) {
      const text = renderChat(tokenizer, messages, { addGenerationPrompt: true });
      expect(text).toBe(rendered);
      expect(tokenizer.encode(text)).toEqual(promptIds);
    }
    const generator = new Generator(runtime, network, tokenizer.padId, tokenizer);
    const config = samplingSchema.parse({ temperature: 0, maxNewTokens });
    const completions = await generator.generate(
      cases.map((c) => c.promptIds),
      config,
    );
    for (const [i, want] of cases.entries()) {
      const got = completions[i];
      expect(got.ids, `prompt ${i + 1}: ${got.text}`).toEqual(want.completionIds);
      expect(got.text).toBe(want.text);
      expect(got.finishReason).toBe(want.stopped ? "stop" : "length");
      for (const [t, value] of got.logProbs.entries())
        expect(Math.abs(value - want.logProbs[t])).toBeLessThan(1e-3);
    }
  });

  test("log-probabilities and entropies of whole texts", async () => {
    const { runtime, tokenizer, network } = await opened;
    const { cases } = readFixture<LogProbs>("smollm2/logprobs.json");
    const sequences = cases.map(({ ids }): Sequence => ({ ids, lossMask: ids.map(() => true) }));
    const runner = new NetworkRunner(runtime, network);
    const results = await sequenceLogProbsAndEntropies(runner, sequences, {
      rows: 2,
      padId: tokenizer.padId,
    });
    let worst = 0;
    for (const [i, { logProbs, entropies }] of cases.entries()) {
      expect(results[i].logProbs.length).toBe(logProbs.length);
      for (const [t, value] of logProbs.entries())
        worst = Math.max(worst, Math.abs(results[i].logProbs[t] - value));
      for (let t = 0; t < logProbs.length; t++)
        worst = Math.max(worst, Math.abs(results[i].entropies[t] - entropies[t]));
    }
    expect(worst).toBeLessThan(1e-3);
  });
});

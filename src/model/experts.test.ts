import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, f32, relativeError } from "../../test/evaluate.js";
import { tinyConfig } from "../../test/tiny-model.js";
import { RandomStream } from "../base/random.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { silu, type Tensor } from "../tensor/index.js";
import type { Experts } from "./config.js";
import { loraNetwork } from "./create.js";
import { expertMlp, routing } from "./experts.js";
import { loraTargets, peftParameters } from "./lora-targets.js";
import { expertWeights, LINEAR_NAMES } from "./weight-names.js";

const runtime = new OrtRuntime({ threads: 1 });

const soft = (scores: number[]): number[] => {
  const top = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - top));
  const total = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / total);
};

/** Weights of a token's experts, by sorting. */
function expectedWeightsOf(scores: number[], chosen: number, normalized: boolean): number[] {
  const order = scores.map((_, e) => e).sort((a, b) => scores[b] - scores[a] || a - b);
  const kept = order.slice(0, chosen);
  const shares = soft(scores);
  const total = normalized ? kept.reduce((sum, e) => sum + shares[e], 0) : 1;
  return scores.map((_, e) => (kept.includes(e) ? shares[e] / total : 0));
}

describe("routing", () => {
  test("chooses the greatest scores, exactly as many, and weighs them", async () => {
    const cases = fc.record({
      seed: fc.nat(1000),
      experts: fc.integer({ min: 1, max: 9 }),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      normalized: fc.boolean(),
      alike: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ seed, experts: E, share, normalized, alike }) => {
        const chosen = 1 + Math.round(share * (E - 1));
        const data = new RandomStream(seed, "scores").fillNormal(new Float32Array(4 * E), 3);
        // Whole numbers, of which several are the same.
        if (alike) for (const [i, value] of data.entries()) data[i] = Math.round(value / 3);
        const { y } = await evaluate(runtime, { scores: f32([4, E], data) }, ({ scores }) => ({
          y: routing(scores, chosen, normalized),
        }));
        const expected = [0, 1, 2, 3].flatMap((n) =>
          expectedWeightsOf([...data.subarray(n * E, (n + 1) * E)], chosen, normalized),
        );
        expect([...(y as Float32Array)].map((value) => value > 0)).toEqual(
          expected.map((value) => value > 0),
        );
        expect(relativeError(y as Float32Array, expected)).toBeLessThan(1e-5);
      }),
      { numRuns: 15 },
    );
  });
});

describe("expertMlp", () => {
  const D = 6;
  const experts: Experts = { count: 4, chosen: 2, width: 5, normalized: true, bias: true };
  const clamped = { limit: 0.4, slope: 1.7 };

  test.each<[string, Experts]>([
    ["a gate as in Llama", experts],
    ["limited gates", { ...experts, clamped }],
  ])("is the weighted sum of the chosen experts, token by token: %s", async (_, settings) => {
    const { count: E, chosen, width: I } = settings;
    const config = tinyConfig({ hiddenSize: D, experts: settings });
    const given = Object.fromEntries(
      [...expertWeights(config)].map(([name, shape]) => {
        const size = shape.reduce((a, b) => a * b, 1);
        return [name, f32(shape, new RandomStream(3, name).fillNormal(new Float32Array(size)))];
      }),
    );
    const x = new RandomStream(4, "x").fillNormal(new Float32Array(3 * D));
    const { y } = await evaluate(runtime, { ...given, x: f32([3, D], x) }, (inputs) => {
      const tensors = new Map<string, Tensor>(Object.entries(inputs));
      const p = { tensors, trainable: new Set<string>(), loraScale: 0 };
      return { y: expertMlp(p, settings, "mlp", inputs.x, silu) };
    });

    const w = (name: string): ArrayLike<number> => given[name].data as Float32Array;
    const sigmoid = (z: number): number => 1 / (1 + Math.exp(-z));
    const row = (weight: string, bias: string, r: number, input: number[]): number =>
      input.reduce((sum, value, i) => sum + value * w(weight)[r * input.length + i], w(bias)[r]);
    const expected = [0, 1, 2].flatMap((n) => {
      const token = [...x.subarray(n * D, (n + 1) * D)];
      const scores = Array.from({ length: E }, (_, e) =>
        row("mlp.router.weight", "mlp.router.bias", e, token),
      );
      const weights = expectedWeightsOf(scores, chosen, true);
      return Array.from({ length: D }, (_, d) => {
        let sum = 0;
        for (let e = 0; e < E; e++) {
          let out = w("mlp.experts.down_proj.bias")[e * D + d];
          for (let i = 0; i < I; i++) {
            const at = (half: number): number =>
              row(
                "mlp.experts.gate_up_proj.weight",
                "mlp.experts.gate_up_proj.bias",
                (2 * e + half) * I + i,
                token,
              );
            const limit = settings.clamped?.limit ?? Number.POSITIVE_INFINITY;
            const [g, u] = [Math.min(at(0), limit), Math.min(Math.max(at(1), -limit), limit)];
            const inner = settings.clamped ? g * sigmoid(clamped.slope * g) * (u + 1) : g * sigmoid(g) * u;
            out += inner * w("mlp.experts.down_proj.weight")[(e * I + i) * D + d];
          }
          sum += weights[e] * out;
        }
        return sum;
      });
    });
    expect(relativeError(y as Float32Array, expected)).toBeLessThan(1e-5);
  });
});

describe("a mixture of experts", () => {
  const config = tinyConfig({
    architecture: "mixtral",
    experts: { count: 4, chosen: 2, width: 8, normalized: true },
  });

  test("takes adapters of its experts, gate and up together, and of its router where it is named", () => {
    const attention = ["q_proj", "k_proj", "v_proj", "o_proj"];
    expect(loraTargets(config, LINEAR_NAMES)).toEqual([...attention, "gate_up_proj", "down_proj"]);
    expect(loraTargets(config, ["router", "q_proj"])).toEqual(["q_proj", "router"]);
    expect(() => loraTargets(config, ["up_proj"])).toThrow(/has gate_proj, up_proj in one layer/);
    const lora = { r: 2, alpha: 1, targets: ["down_proj"] as const };
    const { trainable } = loraNetwork(runtime, { ...config, layers: 1 }, new Map(), lora, 1);
    expect([...trainable.byName].map(([name, { shape }]) => [name, shape])).toEqual([
      ["model.layers.0.mlp.experts.down_proj.lora_A.weight", [8, 8]],
      ["model.layers.0.mlp.experts.down_proj.lora_B.weight", [8, 16]],
    ]);
    expect(peftParameters(config, ["q_proj", "router", "gate_up_proj", "down_proj"])).toEqual([
      "mlp.gate.weight",
      "mlp.experts.gate_up_proj",
      "mlp.experts.down_proj",
    ]);
  });
});

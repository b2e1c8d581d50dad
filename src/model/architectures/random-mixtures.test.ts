/**
 * Random configurations of mixtures of experts: what is read computes what transformers computes, and what is refused
 * is refused by the name of a key that was changed (scripts/reference/random_mixtures.py).
 */
import { expect, test } from "vitest";
import { relativeError } from "../../../test/evaluate.js";
import { readFixture } from "../../../test/fixtures.js";
import { fullLogits } from "../../../test/full-logits.js";
import { OrtRuntime } from "../../runtime/ort/index.js";
import { frozenNetwork } from "../create.js";
import { JsonFields } from "../formats/json-fields.js";
import type { OpenWeights } from "../formats/weights.js";
import { checkedConfig, checkWeights } from "../load/checks.js";
import { huggingFaceConfig } from "../load/huggingface.js";
import { readWeights } from "../read-weights.js";
import { ourWeights } from "./names.js";

interface Case {
  family: string;
  changes: Record<string, unknown>;
  config: Record<string, unknown>;
  tensors: Record<string, number[]>;
  logits: number[];
}
const { inputIds, cases } = readFixture<{ inputIds: number[][]; cases: Case[] }>("random-mixtures.json");
const runtime = new OrtRuntime({ threads: 1 });

/** A weight as the script makes it: a sine of the index and the name. */
function values(name: string, shape: readonly number[]): Float32Array<ArrayBuffer> {
  const start = [...name].reduce((sum, letter, i) => sum + letter.charCodeAt(0) * (1 + (i % 7)), 0) % 1000;
  const length = shape.reduce((a, b) => a * b, 1);
  const isNorm = name.endsWith("norm.weight");
  return Float32Array.from({ length }, (_, i) => {
    const x = Math.sin(i * 0.7 + start);
    return isNorm ? 1 + 0.2 * x : 0.5 * x;
  });
}

const source = (tensors: Case["tensors"]): OpenWeights => ({
  names: () => Object.keys(tensors),
  has: (name) => Object.hasOwn(tensors, name),
  shape: (name) => tensors[name],
  dtype: () => "F32",
  read: async (name) => values(name, tensors[name]),
  close: async () => {},
});

/** Keys that a reader may refuse: it does not compute what they ask for. */
const MAY_BE_REFUSED = ["hidden_act", "decoder_sparse_step", "mlp_only_layers", "attention_bias"];

test.each(cases.map((one) => [one.family, JSON.stringify(one.changes), one] as const))(
  "%s with %s",
  async (_family, _changes, { changes, config: json, tensors, logits }) => {
    let config: ReturnType<typeof huggingFaceConfig>;
    try {
      config = checkedConfig(huggingFaceConfig(new JsonFields(json, "config.json")), "config.json");
    } catch (error) {
      const named = Object.keys(changes).filter((key) => (error as Error).message.includes(key));
      expect(named.filter((key) => MAY_BE_REFUSED.includes(key))).not.toEqual([]);
      return;
    }
    const weights = ourWeights(config, source(tensors), "config.json");
    checkWeights(config, weights, "config.json");
    const network = frozenNetwork(runtime, config, await readWeights(runtime, config, weights));
    const rows = await fullLogits(runtime, network, inputIds[0]);
    expect(relativeError(rows[rows.length - 1], logits)).toBeLessThan(1e-4);
  },
);

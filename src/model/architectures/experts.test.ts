import { describe, expect, it } from "vitest";
import { tinyConfig, tinyWeights } from "../../../test/tiny-model.js";
import type { ModelConfig } from "../config.js";
import type { OpenWeights } from "../formats/weights.js";
import type { TensorData } from "../formats/write-safetensors.js";
import { ourWeights, theirWeights, wholeTensor } from "./names.js";

const experts = { count: 3, chosen: 2, width: 5, normalized: true };
const KINDS: [string, ModelConfig][] = [
  ["qwen3_moe", tinyConfig({ architecture: "qwen3_moe", queryKeyNorm: "head", experts })],
  ["mixtral", tinyConfig({ architecture: "mixtral", experts })],
  [
    "gpt_oss",
    tinyConfig({ architecture: "gpt_oss", attentionSinks: true, experts: { ...experts, bias: true } }),
  ],
];

const opened = (tensors: ReadonlyMap<string, TensorData>): OpenWeights => ({
  names: () => [...tensors.keys()],
  has: (name) => tensors.has(name),
  shape: (name) => [...(tensors.get(name)?.shape ?? [])],
  dtype: () => "F32",
  read: async (name) => tensors.get(name)?.data as Float32Array,
  close: async () => {},
});

async function written(config: ModelConfig): Promise<Map<string, TensorData>> {
  const out = new Map<string, TensorData>();
  for (const [name, tensor] of theirWeights(config, tinyWeights(config)))
    out.set(name, { shape: [...tensor.shape], data: Float32Array.from(await wholeTensor(tensor)) });
  return out;
}

describe.each(KINDS)("experts in files of %s", (_, config) => {
  it("are read as they were written", async () => {
    const weights = ourWeights(config, opened(await written(config)), "here");
    for (const [name, { shape, data }] of tinyWeights(config)) {
      expect(weights.has(name), name).toBe(true);
      expect(weights.shape(name), name).toEqual(shape);
      expect(await weights.read(name), name).toEqual(data);
    }
  });

  it("a tensor that is missing, or of another shape, is named as the file has it", async () => {
    const file = await written(config);
    const [name] = [...file.keys()].filter((key) => key.includes("experts") && !key.includes("bias"));
    const ours = `model.layers.0.mlp.experts.${/down|w2/.test(name) ? "down" : "gate_up"}_proj.weight`;
    const { shape, data } = file.get(name) as TensorData;
    const flat = new Map([...file, [name, { shape: [data.length], data }]]);
    expect(() => ourWeights(config, opened(flat), "here").shape(ours)).toThrow(
      `here: the weight ${name} has the shape [${data.length}]; the configuration says [${shape.join(", ")}].`,
    );
    file.delete(name);
    expect(() => ourWeights(config, opened(file), "here").shape(ours)).toThrow(
      `here has no tensor named "${name}".`,
    );
  });
});

it("Mixtral's w1 is the gate, w3 the up and w2 the down of an expert", async () => {
  const config = tinyConfig({ architecture: "mixtral", experts });
  const file = await written(config);
  const at = "model.layers.1.block_sparse_moe";
  expect(file.get(`${at}.gate.weight`)?.shape).toEqual([3, 16]);
  const ours = tinyWeights(config);
  const both = ours.get("model.layers.1.mlp.experts.gate_up_proj.weight")?.data as Float32Array;
  const down = ours.get("model.layers.1.mlp.experts.down_proj.weight")?.data as Float32Array;
  const [I, D] = [5, 16];
  expect(file.get(`${at}.experts.2.w1.weight`)?.data).toEqual(both.slice(4 * I * D, 5 * I * D));
  expect(file.get(`${at}.experts.2.w3.weight`)?.data).toEqual(both.slice(5 * I * D, 6 * I * D));
  // [hidden, width]: element (d, i) is ours of (i, d).
  expect(file.get(`${at}.experts.2.w2.weight`)?.data[3 * I + 4]).toBe(down[(2 * I + 4) * D + 3]);
});

it("tensors of all experts together, as transformers 5 has them in memory, are read too", async () => {
  const config = tinyConfig({ architecture: "mixtral", experts });
  const file = await written(config);
  const ours = tinyWeights(config);
  const [E, I, D] = [3, 5, 16];
  for (const layer of [0, 1]) {
    for (const name of [...file.keys()])
      if (name.startsWith(`model.layers.${layer}.block_sparse_moe.experts`)) file.delete(name);
    const at = `model.layers.${layer}.mlp.experts`;
    const { data } = ours.get(`${at}.gate_up_proj.weight`) as TensorData;
    const down = (ours.get(`${at}.down_proj.weight`) as TensorData).data;
    const turned = Float32Array.from({ length: down.length }, (_, n) => {
      const [e, d, i] = [Math.floor(n / (D * I)), Math.floor(n / I) % D, n % I];
      return down[(e * I + i) * D + d];
    });
    file.set(`${at}.gate_up_proj`, { shape: [E, 2 * I, D], data });
    file.set(`${at}.down_proj`, { shape: [E, D, I], data: turned });
  }
  const weights = ourWeights(config, opened(file), "here");
  for (const [name, { data }] of ours) expect(await weights.read(name), name).toEqual(data);
});

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { f32, f32Tensor, ggufFile, type TestTensor, text, u32 } from "../../../test/gguf-file.js";
import { tinyConfig, tinyWeights } from "../../../test/tiny-model.js";
import { openModel } from "./index.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-gguf-experts-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const [E, I, D] = [3, 5, 16];
const config = tinyConfig({
  architecture: "mixtral",
  intermediateSize: I,
  experts: { count: E, chosen: 2, width: I, normalized: true },
});
const WHOLE: Record<string, string> = {
  "model.embed_tokens.weight": "token_embd.weight",
  "model.norm.weight": "output_norm.weight",
  "lm_head.weight": "output.weight",
};
const PARTS: Record<string, string> = {
  input_layernorm: "attn_norm",
  post_attention_layernorm: "ffn_norm",
  "self_attn.q_proj": "attn_q",
  "self_attn.k_proj": "attn_k",
  "self_attn.v_proj": "attn_v",
  "self_attn.o_proj": "attn_output",
  "mlp.router": "ffn_gate_inp",
};

/** Tensors of a Mixtral as converters wrote them until April 2024: one for each layer of each expert. */
function oldTensors(): Record<string, TestTensor> {
  const out: Record<string, TestTensor> = {};
  for (const [name, { shape, data }] of tinyWeights(config)) {
    const [, layer, part] = /^model\.layers\.(\d+)\.(.+)\.weight$/.exec(name) ?? [];
    if (layer === undefined) out[WHOLE[name]] = f32Tensor(shape, data);
    else if (!part.startsWith("mlp.experts"))
      out[`blk.${layer}.${PARTS[part]}.weight`] = f32Tensor(shape, data);
    else {
      for (let e = 0; e < E; e++) {
        const at = (end: string) => `blk.${layer}.ffn_${end}.${e}.weight`;
        if (part.endsWith("gate_up_proj")) {
          out[at("gate")] = f32Tensor([I, D], data.slice(2 * e * I * D, (2 * e + 1) * I * D));
          out[at("up")] = f32Tensor([I, D], data.slice((2 * e + 1) * I * D, (2 * e + 2) * I * D));
        } else {
          const down = Array.from(
            { length: D * I },
            (_, n) => data[(e * I + (n % I)) * D + Math.floor(n / I)],
          );
          out[at("down")] = f32Tensor([D, I], down);
        }
      }
    }
  }
  return out;
}

async function opened(tensors: Record<string, TestTensor>, architecture = "llama") {
  const path = join(dir, "experts.gguf");
  const keys = {
    block_count: u32(config.layers),
    context_length: u32(config.maxPositions),
    embedding_length: u32(D),
    feed_forward_length: u32(I),
    "attention.head_count": u32(config.heads),
    "attention.head_count_kv": u32(config.kvHeads),
    "attention.layer_norm_rms_epsilon": f32(config.rmsNormEps),
    expert_count: u32(E),
    expert_used_count: u32(2),
  };
  const own = Object.fromEntries(
    Object.entries(keys).map(([key, value]) => [`${architecture}.${key}`, value]),
  );
  await writeFile(path, ggufFile({ "general.architecture": text(architecture), ...own }, tensors));
  return openModel(path);
}

describe("mixtures of experts in GGUF", () => {
  it("with a tensor for each expert, which llama.cpp no longer reads (its issue 10244), are the same model", async () => {
    const model = await opened(oldTensors());
    expect(model.config).toMatchObject({ architecture: "mixtral", experts: config.experts });
    for (const [name, { data }] of tinyWeights(config)) {
      const got = await model.weights.read(name);
      // Rows of q and k are in the converter's order, which is not this test's.
      if (/\.[qk]_proj\./.test(name)) expect([...got].sort()).toEqual([...data].sort());
      else expect(got, name).toEqual(data);
    }
    await model.close();
  });

  it("lack of one expert's tensor is named", async () => {
    const { "blk.1.ffn_up.2.weight": _, ...others } = oldTensors();
    await expect(opened(others)).rejects.toThrow(
      /no tensor named "model.layers.1.mlp.experts.2.up_proj.weight"/,
    );
  });

  it("with what is not read are refused by its name", async () => {
    const shared = {
      ...oldTensors(),
      "blk.0.ffn_gate_shexp.weight": f32Tensor([I, D], new Float32Array(I * D)),
    };
    await expect(opened(shared)).rejects.toThrow(
      /the tensor blk.0.ffn_gate_shexp.weight is not one of llama/,
    );
    await expect(opened(oldTensors(), "qwen2")).rejects.toThrow(
      /mixture of experts \(qwen2.expert_count is 3\), which is not read of the architecture qwen2/,
    );
  });
});

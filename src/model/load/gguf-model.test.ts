import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  f32,
  f32Tensor,
  ggufFile,
  ints,
  type TypedValue,
  text,
  texts,
  u32,
} from "../../../test/gguf-file.js";
import { smolLm } from "../../../test/shared.js";
import { tinyConfig, tinyWeights } from "../../../test/tiny-model.js";
import { PlumbError } from "../../base/errors.js";
import { RandomStream } from "../../base/random.js";
import { byteCharacters } from "../../text/bpe-trainer.js";
import { chatIds, renderChat } from "../../text/index.js";
import type { ModelConfig } from "../config.js";
import { llama3Factors } from "./gguf-rope.js";
import { openModel } from "./index.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-gguf-model-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const GGML_PARTS = new Map([
  ["input_layernorm", "attn_norm"],
  ["self_attn.q_proj", "attn_q"],
  ["self_attn.k_proj", "attn_k"],
  ["self_attn.v_proj", "attn_v"],
  ["self_attn.o_proj", "attn_output"],
  ["post_attention_layernorm", "ffn_norm"],
  ["mlp.gate_proj", "ffn_gate"],
  ["mlp.up_proj", "ffn_up"],
  ["mlp.down_proj", "ffn_down"],
]);

function ggmlName(name: string): string {
  if (name === "model.embed_tokens.weight") return "token_embd.weight";
  if (name === "model.norm.weight") return "output_norm.weight";
  if (name === "lm_head.weight") return "output.weight";
  const [, layer, part, kind] = /^model\.layers\.(\d+)\.(.+)\.(weight|bias)$/.exec(name)!;
  return `blk.${layer}.${GGML_PARTS.get(part)}.${kind}`;
}

/** The converter's row order, as llama.cpp writes it: reshape (heads, 2, half, columns), swap axes 1 and 2. */
function interleaved(data: Float32Array, heads: number, headDim: number): Float32Array {
  const width = data.length / heads / headDim;
  const half = headDim / 2;
  const out = new Float32Array(data.length);
  for (let head = 0; head < heads; head++) {
    for (let side = 0; side < 2; side++) {
      for (let i = 0; i < half; i++) {
        const from = (head * headDim + side * half + i) * width;
        out.set(data.subarray(from, from + width), (head * headDim + 2 * i + side) * width);
      }
    }
  }
  return out;
}

/** The file that llama.cpp's converter makes of a tiny model. */
function converted(config: ModelConfig, extra: Record<string, TypedValue> = {}): Uint8Array {
  const architecture = config.architecture === "qwen2" ? "qwen2" : "llama";
  const tensors = Object.fromEntries(
    [...tinyWeights(config)].map(([name, { shape, data }]) => {
      const heads = name.includes("q_proj") ? config.heads : name.includes("k_proj") ? config.kvHeads : 0;
      const stored = architecture === "llama" && heads > 0 ? interleaved(data, heads, config.headDim) : data;
      return [ggmlName(name), f32Tensor(shape, stored)];
    }),
  );
  const { ropeScaling, ropeTheta = 10_000 } = config;
  if (ropeScaling?.kind === "llama3") {
    const factors = llama3Factors(ropeScaling, ropeTheta, config.headDim / 2);
    tensors["rope_freqs.weight"] = f32Tensor([factors.length], factors);
  }
  return ggufFile(
    {
      "general.architecture": text(architecture),
      [`${architecture}.block_count`]: u32(config.layers),
      [`${architecture}.context_length`]: u32(config.maxPositions),
      [`${architecture}.embedding_length`]: u32(config.hiddenSize),
      [`${architecture}.feed_forward_length`]: u32(config.intermediateSize),
      [`${architecture}.attention.head_count`]: u32(config.heads),
      [`${architecture}.attention.head_count_kv`]: u32(config.kvHeads),
      [`${architecture}.attention.layer_norm_rms_epsilon`]: f32(config.rmsNormEps),
      [`${architecture}.rope.freq_base`]: f32(ropeTheta),
      "tokenizer.ggml.bos_token_id": u32(1),
      "tokenizer.ggml.eos_token_id": u32(2),
      "tokenizer.ggml.padding_token_id": u32(0),
      ...extra,
    },
    tensors,
  );
}

async function opened(bytes: Uint8Array) {
  const path = join(dir, "tiny.gguf");
  await writeFile(path, bytes);
  return openModel(path);
}

const ropeScaling = {
  kind: "llama3",
  factor: 32,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalMaxPositions: 8192,
} as const;

describe("GGUF models", () => {
  it.each<[string, Partial<ModelConfig>]>([
    ["llama", {}],
    [
      "llama, tied, with Llama 3's scaling",
      { tieWordEmbeddings: true, ropeScaling, ropeTheta: 500_000, headDim: 16 },
    ],
    ["llama with biases", { qkvBias: true, outputBias: true, mlpBias: true }],
    ["qwen2", { architecture: "qwen2", qkvBias: true }],
  ])("gives back a converted %s", async (_, changes) => {
    const config = tinyConfig(changes);
    const keyLength = u32(config.headDim);
    const prefix = config.architecture;
    const model = await opened(
      converted(config, {
        [`${prefix}.attention.key_length`]: keyLength,
        [`${prefix}.attention.value_length`]: keyLength,
      }),
    );
    expect(model.config).toEqual(config);
    const weights = tinyWeights(config);
    expect(model.weights.names().sort()).toEqual([...weights.keys()].sort());
    for (const [name, { data }] of weights) expect(await model.weights.read(name)).toEqual(data);
    await model.close();
  });

  it.each<[string, Record<string, TypedValue>, RegExp]>([
    ["another architecture", { "general.architecture": text("mamba") }, /"mamba" is not supported/],
    ["experts", { "llama.expert_count": u32(8) }, /llama.expert_used_count is missing/],
    ["other scaling", { "llama.rope.scaling.type": text("dynamic") }, /dynamic/],
    ["an unknown key", { "llama.attention.scale": f32(0.2) }, /llama.attention.scale is not known/],
    ["an old linear scaling", { "llama.rope.scale_linear": f32(4) }, /llama.rope.scale_linear is not known/],
    ["yarn without a factor", { "llama.rope.scaling.type": text("yarn") }, /rope.scaling.factor is missing/],
    [
      "a factor of attention that does not follow from yarn's",
      {
        "llama.rope.scaling.type": text("yarn"),
        "llama.rope.scaling.factor": f32(4),
        "llama.rope.scaling.attn_factor": f32(1.5),
      },
      /attn_factor is 1.5; with YaRN by 4 only 1.138/,
    ],
    [
      "another mix of yarn",
      {
        "llama.rope.scaling.type": text("yarn"),
        "llama.rope.scaling.factor": f32(4),
        "llama.rope.scaling.yarn_ext_factor": f32(0.5),
      },
      /yarn_ext_factor is 0.5; only 1 is supported/,
    ],
    [
      "longrope without its tensors",
      { "llama.rope.scaling.type": text("longrope") },
      /rope_factors_short.weight is missing/,
    ],
    ["partial rotation", { "llama.rope.dimension_count": u32(2) }, /of which 2 are rotated/],
    ["no heads", { "llama.attention.head_count": u32(0) }, /head/],
    [
      "a text for a number",
      { "llama.block_count": text("two") },
      /block_count is two; expected a whole number/,
    ],
    ["WordPiece", { "tokenizer.ggml.model": text("bert") }, /"bert", which is not read/],
    [
      "an unknown pre-tokenizer",
      { "tokenizer.ggml.model": text("gpt2"), "tokenizer.ggml.pre": text("martian") },
      /"martian" is not supported/,
    ],
    [
      "fewer token types than tokens",
      {
        "tokenizer.ggml.model": text("gpt2"),
        "tokenizer.ggml.tokens": texts(["a"]),
        "tokenizer.ggml.token_type": ints([]),
      },
      /1 tokens have 0 token types/,
    ],
  ])("names %s", async (_, extra, message) => {
    await expect(opened(converted(tinyConfig(), extra))).rejects.toThrow(message);
  });
});

describe("GGUF tokenizers", () => {
  const tokens = ["<pad>", "<s>", "</s>", ...byteCharacters(), "12", "he"];
  const tables = {
    "tokenizer.ggml.model": text("gpt2"),
    "tokenizer.ggml.tokens": texts(tokens),
    "tokenizer.ggml.token_type": ints(tokens.map((_, id) => (id < 3 ? 3 : 1))),
    "tokenizer.ggml.merges": texts(["1 2", "h e"]),
    "tokenizer.chat_template": text("{{ bos_token }}{{ messages[0].content }}"),
  };
  const encoded = async (pre: string, input: string, extra: Record<string, TypedValue> = {}) => {
    const model = await opened(
      converted(tinyConfig(), { ...tables, "tokenizer.ggml.pre": text(pre), ...extra }),
    );
    await model.close();
    return model
      .tokenizer!.encode(input, { addSpecialTokens: true })
      .map((id) => model.tokenizer!.tokenOf(id));
  };

  it("splits digits as the pre-tokenizer's name says", async () => {
    expect(await encoded("gpt-2", "12")).toEqual(["12"]);
    expect(await encoded("smollm", "12")).toEqual(["1", "2"]);
    expect(await encoded("llama-bpe", "1212 he")).toEqual(["<s>", "12", "1", "2", "Ġ", "he"]);
    expect(await encoded("qwen2", "12he")).toEqual(["1", "2", "he"]);
    expect(await encoded("default", "12he</s>")).toEqual(["12", "he", "</s>"]);
  });

  it("is said to be guessed where the file does not say how it splits", async () => {
    const model = await opened(converted(tinyConfig(), tables));
    await model.close();
    expect(model.guessed).toMatch(/does not say how its tokenizer splits texts/);
  });

  it("adds the BOS where the file says so", async () => {
    const addBos: TypedValue = { type: 7, value: true };
    expect(await encoded("gpt-2", "he", { "tokenizer.ggml.add_bos_token": addBos })).toEqual(["<s>", "he"]);
  });

  it("hands on the chat template", async () => {
    const model = await opened(converted(tinyConfig(), tables));
    await model.close();
    const messages = [{ role: "user", content: "hi" }];
    expect(renderChat(model.tokenizer!, messages, { addGenerationPrompt: true })).toBe("<s>hi");
  });
});

describe("hostile GGUF models", () => {
  it("are opened or refused with a PlumbError, whatever bytes are changed", async () => {
    const config = tinyConfig({ layers: 1, ropeScaling, ropeTheta: 500_000 });
    const pieces = {
      "tokenizer.ggml.model": text("gpt2"),
      "tokenizer.ggml.tokens": texts(["a", "b", "ab"]),
      "tokenizer.ggml.token_type": ints([1, 1, 3]),
      "tokenizer.ggml.merges": texts(["a b"]),
    };
    const sound = converted(config, pieces);
    const directoryEnd = 3000;
    const flips = fc.array(fc.tuple(fc.nat(directoryEnd), fc.nat(255)), { minLength: 1, maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(flips, async (changes) => {
        const bytes = sound.slice();
        for (const [at, value] of changes) bytes[at] = value;
        try {
          await (await opened(bytes)).close();
        } catch (error) {
          expect(error).toBeInstanceOf(PlumbError);
        }
      }),
      { numRuns: 400 },
    );
  });
});

const smolLmPath = smolLm();

describe.skipIf(smolLmPath === undefined)("SmolLM2-135M-Instruct, against transformers", () => {
  const reference = async (name: string) =>
    JSON.parse(
      await readFile(new URL(`../../../test/fixtures/smollm2/${name}.json`, import.meta.url), "utf8"),
    );

  it("has the same weights", async () => {
    const model = await openModel(smolLmPath!);
    const { weights } = await reference("weights");
    type Expected = { shape: number[]; norm: number; first: number[] };
    for (const [name, { shape, norm, first }] of Object.entries<Expected>(weights)) {
      const data = await model.weights.read(name);
      expect(model.weights.shape(name)).toEqual(shape);
      first.forEach((value, i) => {
        expect(data[i]).toBeCloseTo(value, 6);
      });
      let squares = 0;
      for (let i = 0; i < data.length; i++) squares += data[i] * data[i];
      expect(Math.abs(Math.sqrt(squares) / norm - 1)).toBeLessThan(1e-5);
    }
    await model.close();
  });

  it("gives the same tokens and prompts", async () => {
    const { tokenizer, close } = await openModel(smolLmPath!);
    await close();
    for (const { text: input, ids } of (await reference("tokenize")).cases) {
      expect(tokenizer!.encode(input)).toEqual(ids);
      expect(tokenizer!.decode(ids)).toBe(input);
    }
    for (const { messages, rendered, promptIds } of (await reference("greedy")).cases) {
      expect(renderChat(tokenizer!, messages, { addGenerationPrompt: true })).toBe(rendered);
      expect(chatIds(tokenizer!, messages, { addGenerationPrompt: true })).toEqual(promptIds);
    }
  });

  it("decodes any text to itself", async () => {
    const { tokenizer, close } = await openModel(smolLmPath!);
    await close();
    const random = new RandomStream(5, "text");
    for (let i = 0; i < 200; i++) {
      const input = Array.from({ length: 20 }, () => String.fromCodePoint(random.int(0xd800))).join("");
      expect(tokenizer!.decode(tokenizer!.encode(input))).toBe(input);
    }
  });
});

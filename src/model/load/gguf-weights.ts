/** The weights of a GGUF file under our names and in our layouts. */
import { PlumbError } from "../../base/errors.js";
import { withExperts } from "../architectures/experts.js";
import type { ModelConfig } from "../config.js";
import type { GgufFile } from "../formats/gguf.js";
import { type OpenWeights, unknownTensor } from "../formats/weights.js";
import type { GgufArchitecture } from "./gguf-architectures.js";
import { LONGROPE_TENSORS } from "./gguf-rope.js";

const WHOLE: Readonly<Record<string, string>> = {
  token_embd: "model.embed_tokens",
  position_embd: "model.embed_positions",
  output_norm: "model.norm",
  output: "lm_head",
};
/** Tensors that say what the configuration says. */
const NOT_WEIGHTS: ReadonlySet<string> = new Set(["rope_freqs.weight", ...LONGROPE_TENSORS]);

/** Tensors of one expert, in files from before April 2024. */
const ONE_EXPERT = /^blk\.(\d+)\.ffn_(gate|up|down)\.(\d+)\.weight$/;
/** The layers of an expert as such files' names are translated. */
const ONE = { gate: "gate_proj", up: "up_proj", down: "down_proj" };

/** Our name of a ggml tensor, or undefined for one that the architecture does not have. */
function ourNameOf({ parts }: Pick<GgufArchitecture, "parts">, name: string): string | undefined {
  const [, module, kind] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
  if (module === undefined) return undefined;
  if (Object.hasOwn(WHOLE, module)) return `${WHOLE[module]}.${kind}`;
  const [, layer, part] = /^blk\.(\d+)\.([a-z_]+)$/.exec(module) ?? [];
  if (layer === undefined || !Object.hasOwn(parts, part)) return undefined;
  return `model.layers.${layer}.${parts[part]}.${kind}`;
}

/**
 * The file's weights under our names, with the rows of q and k in Hugging Face's order.
 *
 * @throws PlumbError for a tensor that the architecture does not have: the model would be another without it.
 */
export function ggufWeights(
  file: GgufFile,
  architecture: GgufArchitecture,
  config: ModelConfig,
): OpenWeights {
  const { experts } = config;
  const { mixture } = architecture;
  const parts = experts && mixture ? mixture.parts : architecture.parts;
  const originals = new Map<string, string>();
  for (const name of file.tensors.keys()) {
    if (NOT_WEIGHTS.has(name)) continue;
    const ofOne = experts !== undefined && ONE_EXPERT.test(name);
    const renamed = ofOne
      ? name.replace(ONE_EXPERT, "model.layers.$1.mlp.experts.$3.$2_proj.weight")
      : ourNameOf({ parts }, name);
    if (renamed === undefined) {
      throw new PlumbError(
        `${file.path}: the tensor ${name} is not one of ${architecture.ggml} as it is read.`,
        {
          hint: "The file is of a variant that is not supported; use the model's Hugging Face folder.",
        },
      );
    }
    originals.set(renamed, name);
  }
  const original = (name: string) => originals.get(name) ?? unknownTensor(name, file.path);
  const weights: OpenWeights = {
    names: () => [...originals.keys()],
    has: (name) => originals.has(name),
    shape: (name) => file.weights.shape(original(name)),
    dtype: (name) => file.weights.dtype(original(name)),
    async read(name) {
      const data = await file.weights.read(original(name));
      const heads = name.includes(".q_proj.") ? config.heads : name.includes(".k_proj.") ? config.kvHeads : 0;
      if (architecture.interleaved && heads > 0) splitRotaryPairs(data, heads, config.headDim);
      if (architecture.unitOffset && name.endsWith("norm.weight"))
        for (let i = 0; i < data.length; i++) data[i] -= 1;
      return data;
    },
    close: () => file.weights.close(),
  };
  if (experts === undefined) return weights;
  const apart = [...file.tensors.keys()].some((name) => ONE_EXPERT.test(name));
  return withExperts(config, { path: "mlp.experts", form: apart ? ONE : "split" }, weights, file.path);
}

/**
 * Undoes, in place, the row order that llama.cpp's converter gives q and k of Llama models.
 *
 * In that order, two rows that are rotated together are neighbours (row 2i + a of a head); Hugging Face keeps the
 * halves apart (row a headDim/2 + i). Works for weights [heads x headDim, inputs] and biases [heads x headDim].
 */
function splitRotaryPairs(data: Float32Array, heads: number, headDim: number): void {
  const size = data.length / heads;
  const width = size / headDim;
  const half = headDim / 2;
  const before = new Float32Array(size);
  for (let start = 0; start < data.length; start += size) {
    before.set(data.subarray(start, start + size));
    for (let row = 0; row < headDim; row++) {
      const to = start + ((row % 2) * half + (row >> 1)) * width;
      data.set(before.subarray(row * width, (row + 1) * width), to);
    }
  }
}

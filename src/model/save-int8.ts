import { int8Names } from "../nn/index.js";
import { readFloats } from "../runtime/read.js";
import type { Tokenizer } from "../text/index.js";
import type { ModelConfig } from "./config.js";
import { turnedPieces } from "./int8/quantize.js";
import { EMBEDDING, type StoredInt8, scaleName, storedTensors, weightOf } from "./int8/stored.js";
import type { Weights } from "./network.js";
import { configJson, writeModelFolder } from "./save/huggingface.js";
import { DEFAULT_MAX_SHARD_BYTES, type Int8Pieces, type SavedTensor } from "./save/index.js";

/**
 * Saves a base in 8 bits as a folder for `openModel`; the folder appears whole or not at all. Matrices are transposed
 * to [out, in], a few rows at a time, as they are written.
 *
 * @param base with its embedding in 8 bits. @param maxShardBytes most bytes of weights in one file.
 */
export function saveInt8(
  dir: string,
  config: ModelConfig,
  base: Weights,
  description: StoredInt8,
  tokenizer?: Tokenizer,
  maxShardBytes = DEFAULT_MAX_SHARD_BYTES,
): Promise<void> {
  const buffer = (name: string) => {
    const found = base.get(name);
    if (!found) throw new Error(`the base in 8 bits has no ${name}`);
    return found;
  };
  const floats = (shape: number[], name: string): SavedTensor => ({
    shape,
    async *pieces() {
      yield await readFloats(buffer(name));
    },
  });
  const tensors = new Map<string, SavedTensor>();
  for (const [stored, { dtype, shape }] of storedTensors(config)) {
    if (dtype === "F32") {
      if (tensors.has(stored)) continue; // a scale, written with its matrix
      tensors.set(stored, floats(shape, stored));
      continue;
    }
    const names = int8Names(weightOf(config, stored));
    const forward = base.has(names.w8a16.values) ? names.w8a16 : names.w8a8;
    const { values, scales } = stored === EMBEDDING ? names.rows : forward;
    const matrix = buffer(values);
    const [rows, columns] = shape;
    async function* pieces(): AsyncGenerator<Int8Array> {
      const data = (await matrix.read()) as Int8Array;
      if (stored === EMBEDDING) yield data;
      else yield* turnedPieces(data, columns, rows);
    }
    tensors.set(stored, { shape, dtype: "I8", pieces } satisfies Int8Pieces);
    tensors.set(scaleName(stored), floats([rows], scales));
  }
  const json = { ...configJson(config, "F32"), quantization_config: description };
  return writeModelFolder(dir, config, json, tensors, tokenizer, "F32", maxShardBytes);
}

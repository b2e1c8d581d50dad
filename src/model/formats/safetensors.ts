/** Reads weights from a safetensors file. */
import { PlumbError } from "../../base/errors.js";
import { TENSOR_TYPES, type TensorType } from "./dequantize.js";
import { RandomAccessFile, type ReadOptions } from "./random-access.js";
import { readFloats } from "./read-floats.js";
import { headerLength, parseHeader, type SafetensorsEntry } from "./safetensors-header.js";
import { type OpenWeights, unknownTensor } from "./weights.js";

/** The supported types of weights; safetensors and ggml store their values in the same way. */
const FLOAT_TYPES = new Map(
  [...TENSOR_TYPES.values()]
    .filter(({ name }) => ["F32", "F16", "BF16"].includes(name))
    .map((type) => [type.name, type]),
);

/** Weights of safetensors files, which may also hold integers. */
export interface SafetensorsWeights extends OpenWeights {
  /** A tensor stored as I8, in memory of its own. @throws PlumbError if it has another type. */
  readInt8(name: string): Promise<Int8Array<ArrayBuffer>>;
  /** A tensor stored as U8. @throws PlumbError if it has another type. */
  readUint8(name: string): Promise<Uint8Array>;
}

/** Opens one file. @throws PlumbError if it is missing or invalid. */
export async function openSafetensors(path: string, options?: ReadOptions): Promise<SafetensorsWeights> {
  const file = await RandomAccessFile.open(path, options);
  try {
    if (file.size < 8)
      throw new PlumbError(`${path}: not a safetensors file: it has only ${file.size} bytes.`);
    const length = headerLength(await file.read(0, 8), file.size, path);
    const entries = parseHeader(await file.read(8, length), file.size, path);
    return safetensorsWeights(file, entries);
  } catch (error) {
    await file.close();
    throw error;
  }
}

function safetensorsWeights(
  file: RandomAccessFile,
  entries: Map<string, SafetensorsEntry>,
): SafetensorsWeights {
  const find = (name: string) => entries.get(name) ?? unknownTensor(name, file.path);
  const bytes = (name: string, wanted: "I8" | "U8") => {
    const { dtype, offset, elements } = find(name);
    if (dtype !== wanted)
      throw new PlumbError(`${file.path}: the tensor ${name} is stored as ${dtype}, not ${wanted}.`);
    return file.read(offset, elements);
  };
  return {
    names: () => [...entries.keys()],
    has: (name) => entries.has(name),
    shape: (name) => [...find(name).shape],
    dtype: (name) => find(name).dtype,
    async read(name) {
      const entry = find(name);
      return readFloats(file, name, entry, typeOf(file.path, name, entry.dtype));
    },
    readInt8: async (name) => new Int8Array((await bytes(name, "I8")).buffer),
    readUint8: async (name) => bytes(name, "U8"),
    close: () => file.close(),
  };
}

function typeOf(path: string, name: string, dtype: string): TensorType {
  const type = FLOAT_TYPES.get(dtype);
  if (type !== undefined) return type;
  throw new PlumbError(`${path}: the tensor ${name} is stored as ${dtype}.`, {
    hint: "Weights are read from F32, F16 and BF16; save the model in one of them.",
  });
}

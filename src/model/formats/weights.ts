import { PlumbError } from "../../base/errors.js";

/** A source of a model's weights, row-major and under their Hugging Face names. */
export interface WeightSource {
  names(): string[];
  has(name: string): boolean;
  /** Outermost dimension first, such as [outputs, inputs] for a linear layer. */
  shape(name: string): number[];
  /** The type in the file, such as "BF16" or "Q4_1". */
  dtype(name: string): string;
  /**
   * The whole tensor in float32, in its own ArrayBuffer (native code may keep a pointer to it).
   *
   * @throws PlumbError if the tensor holds NaN or an infinity, or its type is not supported.
   */
  read(name: string): Promise<Float32Array>;
}

/** Weights read from open files. */
export interface OpenWeights extends WeightSource {
  close(): Promise<void>;
}

/**
 * Weights that lie in several files, as one.
 *
 * @param owner the file of each tensor, in the order of `names`. @param source what an unknown tensor's error names.
 * @returns `find` too, the file of a tensor, for what only some kinds of files can read; `close` closes all files.
 */
export function joinedWeights<W extends OpenWeights>(
  files: readonly W[],
  owner: ReadonlyMap<string, W>,
  source: string,
): OpenWeights & { find(name: string): W } {
  const find = (name: string): W => owner.get(name) ?? unknownTensor(name, source);
  return {
    find,
    names: () => [...owner.keys()],
    has: (name) => owner.has(name),
    shape: (name) => find(name).shape(name),
    dtype: (name) => find(name).dtype(name),
    read: async (name) => find(name).read(name),
    async close() {
      for (const file of files) await file.close();
    },
  };
}

export function unknownTensor(name: string, source: string): never {
  throw new PlumbError(`${source} has no tensor named ${JSON.stringify(name)}.`);
}

/** `length` floats in their own ArrayBuffer. */
export function allocateF32(length: number): Float32Array<ArrayBuffer> {
  return new Float32Array(new ArrayBuffer(length * 4));
}

/** @throws PlumbError, which names the tensor and its source, if one of `values` is NaN or infinite. */
export function checkFinite(values: Float32Array, name: string, source: string): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  for (let i = 0; i < bits.length; i++) {
    if ((bits[i] & EXPONENT) !== EXPONENT) continue;
    throw new PlumbError(`${source}: the weight ${name} holds NaN or an infinity`, {
      hint: "The file is damaged; fetch it again.",
    });
  }
}

/** The exponent bits of a float32; all of them are set only in NaN and the infinities. */
const EXPONENT = 0x7f800000;

/** Names that would reach an object's prototype if a tree were built from them. */
const PROTOTYPE_NAMES = new Set(["__proto__", "constructor", "prototype"]);
const MAX_TENSOR_NAME_LENGTH = 512;

/** The fault of a tensor's name from an untrusted file, or undefined. */
export function tensorNameProblem(name: string): string | undefined {
  if (name.length === 0) return "is empty";
  if (name.length > MAX_TENSOR_NAME_LENGTH) return `is longer than ${MAX_TENSOR_NAME_LENGTH} characters`;
  if (name.split(".").some((part) => PROTOTYPE_NAMES.has(part))) return "is a reserved name";
  return undefined;
}

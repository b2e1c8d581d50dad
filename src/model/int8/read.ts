import { PlumbError } from "../../base/errors.js";
import { int8Names } from "../../nn/index.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { ModelConfig } from "../config.js";
import { headName } from "../decoder.js";
import type { SafetensorsWeights } from "../formats/safetensors.js";
import type { Weights } from "../network.js";
import { turned } from "./quantize.js";
import { spreadingRotation } from "./rotation.js";
import { EMBEDDING, type StoredInt8, scaleName, storedTensors, weightOf } from "./stored.js";

/**
 * Reads a stored base in 8 bits, for inference; see `withGradients` for training.
 *
 * @param weights checked by `checkStoredTensors`.
 * @throws PlumbError if a scale is negative, a factor is not positive, or a number is not finite.
 */
export async function readInt8Base(
  runtime: Runtime,
  config: ModelConfig,
  { activations_16_bit }: StoredInt8,
  weights: SafetensorsWeights,
  source: string,
): Promise<Weights> {
  const out = new Map<string, ReturnType<Runtime["adopt"]>>();
  const int16 = new Set(activations_16_bit);
  const tensors = storedTensors(config);
  const isScale = (name: string): boolean => tensors.get(name.replace(/_scale$/, ""))?.dtype === "I8";
  const put = (
    dtype: "i8" | "f32",
    shape: readonly number[],
    data: Float32Array | Int8Array,
    name: string,
  ): void => {
    out.set(name, runtime.adopt(dtype, shape, data, name));
  };
  for (const [stored, { dtype, shape }] of tensors) {
    if (dtype === "I8") {
      const scales = await weights.read(scaleName(stored));
      const negative = scales.findIndex((scale) => scale < 0);
      if (negative >= 0)
        throw damaged(
          `${source}: ${scaleName(stored)}[${negative}] is ${scales[negative]}; expected 0 or more.`,
        );
      const values = await weights.readInt8(stored);
      const [rows, columns] = shape;
      const names = int8Names(weightOf(config, stored));
      if (stored === EMBEDDING) {
        put("i8", shape, values, names.rows.values);
        put("f32", [rows], scales, names.rows.scales);
        continue;
      }
      const forward = int16.has(weightOf(config, stored)) ? names.w8a16 : names.w8a8;
      put("i8", [columns, rows], turned(values, rows, columns), forward.values);
      put("f32", [rows], scales, forward.scales);
    } else if (!isScale(stored)) {
      const data = await weights.read(stored);
      if (/\.(divided_input|divided_output)$/.test(stored)) {
        const wrong = data.findIndex((factor) => factor <= 0);
        if (wrong >= 0)
          throw damaged(`${source}: ${stored}[${wrong}] is ${data[wrong]}; expected more than 0.`);
      }
      put("f32", shape, data, stored);
    }
  }
  if (config.head !== "score") {
    const size = config.hiddenSize;
    put("f32", [size, size], spreadingRotation(size), int8Names(headName(config)).inputRotation);
  }
  return out;
}

const damaged = (message: string): PlumbError =>
  new PlumbError(message, { hint: "The file is damaged; fetch it again, or convert the model again." });

/**
 * MXFP4 in safetensors, as gpt-oss is published: NAME_blocks U8 [..., groups, 16] and NAME_scales U8 [..., groups]. A group is
 * 32 weights along the last axis; byte i has weight 2 i in its low nibble and 2 i + 1 in its high one, each an E2M1; a
 * scale is the exponent of a power of 2, plus 127 (transformers,
 * integrations/mxfp4.py).
 */
import { PlumbError } from "../../base/errors.js";
import { E2M1 } from "./dequantize-levels.js";
import type { SafetensorsWeights } from "./safetensors.js";
import { allocateF32, checkFinite } from "./weights.js";

const GROUP_BYTES = 16;
const [BLOCKS, SCALES] = ["_blocks", "_scales"];

const scalesOf = (blocks: string): string => `${blocks.slice(0, -BLOCKS.length)}${SCALES}`;

/**
 * Weights with each pair of blocks and scales as one tensor of floats, by the name of the blocks.
 *
 * @returns `shape` and `read` throw a PlumbError, which names the tensor, if blocks and scales do not fit each other.
 */
export function withMxfp4(weights: SafetensorsWeights, source: string): SafetensorsWeights {
  const packed = (name: string): boolean =>
    name.endsWith(BLOCKS) && weights.has(name) && weights.has(scalesOf(name));
  const shape = (name: string): number[] => {
    const [blocks, scales] = [weights.shape(name), weights.shape(scalesOf(name))];
    const bytes = blocks.pop();
    if (bytes !== GROUP_BYTES || blocks.join() !== scales.join() || blocks.length === 0) {
      throw new PlumbError(
        `${source}: ${name} has the shape [${weights.shape(name).join(", ")}] and ${scalesOf(name)} [${scales.join(", ")}]; expected [..., ${GROUP_BYTES}] and the same without the last.`,
      );
    }
    const groups = blocks.pop() as number;
    return [...blocks, 2 * GROUP_BYTES * groups];
  };
  return {
    ...weights,
    names: () => weights.names().filter((name) => !(name.endsWith(SCALES) && packed(blocksOf(name)))),
    shape: (name) => (packed(name) ? shape(name) : weights.shape(name)),
    dtype: (name) => (packed(name) ? "MXFP4" : weights.dtype(name)),
    async read(name) {
      if (!packed(name)) return weights.read(name);
      shape(name);
      const [blocks, scales] = [await weights.readUint8(name), await weights.readUint8(scalesOf(name))];
      const out = allocateF32(2 * blocks.length);
      for (const [group, exponent] of scales.entries()) {
        const scale = 2 ** (exponent - 127);
        for (let i = group * GROUP_BYTES; i < (group + 1) * GROUP_BYTES; i++) {
          out[2 * i] = scale * E2M1[blocks[i] & 15];
          out[2 * i + 1] = scale * E2M1[blocks[i] >> 4];
        }
      }
      checkFinite(out, name, source);
      return out;
    },
  };
}

const blocksOf = (scales: string): string => `${scales.slice(0, -SCALES.length)}${BLOCKS}`;

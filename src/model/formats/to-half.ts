/** Converts float32 to the two 16-bit float formats, rounding to nearest, ties to even, as IEEE 754 and PyTorch do. */

/** The bfloat16 bits of a float32's bits. */
export function bf16Bits(bits: number): number {
  const notANumber = (bits & 0x7fffffff) > 0x7f800000;
  if (notANumber) return ((bits >>> 16) | 0x40) & 0xffff;
  return ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16) & 0xffff;
}

/** The binary16 bits of a float32's bits; values that are too large become infinite. */
export function f16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const exponent = ((bits >>> 23) & 255) - 112;
  const fraction = bits & 0x7fffff;
  if (exponent === 143) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x200);
  if (exponent >= 31) return sign | 0x7c00;
  if (exponent < -10) return sign;
  if (exponent > 0) return sign | roundedShift((exponent << 23) | fraction, 13);
  return sign | roundedShift(fraction | 0x800000, 14 - exponent);
}

function roundedShift(value: number, shift: number): number {
  const kept = value >>> shift;
  const rest = value & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

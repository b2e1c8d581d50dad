/** Converts the two 16-bit float formats, little-endian, to float32. Both conversions are exact. */

let table: Float32Array | undefined;

/** The float32 value of each of the 65,536 IEEE 754 binary16 bit patterns (256 KiB, made on first use). */
export function f16ToF32Table(): Float32Array {
  if (table !== undefined) return table;
  table = new Float32Array(65536);
  for (let bits = 0; bits < 65536; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    if (exponent === 31) table[bits] = fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1024 + fraction) * 2 ** (exponent - 25);
  }
  return table;
}

/** Converts binary16. `bytes` holds two bytes for each element of `out`. */
export function f16ToF32(bytes: Uint8Array, out: Float32Array): void {
  const floats = f16ToF32Table();
  for (let i = 0; i < out.length; i++) out[i] = floats[bytes[2 * i] | (bytes[2 * i + 1] << 8)];
}

/** Converts bfloat16, the upper half of a float32. `bytes` holds two bytes for each element of `out`. */
export function bf16ToF32(bytes: Uint8Array, out: Float32Array): void {
  const bits = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) bits[i] = (bytes[2 * i] << 16) | (bytes[2 * i + 1] << 24);
}

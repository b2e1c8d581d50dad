import { RandomStream } from "../../base/random.js";
import type { Runtime } from "../../runtime/runtime.js";
import { matmul, trace } from "../../tensor/index.js";

/**
 * An orthogonal matrix R [size, size] that spreads the content of one channel over all: random signs, then the discrete
 * cosine transform (DCT-II), whose entries are all at most sqrt(2 / size). x W^T = (x R) (W R)^T, and neither x R nor W
 * R has channels much larger than others, so both lose less by rounding (the idea of QuaRot, Ashkboos et al. 2024,
 * which uses Hadamard matrices). It is the same for every model of that size.
 */
export function spreadingRotation(size: number): Float32Array<ArrayBuffer> {
  const random = new RandomStream(0, "int8/rotation");
  const out = new Float32Array(new ArrayBuffer(4 * size * size));
  for (let i = 0; i < size; i++) {
    const sign = random.bernoulli(0.5) ? 1 : -1;
    for (let k = 0; k < size; k++) {
      const length = Math.sqrt((k === 0 ? 1 : 2) / size);
      // The angle is a multiple of pi / (2 size): whole turns are subtracted before the cosine, which keeps it exact.
      const step = ((2 * i + 1) * k) % (4 * size);
      out[i * size + k] = sign * length * Math.cos((Math.PI * step) / (2 * size));
    }
  }
  return out;
}

/** W R, for W [rows, size] and R [size, size]. */
export async function rotatedRows(
  runtime: Runtime,
  matrix: Float32Array,
  rotation: Float32Array,
): Promise<Float32Array> {
  const size = Math.sqrt(rotation.length);
  const program = trace(
    "int8/rotate",
    {
      matrix: { shape: [matrix.length / size, size], dtype: "f32" },
      rotation: { shape: [size, size], dtype: "f32" },
    },
    (x) => ({ rotated: matmul(x.matrix, x.rotation) }),
  );
  const executable = runtime.compile(program);
  const { rotated } = await executable.run({ matrix, rotation });
  executable.release();
  return rotated as Float32Array;
}

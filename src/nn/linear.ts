import {
  add,
  cast,
  div,
  gatherRows,
  type Int8Matrix,
  int8Expectation,
  int8Matmul,
  matmul,
  mul,
  reshape,
  scoped,
  sub,
  type Tensor,
} from "../tensor/index.js";

/** A network's parameters while it is traced, by their Hugging Face names. */
export interface Parameters {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Names of the parameters that are being trained. */
  readonly trainable: ReadonlySet<string>;
  /** LoRA's alpha / r. */
  readonly loraScale: number;
  /** Blocks keep only their input for the backward pass and recompute the rest. */
  readonly recompute?: boolean;
  /** Called for every product with a weight while the network is traced: the weight's name, the input, the product. */
  readonly observe?: (weight: string, x: Tensor, y: Tensor) => void;
  /** Called for every mixture of experts while the network is traced, with its router's scores [N, experts]. */
  readonly routed?: ((scores: Tensor) => void) | undefined;
}

/** The parameter of that name. @throws Error if the network lacks it. */
export function parameter(p: Parameters, name: string): Tensor {
  const tensor = p.tensors.get(name);
  if (!tensor) throw new Error(`the network has no parameter "${name}"`);
  return tensor;
}

/** Names under which a network holds a weight matrix W [out, in] in 8 bits, instead of in f32 under its own name. */
export const int8Names = (weight: string) =>
  ({
    /** W^T [in, out] for products that round activations to 8 bits, or to 16; a network holds one of the two. */
    w8a8: { values: `${weight}.w8a8`, scales: `${weight}.w8a8.scales` },
    w8a16: { values: `${weight}.w8a16`, scales: `${weight}.w8a16.scales` },
    /** W [out, in], or W R where the input is rotated; gradients of inputs need it. */
    adjoint: { values: `${weight}.adjoint`, scales: `${weight}.adjoint.scales` },
    /** W [out, in] as a table whose rows are looked up, with one scale per row. */
    rows: { values: `${weight}.rows`, scales: `${weight}.rows.scales` },
    /** R [in, in], orthogonal: x R is rounded and multiplied by (W R)^T, which is the matrix held in 8 bits. */
    inputRotation: `${weight}.input_rotation`,
    /** Noise added to a distribution before it is rounded, [rows, out]; see `int8Expectation`. */
    dither: `${weight}.dither`,
  }) as const;

/** Names of the vectors by which a smoothed layer's input and output channels were divided. */
export const dividedInput = (layer: string): string => `${layer}.divided_input`;
export const dividedOutput = (layer: string): string => `${layer}.divided_output`;

/** Rows of a table W [V, D] by ids [...]: [..., D]. The table may be in f32 or in 8 bits. */
export function embedding(p: Parameters, name: string, ids: Tensor): Tensor {
  const { values, scales } = int8Names(name).rows;
  if (!p.tensors.has(values)) return gatherRows(parameter(p, name), ids);
  const rows = cast(gatherRows(parameter(p, values), ids), "f32");
  const scale = gatherRows(parameter(p, scales), ids);
  return mul(rows, reshape(scale, [...ids.shape, 1]));
}

/** x W^T with a matrix in 8 bits, or undefined if the network holds W in f32. */
function int8Product(p: Parameters, weight: string, x: Tensor): Tensor | undefined {
  const { w8a8, w8a16, adjoint, inputRotation } = int8Names(weight);
  const matrix = ({ values, scales }: { values: string; scales: string }): Int8Matrix | undefined =>
    p.tensors.has(values) ? { values: parameter(p, values), scales: parameter(p, scales) } : undefined;
  const [coarse, fine] = [matrix(w8a8), matrix(w8a16)];
  const rounded = coarse ?? fine;
  if (!rounded) return undefined;
  const rotation = p.tensors.get(inputRotation);
  const options = { bits: coarse ? 8 : 16, adjoint: matrix(adjoint) } as const;
  return int8Matmul(rotation ? matmul(x, rotation) : x, rounded, options);
}

/**
 * W[ids] - q W for a table W [V, D] whose rows are outputs: with q the softmax of x W^T, this is the gradient of log
 * q[id] with respect to x. If the network holds W in 8 bits, both terms are computed from the 8-bit values.
 *
 * @param ids i64 [N]. @param q [N, V], 0 to 1. @param own factor of W[ids], [N, 1]. @returns [N, D].
 */
export function rowsLessExpected(p: Parameters, name: string, ids: Tensor, q: Tensor, own?: Tensor): Tensor {
  const { adjoint, inputRotation, dither } = int8Names(name);
  const weighted = (rows: Tensor): Tensor => (own ? mul(rows, own) : rows);
  if (!p.tensors.has(adjoint.values)) {
    const table = parameter(p, name);
    return sub(weighted(gatherRows(table, ids)), matmul(q, table));
  }
  const table = { values: parameter(p, adjoint.values), scales: parameter(p, adjoint.scales) };
  const rows = mul(cast(gatherRows(table.values, ids), "f32"), table.scales);
  const rotated = sub(weighted(rows), int8Expectation(q, table, parameter(p, dither)));
  return matmul(rotated, parameter(p, inputRotation), { transB: true });
}

/** alpha x W^T for the weight W [out, in] of that name, in f32 or in 8 bits: x [N, in] to [N, out]. */
export function weightProduct(p: Parameters, name: string, x: Tensor, alpha = 1): Tensor {
  const rounded = int8Product(p, name, x);
  const y = rounded
    ? alpha === 1
      ? rounded
      : mul(rounded, alpha)
    : matmul(x, parameter(p, name), { transB: true, alpha });
  p.observe?.(name, x, y);
  return y;
}

/** x W for the weight W [in, out] of that name, which lies the other way round, in f32 or in 8 bits: x [N, in] to [N, out]. */
export function inputMajorProduct(p: Parameters, name: string, x: Tensor): Tensor {
  const y = int8Product(p, name, x) ?? matmul(x, parameter(p, name));
  p.observe?.(name, x, y);
  return y;
}

/**
 * y = x W^T + b, plus LoRA's low-rank update where the network has one for this layer:
 * y += (alpha / r) (x A^T) B^T (Hu et al. 2021).
 *
 * @param x [N, in]. W is [out, in], b [out], A [r, in], B [out, r]. @returns [N, out].
 */
export function linear(p: Parameters, name: string, x: Tensor): Tensor {
  return scoped(name.slice(name.lastIndexOf(".") + 1), () => adapted(p, name, x));
}

function adapted(p: Parameters, name: string, x: Tensor): Tensor {
  let y = weightProduct(p, `${name}.weight`, x);
  const bias = p.tensors.get(`${name}.bias`);
  if (bias) y = add(y, bias);
  const a = p.tensors.get(`${name}.lora_A.weight`);
  if (!a) return y;
  const [A, B] = smoothedAdapter(p, name, a, parameter(p, `${name}.lora_B.weight`));
  return add(matmul(matmul(x, A, { transB: true }), B, { transB: true, alpha: p.loraScale }), y);
}

/**
 * LoRA's matrices for a smoothed layer, which receives x / s and returns y / t: A is multiplied by s, as A x = (A s) (x
 * / s), and B's rows are divided by t. A and B themselves are trained and saved, so that an optimiser step has the same
 * effect as on the base before smoothing.
 */
function smoothedAdapter(p: Parameters, name: string, a: Tensor, b: Tensor): [A: Tensor, B: Tensor] {
  const [input, output] = [p.tensors.get(dividedInput(name)), p.tensors.get(dividedOutput(name))];
  return [input ? mul(a, input) : a, output ? div(b, reshape(output, [output.shape[0], 1])) : b];
}

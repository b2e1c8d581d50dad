import { add, matmul, type Tensor } from "../tensor/index.js";

/** Parameters of a network while it is traced: by the names that Hugging Face gives them. */
export interface Parameters {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Names of those that are being trained. */
  readonly trainable: ReadonlySet<string>;
  /** LoRA's alpha / r. */
  readonly loraScale: number;
}

/** The parameter of that name; an error where the network lacks it. */
export function parameter(p: Parameters, name: string): Tensor {
  const tensor = p.tensors.get(name);
  if (!tensor) throw new Error(`the network has no parameter "${name}"`);
  return tensor;
}

/**
 * y = x W^T + b, plus LoRA's low-rank update where the network has one for this layer:
 * y += (alpha / r) (x A^T) B^T (Hu et al. 2021).
 *
 * @param x [N, in]. W is [out, in], b [out], A [r, in], B [out, r]. @returns [N, out].
 */
export function linear(p: Parameters, name: string, x: Tensor): Tensor {
  let y = matmul(x, parameter(p, `${name}.weight`), { transB: true });
  const bias = p.tensors.get(`${name}.bias`);
  if (bias) y = add(y, bias);
  const a = p.tensors.get(`${name}.lora_A.weight`);
  if (!a) return y;
  const b = parameter(p, `${name}.lora_B.weight`);
  return add(matmul(matmul(x, a, { transB: true }), b, { transB: true, alpha: p.loraScale }), y);
}

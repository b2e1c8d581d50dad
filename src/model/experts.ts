/** A mixture of experts: MLPs of which a router chooses some for each token. */
import {
  dividedInput,
  dividedOutput,
  inputMajorProduct,
  linear,
  type Parameters,
  parameter,
  weightProduct,
} from "../nn/index.js";
import {
  add,
  argmax,
  clip,
  constant,
  div,
  equal,
  less,
  matmul,
  minimum,
  mul,
  reshape,
  scoped,
  sigmoid,
  softmax,
  split,
  type Tensor,
  transpose,
  where,
} from "../tensor/index.js";
import type { Experts, ModelConfig } from "./config.js";

/**
 * What config.json asks for in training a mixture that is not done here, in sentences.
 *
 * @param balanced whether the method adds the loss that balances a router.
 */
export function untrainedRouting({ experts }: Pick<ModelConfig, "experts">, balanced: boolean): string[] {
  const { auxLoss = 0, jitter = 0 } = experts ?? {};
  const balance =
    `config.json asks for the load-balancing loss of its router (output_router_logits, router_aux_loss_coef ${auxLoss}), which ` +
    "only sft adds: transformers adds it to the likelihood of labels alone (TRL's trainers of preferences add it to their losses too). " +
    "Here nothing keeps a router that is trained from leaving experts unused; an adapter without the router leaves it as it is";
  const noise = `config.json asks for noise on its router's input in training (router_jitter_noise ${jitter}). There is none here`;
  return [...(auxLoss > 0 && !balanced ? [balance] : []), ...(jitter > 0 ? [noise] : [])];
}

/** Below every score of a router; its exponential is 0 beside that of a score. */
const PASSED_OVER = -1e30;

/**
 * The sum of a token's chosen experts, each times its weight: x [N, D] to [N, D].
 *
 * Every expert is computed for every token, with the weight 0 where it is not chosen. That is exact, also in its gradients, has shapes that do not
 * depend on the data, and is two products of matrices; it takes count / chosen times the operations of the chosen alone.
 *
 * @param at name of the block's MLP. @param activation of the gates, where they are not clamped.
 */
export function expertMlp(
  p: Parameters,
  { count, chosen, width, normalized, clamped }: Experts,
  at: string,
  x: Tensor,
  activation: (gate: Tensor) => Tensor,
): Tensor {
  const [N, D] = x.shape;
  const weights = scoped("router", () => {
    const scores = linear(p, `${at}.router`, x);
    p.routed?.(scores);
    return routing(scores, chosen, normalized);
  });
  return scoped("experts", () => {
    const all = plusBias(p, `${at}.experts.gate_up_proj`, (weight) => weightProduct(p, weight, x));
    const gateUp = plusUpdate(p, `${at}.experts.gate_up_proj`, count, x, reshape(all, [N, count, 2 * width]));
    const [gate, up] = split(gateUp, 2, [width, width]);
    const inner = clamped ? clampedGate(gate, up, clamped) : mul(activation(gate), up); // [N, E, I]
    const weighted = mul(inner, reshape(weights, [N, count, 1]));
    const flat = reshape(weighted, [N, count * width]);
    const y = inputMajorProduct(p, `${at}.experts.down_proj.weight`, flat);
    const adapted = plusSummedUpdate(p, `${at}.experts.down_proj`, count, weighted, y);
    const bias = p.tensors.get(`${at}.experts.down_proj.bias`);
    return bias ? add(adapted, matmul(weights, reshape(bias, [count, D]))) : adapted;
  });
}

/**
 * LoRA's matrices of a layer of all experts, A [E, r, in] and B [E, r, out]; undefined without an adapter. In a smoothed
 * layer A's inputs are multiplied and B's outputs divided, as those of a linear layer are.
 */
function updateOf(p: Parameters, layer: string, count: number): { a: Tensor; b: Tensor } | undefined {
  if (!p.tensors.has(`${layer}.lora_A.weight`)) return undefined;
  const [a, b] = ["A", "B"].map((one) => {
    const tensor = parameter(p, `${layer}.lora_${one}.weight`);
    const [rows, width] = tensor.shape as [number, number];
    return reshape(tensor, [count, rows / count, width]);
  });
  /** Factors of one layer, [width], or of each expert's, [E width], as they meet a matrix. */
  const factors = (name: string, { shape }: Tensor): Tensor | undefined => {
    const found = p.tensors.get(name);
    const width = shape[2] as number;
    return found && reshape(found, [(found.shape[0] as number) / width, 1, width]);
  };
  const [input, output] = [factors(dividedInput(layer), a), factors(dividedOutput(layer), b)];
  return { a: input ? mul(a, input) : a, b: output ? div(b, output) : b };
}

/** y [N, E, out] plus every expert's update of what it makes of x [N, in]. */
function plusUpdate(p: Parameters, layer: string, count: number, x: Tensor, y: Tensor): Tensor {
  const update = updateOf(p, layer, count);
  if (update === undefined) return y;
  const [E, r, input] = update.a.shape as [number, number, number];
  const inner = matmul(x, reshape(update.a, [E * r, input]), { transB: true }); // [N, E r]
  const each = transpose(reshape(inner, [x.shape[0], E, r]), [1, 0, 2]);
  return add(y, transpose(matmul(each, update.b, { alpha: p.loraScale }), [1, 0, 2]));
}

/** y [N, out] plus the sum of the experts' updates, each of its own part of x [N, E, in]. */
function plusSummedUpdate(p: Parameters, layer: string, count: number, x: Tensor, y: Tensor): Tensor {
  const update = updateOf(p, layer, count);
  if (update === undefined) return y;
  const [E, r, out] = update.b.shape as [number, number, number];
  const each = matmul(transpose(x, [1, 0, 2]), update.a, { transB: true }); // [E, N, r]
  const inner = reshape(transpose(each, [1, 0, 2]), [x.shape[0], E * r]);
  return add(y, matmul(inner, reshape(update.b, [E * r, out]), { alpha: p.loraScale }));
}

function plusBias(p: Parameters, layer: string, product: (weight: string) => Tensor): Tensor {
  const bias = p.tensors.get(`${layer}.bias`);
  const y = product(`${layer}.weight`);
  return bias ? add(y, bias) : y;
}

/**
 * Weights of the experts, [N, E], 0 for those that are not chosen, from the router's scores [N, E]. Of equal scores the
 * first expert is chosen. The choice has no gradient, as everywhere.
 *
 * @param normalized softmax over the chosen; else their shares of the softmax over all.
 */
export function routing(scores: Tensor, chosen: number, normalized: boolean): Tensor {
  const isChosen = areChosen(scores, chosen);
  return normalized ? softmax(where(isChosen, scores, PASSED_OVER)) : where(isChosen, softmax(scores), 0);
}

/** Which experts have the greatest scores [N, E], exactly `chosen` of them: [N, E]. */
export function areChosen(scores: Tensor, chosen: number): Tensor {
  const [N, E] = scores.shape as [Tensor["shape"][number], number];
  const numbers = constant(
    BigInt64Array.from({ length: E }, (_, e) => BigInt(e)),
    [1, E],
    "i64",
  );
  let left = scores;
  for (let k = 0; k < chosen; k++) {
    const best = reshape(argmax(left), [N, 1]);
    left = where(equal(numbers, best), PASSED_OVER, left);
  }
  return less(left, PASSED_OVER / 2);
}

/** g sigmoid(slope g) (u + 1), with g at most the limit and u within it on both sides (transformers, models/gpt_oss). */
function clampedGate(gate: Tensor, up: Tensor, { limit, slope }: NonNullable<Experts["clamped"]>): Tensor {
  const g = minimum(gate, limit);
  return mul(mul(g, sigmoid(mul(g, slope))), add(clip(up, -limit, limit), 1));
}

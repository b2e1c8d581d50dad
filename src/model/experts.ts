/** A mixture of experts: MLPs of which a router chooses some for each token. */
import { linear, type Parameters, parameter, weightProduct } from "../nn/index.js";
import {
  add,
  argmax,
  clip,
  constant,
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
  where,
} from "../tensor/index.js";
import type { Experts } from "./config.js";

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
  const weights = scoped("router", () => routing(linear(p, `${at}.router`, x), chosen, normalized));
  return scoped("experts", () => {
    const gateUp = plusBias(p, `${at}.experts.gate_up_proj`, (weight) => weightProduct(p, weight, x));
    const [gate, up] = split(reshape(gateUp, [N, count, 2 * width]), 2, [width, width]);
    const inner = clamped ? clampedGate(gate, up, clamped) : mul(activation(gate), up); // [N, E, I]
    const weighted = reshape(mul(inner, reshape(weights, [N, count, 1])), [N, count * width]);
    const y = matmul(weighted, parameter(p, `${at}.experts.down_proj.weight`));
    const bias = p.tensors.get(`${at}.experts.down_proj.bias`);
    return bias ? add(y, matmul(weights, reshape(bias, [count, D]))) : y;
  });
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
  const isChosen = less(left, PASSED_OVER / 2);
  return normalized ? softmax(where(isChosen, scores, PASSED_OVER)) : where(isChosen, softmax(scores), 0);
}

/** g sigmoid(slope g) (u + 1), with g at most the limit and u within it on both sides (transformers, models/gpt_oss). */
function clampedGate(gate: Tensor, up: Tensor, { limit, slope }: NonNullable<Experts["clamped"]>): Tensor {
  const g = minimum(gate, limit);
  return mul(mul(g, sigmoid(mul(g, slope))), add(clip(up, -limit, limit), 1));
}

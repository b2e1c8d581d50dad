/** The loss that keeps a mixture's router from leaving experts unused. */
import {
  add,
  cast,
  concat,
  div,
  matmul,
  mul,
  recomputed,
  reshape,
  softmax,
  split,
  sum,
  type Tensor,
} from "../tensor/index.js";
import type { Experts } from "./config.js";
import { areChosen } from "./experts.js";
import type { Model } from "./learner.js";

/** A model that tells its routers' scores, layer after layer, and where it puts them: [N, E] each. */
export function withRouterScores<M extends Pick<Model, "routed">>(model: M): { model: M; scores: Tensor[] } {
  const scores: Tensor[] = [];
  return { model: { ...model, routed: (found) => scores.push(found) }, scores };
}

/**
 * A block that is recomputed, [N, D], and tells its router's scores: they are kept beside its result, so that they have
 * a gradient without keeping the block.
 */
export function recomputedWithScores<M extends Pick<Model, "routed">>(p: M, block: (p: M) => Tensor): Tensor {
  const { routed } = p;
  if (routed === undefined) return recomputed(() => block(p));
  let widths: number[] = [];
  const both = recomputed(() => {
    const { model, scores } = withRouterScores(p);
    const parts = [block(model), ...scores];
    widths = parts.map(({ shape }) => shape[1] as number);
    return concat(parts, 1);
  });
  const [y, ...scores] = widths.length === 1 ? [both] : split(both, 1, widths);
  for (const found of scores) routed(found);
  return y;
}

/**
 * E sum_e f_e P_e (Fedus et al. 2021, equations 4 to 6; transformers' load_balancing_loss_func): f_e is how often expert
 * e is chosen by a token of a layer on average, so that they sum to `chosen`, and P_e is its mean share of the softmax
 * over all scores. It is `chosen` where all experts are used alike. The choice has no gradient.
 *
 * @param scores of each layer's router, [N, E]. @param real f32 [N]: 1 for a token, 0 for padding. @returns [].
 */
export function loadBalancingLoss(
  { count, chosen }: Pick<Experts, "count" | "chosen">,
  scores: readonly Tensor[],
  real: Tensor,
): Tensor {
  const row = reshape(real, [1, real.shape[0]]);
  const mean = (of: (scores: Tensor) => Tensor): Tensor =>
    mul(scores.map((one) => matmul(row, of(one))).reduce(add), 1 / scores.length); // [1, E], times the tokens
  const often = mean((one) => cast(areChosen(one, chosen), "f32"));
  const shares = mean((one) => softmax(one));
  const tokens = sum(real);
  return mul(sum(mul(div(often, tokens), div(shares, tokens))), count);
}

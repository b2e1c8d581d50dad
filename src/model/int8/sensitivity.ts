import { int8Names, type Parameters, weightProduct } from "../../nn/index.js";
import type { DeviceBuffer, Runtime } from "../../runtime/runtime.js";
import {
  gradients,
  type InputSpec,
  mul,
  sub,
  sum,
  type Tensor,
  tokenLogProbs,
  trace,
} from "../../tensor/index.js";
import type { ModelConfig } from "../config.js";
import { frozenNetwork } from "../create.js";
import { hiddenStates, logits, scalarHead } from "../decoder.js";
import { networkInputs, networkParameters, type Weights } from "../network.js";

/** Distinguishes outputs from the weights whose names they bear. */
const PREFIX = "of/";

/** Makes 1/2 E[(g . dy)^2] a bound on the KL of a preference, which is at most 1/8 E[(dr_1 - dr_2)^2] = 1/4 E[dr^2]. */
const PREFERENCE_WEIGHT = Math.SQRT1_2;

/**
 * The cost of rounding each product alone, by the weight's name: nats of KL per token, to second order.
 *
 * With dy the error of a product in 8 bits and g the gradient of a token's log-probability with respect to the product,
 * KL = 1/2 E[(g . dy)^2] (the Fisher information of dy; Amari 1998), with the expectation over tokens of the text. All
 * products are estimated in one backward pass. With a scalar head, the cost is an upper bound of the KL of the
 * preference between two texts, sigmoid(r_1 - r_2).
 *
 * @param exact f32, smoothed. @param quantized the same with every product in 8 bits. @param rows of one length.
 */
export async function sensitivities(
  runtime: Runtime,
  config: ModelConfig,
  exact: Weights,
  quantized: Weights,
  rows: readonly (readonly number[])[],
): Promise<Map<string, number>> {
  const network = frozenNetwork(runtime, config, exact);
  const frozen = new Map<string, DeviceBuffer>(exact);
  const inputs: Record<string, InputSpec> = { ...networkInputs(network) };
  for (const [name, buffer] of quantized) {
    if (exact.has(name)) continue;
    frozen.set(name, buffer);
    inputs[name] = { shape: buffer.shape, dtype: buffer.dtype, frozen: true };
  }
  const [B, T] = [rows.length, rows[0].length];
  const tokens = { shape: [B, T], dtype: "i64" } as const;
  const program = trace(
    "int8/sensitivity",
    { ...inputs, ids: tokens, targets: { shape: [B * T], dtype: "i64" } },
    (x) => {
      const products = new Map<string, { y: Tensor; error: Tensor }>();
      const observe = (weight: string, input: Tensor, y: Tensor): void => {
        if (x[int8Names(weight).w8a8.values])
          products.set(weight, { y, error: sub(weightProduct(rounded, weight, input), y) });
      };
      const p: Parameters = { ...networkParameters(network, x), observe };
      const rounded: Parameters = { ...p, tensors: new Map(Object.entries(x)), observe: undefined };
      const hidden = hiddenStates(p, config, x.ids);
      const total =
        config.head === "score"
          ? mul(sum(scalarHead(p, hidden)), PREFERENCE_WEIGHT)
          : sum(tokenLogProbs(logits(p, config, hidden), x.targets));
      const found = gradients(
        total,
        [...products.values()].map(({ y }) => y),
      );
      return Object.fromEntries(
        [...products].map(([weight, { error }], i) => {
          const change = sum(mul(found[i], error), [-1]); // [N]: g . dy
          return [PREFIX + weight, mul(sum(mul(change, change)), 0.5 / (B * T))];
        }),
      );
    },
  );
  const next = rows.flatMap((ids) => [...ids.slice(1), ids[0]]);
  const executable = runtime.compile(program, frozen);
  const out = await executable.run({
    ids: BigInt64Array.from(rows.flat(), BigInt),
    targets: BigInt64Array.from(next, BigInt),
  });
  executable.release();
  return new Map(
    Object.entries(out).map(([weight, value]) => [weight.slice(PREFIX.length), value[0] as number]),
  );
}

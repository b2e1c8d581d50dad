import { linear, type Parameters, parameter } from "../nn/index.js";
import {
  add,
  gelu,
  geluTanh,
  layerNorm,
  mul,
  multiplyDims,
  reshape,
  rmsNorm,
  scoped,
  silu,
  split,
  type Tensor,
} from "../tensor/index.js";
import type { ModelConfig } from "./config.js";
import { expertMlp } from "./experts.js";
import { recomputedWithScores } from "./load-balance.js";
import { attentionWidths, BLOCK_NORMS } from "./weight-names.js";

/** Computes the attention of one layer: [N, H D] from q [N, H D] and k, v [N, KV D]. */
type Attend = (layer: number, q: Tensor, k: Tensor, v: Tensor) => Tensor;

const ACTIVATIONS = { silu, gelu, gelu_tanh: geluTanh };

/** Passes x [N, D] through all blocks and the final norm. */
export function blocks(p: Parameters, config: ModelConfig, x: Tensor, attend: Attend): Tensor {
  const places = BLOCK_NORMS[config.blockNorms ?? "pre"];
  const block = (p: Parameters, layer: number, x: Tensor): Tensor => {
    const at = `model.layers.${layer}`;
    let h = x;
    const part = (name: "attention" | "mlp", compute: (x: Tensor) => Tensor): Tensor =>
      scoped(name, () => {
        const { before, after } = places[name];
        const y = compute(before ? norm(p, config, `${at}.${before}`, h) : h);
        const normed = after ? norm(p, config, `${at}.${after}`, y) : y;
        return config.residualScale === undefined ? normed : mul(normed, config.residualScale);
      });
    const attended = part("attention", (a) => {
      const [q, k, v] = queryKeyValue(p, config, `${at}.self_attn`, a);
      return linear(p, `${at}.self_attn.o_proj`, attend(layer, q, k, v));
    });
    const added = add(attended, h);
    if (!config.parallelResidual) h = added;
    return add(
      part("mlp", (m) => mlp(p, config, `${at}.mlp`, m)),
      added,
    );
  };
  let h = x;
  for (let layer = 0; layer < config.layers; layer++) {
    const input = h;
    h = scoped(`layers.${layer}`, () =>
      p.recompute ? recomputedWithScores(p, (q) => block(q, layer, input)) : block(p, layer, input),
    );
  }
  return norm(p, config, "model.norm", h);
}

/** The norm of that name over the last axis of x. */
function norm(p: Parameters, config: ModelConfig, name: string, x: Tensor): Tensor {
  const weight = parameter(p, `${name}.weight`);
  return scoped(name.slice(name.lastIndexOf(".") + 1), () =>
    config.norm === "layer"
      ? layerNorm(x, weight, parameter(p, `${name}.bias`), config.rmsNormEps)
      : rmsNorm(x, config.unitOffsetNorm ? add(weight, 1) : weight, config.rmsNormEps),
  );
}

/** x [N, D] to q [N, H D] and k, v [N, KV D]; q and k are normed if the model does so. */
function queryKeyValue(p: Parameters, config: ModelConfig, at: string, x: Tensor): [Tensor, Tensor, Tensor] {
  const [queries, keys] = attentionWidths(config);
  const [q, k, v] = config.fusedQkv
    ? split(linear(p, `${at}.qkv_proj`, x), 1, [queries, keys, keys])
    : ["q_proj", "k_proj", "v_proj"].map((name) => linear(p, `${at}.${name}`, x));
  const normed = (name: string, y: Tensor, heads: number): Tensor => {
    if (config.queryKeyNorm !== "head") return norm(p, config, `${at}.${name}`, y);
    const perHead = reshape(y, [multiplyDims(y.shape[0], heads), config.headDim]); // [N H, D]
    return reshape(norm(p, config, `${at}.${name}`, perHead), y.shape);
  };
  if (!config.queryKeyNorm) return [q, k, v];
  return [normed("q_norm", q, config.heads), normed("k_norm", k, config.kvHeads), v];
}

/** x [N, D] to [N, D] over the intermediate width: down(act(gate(x)) up(x)), down(act(up(x))), or a mixture of the former. */
function mlp(p: Parameters, config: ModelConfig, at: string, x: Tensor): Tensor {
  const activation = ACTIVATIONS[config.activation ?? "silu"];
  if (config.experts) return expertMlp(p, config.experts, at, x, activation);
  const inner = (): Tensor => {
    if (config.plainMlp) return activation(linear(p, `${at}.up_proj`, x));
    const { intermediateSize: I } = config;
    const [gate, up] = config.fusedGateUp
      ? split(linear(p, `${at}.gate_up_proj`, x), 1, [I, I])
      : [linear(p, `${at}.gate_proj`, x), linear(p, `${at}.up_proj`, x)];
    return mul(activation(gate), up);
  };
  return linear(p, `${at}.down_proj`, inner());
}

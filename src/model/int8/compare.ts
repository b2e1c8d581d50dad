import type { Parameters } from "../../nn/index.js";
import { adamwSchema } from "../../optim/index.js";
import { RandomStream } from "../../random.js";
import type { DeviceBuffer, Runtime } from "../../runtime/runtime.js";
import {
  argmax,
  cast,
  concat,
  constant,
  equal,
  exp,
  type InputSpec,
  logSoftmax,
  mul,
  neg,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  trace,
} from "../../tensor/index.js";
import { collate } from "../batch.js";
import type { ModelConfig } from "../config.js";
import { frozenNetwork, loraNetwork, type Weights } from "../create.js";
import { hiddenStates, logits, scalarHead } from "../decoder.js";
import { LINEAR_NAMES, networkInputs, networkParameters } from "../network.js";
import { NetworkTrainer } from "../runner.js";
import { batchFeeds, readInputs, readValues } from "../sequence-programs.js";
import { tokenReadings } from "../token-readings.js";

/** How far a quantised base is from the exact one, on some text. */
export interface BaseError {
  tokens: number;
  /** KL(exact || quantised), nats, mean over positions: of the next token or, with a scalar head, of a preference. */
  klPerToken: number;
  /** Share of positions where both find the same token, or the same side of a preference, likeliest. */
  sameTop: number;
  /** Cosine between the gradients of a LoRA adapter on either base; absent where the base is not differentiated. */
  gradientCosine?: number;
}

/** Rows in one run. */
const ROWS = 4;
/** Rows of logits of both bases in memory at once. */
const BLOCK_ROWS = 128;

/**
 * Compares two bases on rows of token ids of one length.
 *
 * @param exact f32, smoothed as `quantized` is, so that an adapter means the same on both.
 */
export async function compareBases(
  runtime: Runtime,
  config: ModelConfig,
  exact: Weights,
  quantized: Weights,
  rows: readonly (readonly number[])[],
  differentiable: boolean,
): Promise<BaseError> {
  const { kl, same, tokens } = await distributions(runtime, config, exact, quantized, rows);
  const error = { tokens, klPerToken: kl / tokens, sameTop: same / tokens };
  if (!differentiable) return error;
  const some = rows.slice(0, ROWS);
  const wanted = await adapterGradient(runtime, config, exact, some);
  return {
    ...error,
    gradientCosine: cosine(wanted, await adapterGradient(runtime, config, quantized, some)),
  };
}

async function distributions(
  runtime: Runtime,
  config: ModelConfig,
  exact: Weights,
  quantized: Weights,
  rows: readonly (readonly number[])[],
): Promise<{ kl: number; same: number; tokens: number }> {
  const networks = {
    exact: frozenNetwork(runtime, config, exact),
    quantized: frozenNetwork(runtime, config, quantized),
  };
  const frozen = new Map<string, DeviceBuffer>();
  const inputs: Record<string, InputSpec> = {};
  for (const [side, network] of Object.entries(networks)) {
    for (const [name, spec] of Object.entries(networkInputs(network))) inputs[`${side}/${name}`] = spec;
    for (const [name, buffer] of network.frozen) frozen.set(`${side}/${name}`, buffer);
  }
  const total = { kl: 0, same: 0, tokens: 0 };
  for (let start = 0; start < rows.length; start += ROWS) {
    const some = rows.slice(start, start + ROWS);
    const shape = [some.length, some[0].length];
    const program = trace("int8/compare", { ...inputs, ids: { shape, dtype: "i64" } }, (x) => {
      const side = (name: keyof typeof networks): Parameters =>
        networkParameters(
          networks[name],
          Object.fromEntries([...networks[name].frozen.keys()].map((key) => [key, x[`${name}/${key}`]])),
        );
      const compare = config.head === "score" ? preferenceDivergence : tokenDivergence;
      return compare(config, side("exact"), side("quantized"), x.ids);
    });
    const executable = runtime.compile(program, frozen);
    const out = await executable.run({ ids: BigInt64Array.from(some.flat(), BigInt) });
    executable.release();
    total.kl += out.kl[0] as number;
    total.same += out.same[0] as number;
    total.tokens += out.count[0] as number;
  }
  return total;
}

/** Sums over what is compared, and how much that is; [1] each. */
interface Divergence extends Record<string, Tensor> {
  kl: Tensor;
  same: Tensor;
  count: Tensor;
}

function tokenDivergence(config: ModelConfig, p: Parameters, q: Parameters, ids: Tensor): Divergence {
  const [a, b] = [hiddenStates(p, config, ids), hiddenStates(q, config, ids)]; // [N, D]
  const N = a.shape[0] as number;
  const blocks: Tensor[] = [];
  for (let start = 0; start < N; start += BLOCK_ROWS) {
    const end = Math.min(N, start + BLOCK_ROWS);
    const logP = logSoftmax(logits(p, config, slice(a, 0, start, end)));
    const logQ = logSoftmax(logits(q, config, slice(b, 0, start, end)));
    const kl = sum(mul(exp(logP), sub(logP, logQ)), [-1]);
    const same = cast(equal(argmax(logP), argmax(logQ)), "f32");
    blocks.push(
      concat(
        [kl, same].map((column) => reshape(column, [end - start, 1])),
        1,
      ),
    );
  }
  const all = sum(concat(blocks, 0), [0]); // [2]
  return { kl: slice(all, 0, 0, 1), same: slice(all, 0, 1, 2), count: constant(Float32Array.of(N), [1]) };
}

/** Preferences sigmoid(r_1 - r_2) between each position of the first half and one of the second. */
function preferenceDivergence(config: ModelConfig, p: Parameters, q: Parameters, ids: Tensor): Divergence {
  const half = Math.floor(((ids.shape[0] as number) * (ids.shape[1] as number)) / 2);
  const preferences = (side: Parameters): Tensor => {
    const rewards = scalarHead(side, hiddenStates(side, config, ids)); // [N]
    const margin = reshape(sub(slice(rewards, 0, 0, half), slice(rewards, 0, half, 2 * half)), [half, 1]);
    return logSoftmax(
      concat(
        [margin, neg(margin)].map((x) => mul(x, 0.5)),
        1,
      ),
    ); // log sigmoid(+-margin)
  };
  const [logP, logQ] = [preferences(p), preferences(q)];
  const same = cast(equal(argmax(logP), argmax(logQ)), "f32");
  const kl = sum(mul(exp(logP), sub(logP, logQ)));
  return {
    kl: reshape(kl, [1]),
    same: reshape(sum(same), [1]),
    count: constant(Float32Array.of(half), [1]),
  };
}

/** The gradient of -log p of the rows by an adapter with small random matrices, [parameters]. */
async function adapterGradient(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  rows: readonly (readonly number[])[],
): Promise<Float32Array> {
  const lora = { r: 8, alpha: 8, targets: LINEAR_NAMES };
  const network = loraNetwork(runtime, config, base, lora, 0);
  for (const { name } of network.trainable.specs)
    new RandomStream(0, `int8/compare/${name}`).fillNormal(
      network.trainable.byName.get(name)?.data() as Float32Array,
      0.01,
    );
  const trainer = new NetworkTrainer(runtime, network, adamwSchema.parse({}));
  const sequences = rows.map((ids) => ({ ids, read: ids.map(() => true) }));
  const batch = collate(sequences, 0, rows.length, rows[0].length);
  await trainer.backward(
    "int8/gradient",
    { ...readInputs(batch), weights: { shape: [batch.weights.length], dtype: "f32" } },
    (p, x) => {
      const read =
        config.head === "score"
          ? readValues(p, config, x)
          : tokenReadings(p, config, x, { differentiable: true }).logProbs;
      return { loss: mul(neg(sum(mul(read, x.weights))), 1 / batch.count) };
    },
    { ...batchFeeds(batch), weights: batch.weights },
  );
  return trainer.gradients.flat.data() as Float32Array;
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [ab, aa, bb] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    ab += a[i] * b[i];
    aa += a[i] * a[i];
    bb += b[i] * b[i];
  }
  return ab / Math.sqrt(aa * bb);
}

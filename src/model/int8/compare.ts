import { elementCount } from "../../base/element-count.js";
import { RandomStream } from "../../base/random.js";
import type { Parameters } from "../../nn/index.js";
import { adamwSchema } from "../../optim/index.js";
import { readFloats } from "../../runtime/read.js";
import type { DeviceBuffer, Executable, FrozenWeights, HostArray, Runtime } from "../../runtime/runtime.js";
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
  type Program,
  reshape,
  slice,
  sub,
  sum,
  type Tensor,
  trace,
} from "../../tensor/index.js";
import { chunks, collate } from "../batch.js";
import type { ModelConfig } from "../config.js";
import { frozenNetwork, loraNetwork } from "../create.js";
import { hiddenStates, logits, scalarHead } from "../decoder.js";
import type { Model } from "../learner.js";
import { LINEAR_NAMES, networkInputs, networkParameters, type Weights } from "../network.js";
import { NetworkTrainer } from "../runner.js";
import { readValues } from "../sequence-programs.js";
import { tokenReadings } from "../token-readings.js";
import { type TokensRead, type Traced, tokensRead } from "../values.js";
import type { BaseError } from "./quantized-base.js";

/** Rows in one run. */
const ROWS = 4;
/** Rows of logits of both bases that are in memory at once. */
const BLOCK_ROWS = 128;

/** Compares 8-bit bases with the exact one on some text. The results of the exact one are computed once. */
export class BaseComparison {
  private readonly chunks: readonly (readonly (readonly number[])[])[];
  private hidden?: Promise<Float32Array[]>;
  private gradient?: Promise<Float32Array>;

  /**
   * @param exact the base itself, f32, without smoothing: adapters are adjusted to what is smoothed, so they have the
   * same effect on all.
   * @param rows token ids, all of one length.
   */
  constructor(
    private readonly runtime: Runtime,
    private readonly config: ModelConfig,
    private readonly exact: Weights,
    private readonly rows: readonly (readonly number[])[],
  ) {
    this.chunks = chunks(rows, ROWS);
  }

  /** The error of a base relative to the exact one. @param differentiable whether to compare gradients as well. */
  async error(quantized: Weights, differentiable: boolean): Promise<BaseError> {
    const { kl, same, count } = await this.divergence(quantized);
    const error = { tokens: count, klPerToken: kl / count, sameTop: same / count };
    return differentiable ? { ...error, gradientCosine: await this.gradientCosine(quantized) } : error;
  }

  /** Only the `gradientCosine` of the error. */
  async gradientCosine(quantized: Weights): Promise<number> {
    const { runtime, config, exact, rows } = this;
    this.gradient ??= adapterGradient(runtime, config, exact, rows);
    const exactly = await this.gradient;
    return cosine(exactly, await adapterGradient(runtime, config, quantized, rows));
  }

  private async divergence(quantized: Weights): Promise<Record<keyof Divergence, number>> {
    const { runtime, config, exact } = this;
    const networks = {
      exact: frozenNetwork(runtime, config, exact),
      quantized: frozenNetwork(runtime, config, quantized),
    };
    const weights: Record<string, InputSpec> = {};
    const frozen = new Map<string, DeviceBuffer>();
    for (const [side, network] of Object.entries(networks)) {
      for (const [name, spec] of Object.entries(networkInputs(network))) weights[`${side}/${name}`] = spec;
      for (const [name, buffer] of network.frozen) frozen.set(`${side}/${name}`, buffer);
    }
    const compare = config.head === "score" ? preferenceDivergence : tokenDivergence;
    const programs = new ProgramsByShape(runtime, frozen, ([B, T]) =>
      trace(
        "int8/compare",
        {
          ...weights,
          ids: { shape: [B, T], dtype: "i64" },
          hidden: { shape: [B * T, config.hiddenSize], dtype: "f32" },
        },
        (x) => {
          const side = (name: keyof typeof networks): Parameters =>
            networkParameters(
              networks[name],
              Object.fromEntries([...networks[name].frozen.keys()].map((key) => [key, x[`${name}/${key}`]])),
            );
          const [p, q] = [side("exact"), side("quantized")];
          return compare(config, p, q, x.hidden, hiddenStates(q, config, x.ids));
        },
      ),
    );
    this.hidden ??= this.exactHidden();
    const hidden = await this.hidden;
    const total = { kl: 0, same: 0, count: 0 };
    for (const [i, some] of this.chunks.entries()) {
      const out = await programs.run(some, { hidden: hidden[i] });
      for (const key of ["kl", "same", "count"] as const) total[key] += out[key][0] as number;
    }
    programs.release();
    return total;
  }

  /** Hidden states of the exact base, [B T, D] for each run. */
  private async exactHidden(): Promise<Float32Array[]> {
    const { runtime, config } = this;
    const network = frozenNetwork(runtime, config, this.exact);
    const programs = new ProgramsByShape(runtime, network.frozen, (shape) =>
      trace("int8/exact", { ...networkInputs(network), ids: { shape, dtype: "i64" } }, (x) => ({
        hidden: hiddenStates(networkParameters(network, x), config, x.ids),
      })),
    );
    const hidden: Float32Array[] = [];
    for (const some of this.chunks) hidden.push((await programs.run(some)).hidden as Float32Array);
    programs.release();
    return hidden;
  }
}

/** A program over token ids [B, T], compiled once for each shape. */
class ProgramsByShape {
  private readonly compiled = new Map<string, Executable>();

  constructor(
    private readonly runtime: Runtime,
    private readonly frozen: FrozenWeights,
    private readonly traced: (shape: readonly [number, number]) => Program,
  ) {}

  run(rows: readonly (readonly number[])[], feeds: Record<string, HostArray> = {}) {
    const shape = [rows.length, rows[0].length] as const;
    let executable = this.compiled.get(`${shape}`);
    if (!executable)
      this.compiled.set(`${shape}`, (executable = this.runtime.compile(this.traced(shape), this.frozen)));
    return executable.run({ ...feeds, ids: BigInt64Array.from(rows.flat(), BigInt) });
  }

  release(): void {
    for (const executable of this.compiled.values()) executable.release();
  }
}

/** Sums over the compared positions or preferences, and their number; [1] each. */
interface Divergence extends Record<string, Tensor> {
  kl: Tensor;
  same: Tensor;
  count: Tensor;
}

/** Compares the distributions of the next token under the parameters p and q, from hidden states a and b [N, D]. */
function tokenDivergence(
  config: ModelConfig,
  p: Parameters,
  q: Parameters,
  a: Tensor,
  b: Tensor,
): Divergence {
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

/** Compares preferences sigmoid(r_1 - r_2), each between a position of the first half and one of the second. */
function preferenceDivergence(
  _config: ModelConfig,
  p: Parameters,
  q: Parameters,
  a: Tensor,
  b: Tensor,
): Divergence {
  const half = Math.floor((a.shape[0] as number) / 2);
  const preferences = (side: Parameters, hidden: Tensor): Tensor => {
    const rewards = scalarHead(side, hidden); // [N]
    const margin = reshape(sub(slice(rewards, 0, 0, half), slice(rewards, 0, half, 2 * half)), [half, 1]);
    return logSoftmax(
      concat(
        [margin, neg(margin)].map((x) => mul(x, 0.5)),
        1,
      ),
    ); // log sigmoid(+-margin)
  };
  const [logP, logQ] = [preferences(p, a), preferences(q, b)];
  const same = cast(equal(argmax(logP), argmax(logQ)), "f32");
  const kl = sum(mul(exp(logP), sub(logP, logQ)));
  return {
    kl: reshape(kl, [1]),
    same: reshape(sum(same), [1]),
    count: constant(Float32Array.of(half), [1]),
  };
}

/**
 * The gradient of -log p over all rows together with respect to an adapter with small random matrices, [parameters].
 */
async function adapterGradient(
  runtime: Runtime,
  config: ModelConfig,
  base: Weights,
  rows: readonly (readonly number[])[],
): Promise<Float32Array> {
  const lora = { r: 8, alpha: 8, targets: LINEAR_NAMES };
  const network = loraNetwork(runtime, config, base, lora, 0);
  for (const [name, buffer] of network.trainable.byName) {
    const values = new Float32Array(elementCount(buffer.shape));
    await buffer.write(new RandomStream(0, `int8/compare/${name}`).fillNormal(values, 0.01));
  }
  const trainer = new NetworkTrainer(runtime, network, adamwSchema.parse({}));
  const sequences = rows.map((ids) => ({ ids, lossMask: ids.map(() => true) }));
  for (const some of chunks(sequences, ROWS)) {
    const batch = collate(some, 0, some.length, rows[0].length);
    await trainer.differentiate(negativeSum, tokensRead(batch), { scale: 1 / rows.length });
  }
  return readFloats(trainer.gradients.flat);
}

/** Negative sum of log-probabilities, or of the values of a scalar head if the model has one. */
function negativeSum(model: Model, x: Traced<TokensRead>, { scale }: { scale: number }) {
  const read =
    model.config.head === "score"
      ? readValues(model, x)
      : tokenReadings(model, x, { differentiable: true }).logProbs;
  return { loss: mul(neg(sum(mul(read, x.weights))), scale) };
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

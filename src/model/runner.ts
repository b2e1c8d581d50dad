import type { Parameters } from "../nn/index.js";
import { AdamW, type AdamwConfig } from "../optim/index.js";
import type { DeviceBuffer, Feed, HostArray, Runtime } from "../runtime/runtime.js";
import { add, gradients, type InputSpec, type Program, type Tensor, trace } from "../tensor/index.js";
import {
  type FlatParameters,
  likeParameters,
  type Network,
  networkFeeds,
  networkInputs,
  networkParameters,
} from "./network.js";

export type Inputs = Readonly<Record<string, InputSpec>>;
export type Tensors = Readonly<Record<string, Tensor>>;
export type Feeds = Readonly<Record<string, Feed>>;

/** What a network computes on some data. */
export type Forward = (p: Parameters, x: Tensors) => Readonly<Record<string, Tensor>>;
/** A loss (scalar) and metrics, from a network and some data. */
export type Loss = (
  p: Parameters,
  x: Tensors,
) => Readonly<Record<string, Tensor>> & { readonly loss: Tensor };

const shapeKey = (inputs: Inputs): string =>
  Object.entries(inputs)
    .map(([name, spec]) => `${name}[${spec.shape}]`)
    .join();

/** Runs functions of one network; each (name, shapes) is traced and compiled once. */
export class NetworkRunner {
  protected readonly programs = new Map<string, Program>();

  constructor(
    readonly runtime: Runtime,
    readonly network: Network,
  ) {}

  /** Evaluates `build` on data. `name` stands for the function: one name, one function. */
  forward(name: string, inputs: Inputs, build: Forward, feeds: Feeds): Promise<Record<string, HostArray>> {
    const key = `${name} ${shapeKey(inputs)}`;
    let program = this.programs.get(key);
    if (!program) {
      program = trace(name, { ...networkInputs(this.network), ...inputs }, (x) =>
        build(networkParameters(this.network, x), x),
      );
      this.programs.set(key, program);
    }
    const executable = this.runtime.compile(program, this.network.frozen);
    return executable.run({ ...networkFeeds(this.network), ...feeds });
  }
}

const gradientName = (name: string): string => `gradient.${name}`;

export interface TrainerConfig extends AdamwConfig {
  /** Keep only each block's input for the backward pass, and compute the rest of the block again. */
  readonly recompute?: boolean;
}

/** Adds training to a network: gradients of its trainable parameters and AdamW over them. */
export class NetworkTrainer extends NetworkRunner {
  private readonly recompute: boolean;
  readonly gradients: FlatParameters;
  readonly optimizer: AdamW;
  private readonly gradientBuffers: Record<string, DeviceBuffer>;
  private accumulated = 0;

  constructor(runtime: Runtime, network: Network, config: TrainerConfig) {
    super(runtime, network);
    this.recompute = config.recompute ?? false;
    this.gradients = likeParameters(runtime, network.trainable);
    this.optimizer = new AdamW(runtime, network.trainable, this.gradients.flat, config);
    this.gradientBuffers = Object.fromEntries(
      [...this.gradients.byName].map(([name, buffer]) => [gradientName(name), buffer]),
    );
  }

  /**
   * Computes a loss and its gradients. Called again before `update`, it adds: a batch may come in parts. For the sum
   * to be the whole batch's gradient, each part's loss must be divided by the whole batch's count, not its own.
   *
   * @returns the loss and metrics of `build`.
   */
  async backward(
    name: string,
    inputs: Inputs,
    build: Loss,
    feeds: Feeds,
  ): Promise<Record<string, HostArray>> {
    const adding = this.accumulated > 0;
    const key = `${name} ${adding ? "adding" : ""} ${shapeKey(inputs)}`;
    let program = this.programs.get(key);
    if (!program) {
      program = this.traceGradients(name, inputs, build, adding);
      this.programs.set(key, program);
    }
    const executable = this.runtime.compile(program, this.network.frozen);
    const all = { ...networkFeeds(this.network), ...feeds };
    const out = adding
      ? await executable.run({ ...all, ...this.gradientBuffers })
      : await executable.run(all, this.gradientBuffers);
    this.accumulated++;
    return out;
  }

  private traceGradients(name: string, inputs: Inputs, build: Loss, adding: boolean): Program {
    const { network } = this;
    const names = [...network.trainable.byName.keys()];
    const sums: Record<string, InputSpec> = {};
    for (const [key, buffer] of this.gradients.byName)
      sums[gradientName(key)] = { shape: buffer.shape, dtype: "f32" };
    return trace(name, { ...networkInputs(network), ...inputs, ...(adding ? sums : {}) }, (x) => {
      const p = { ...networkParameters(network, x), recompute: this.recompute };
      const outputs: Record<string, Tensor> = { ...build(p, x) };
      const found = gradients(
        outputs.loss,
        names.map((key) => x[key]),
      );
      names.forEach((key, i) => {
        const target = gradientName(key);
        outputs[target] = adding ? add(found[i], x[target]) : found[i];
      });
      return outputs;
    });
  }

  /** One optimiser step from the accumulated gradients. @returns their global norm. */
  update(learningRate: number): Promise<number> {
    this.accumulated = 0;
    return this.optimizer.step(learningRate);
  }
}

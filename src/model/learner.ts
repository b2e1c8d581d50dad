/**
 * The interface between algorithms and a network: it computes functions, and learns from losses. The implementation may
 * be a network in this process or elsewhere.
 */
import type { Parameters } from "../nn/index.js";
import type { HostArray } from "../runtime/runtime.js";
import type { Tensor } from "../tensor/index.js";
import type { ModelConfig } from "./config.js";
import type { Traced, Values } from "./values.js";

/** A network inside a traced function: its parameters as tensors, and its configuration. */
export interface Model extends Parameters {
  readonly config: ModelConfig;
}

/** What a function is compiled for, besides the shapes of its values: other settings make another program. */
export type Settings = Readonly<Record<string, string | number | boolean | null>>;

/** Results of a traced function by name. */
export type Outputs = Readonly<Record<string, Tensor>>;

/** A function of a network and of some values. It depends only on its arguments. */
export type TracedFunction<V extends Values, S extends Settings, O extends Outputs = Outputs> = (
  model: Model,
  x: Traced<V>,
  settings: S,
) => O;

/** A loss [], and further outputs to report. */
export type TracedLoss<
  V extends Values,
  S extends Settings,
  O extends Outputs & { readonly loss: Tensor } = { readonly loss: Tensor },
> = TracedFunction<V, S, O>;

/** The outputs of a function as arrays. */
export type Arrays<O extends Outputs> = { readonly [K in keyof O]: HostArray };

/** A network that is read and never changed: it computes functions of its outputs. */
export interface Scorer {
  readonly config: ModelConfig;
  /** Computes a function of the network, which is compiled once for each function, shapes of values and settings. */
  evaluate<V extends Values, S extends Settings, O extends Outputs>(
    f: TracedFunction<NoInfer<V>, NoInfer<S>, O>,
    values: V,
    settings: S,
  ): Promise<Arrays<O>>;
}

/** A network whose parameters are trained: gradients of losses are summed until an update uses them. */
export interface Learner extends Scorer {
  /**
   * Computes a loss and adds its gradients to those since the last update, so that a batch may come in parts. For the
   * sum to be the whole batch's gradient, each part's loss must be divided by the whole batch's count, not its own.
   */
  differentiate<V extends Values, S extends Settings, O extends Outputs & { readonly loss: Tensor }>(
    loss: TracedLoss<NoInfer<V>, NoInfer<S>, O>,
    values: V,
    settings: S,
  ): Promise<Arrays<O>>;
  /** One optimiser step from the gradients so far. @returns their global norm. */
  update(learningRate: number): Promise<number>;
}

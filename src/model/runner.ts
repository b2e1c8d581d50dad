import { AdamW, type AdamwConfig } from "../optim/index.js";
import type { DeviceBuffer, Feed, Runtime } from "../runtime/runtime.js";
import { add, gradients, type InputSpec, type Program, type Tensor, trace } from "../tensor/index.js";
import type { ModelConfig } from "./config.js";
import type {
  Arrays,
  Learner,
  Model,
  Outputs,
  Scorer,
  Settings,
  TracedFunction,
  TracedLoss,
} from "./learner.js";
import {
  type FlatParameters,
  likeParameters,
  type Network,
  networkFeeds,
  networkInputs,
  networkParameters,
} from "./network.js";
import type { Traced, Values } from "./values.js";

/** The settings, and the shapes and types of the values, for which a program is compiled, as one string. */
function variantOf(values: Values, settings: Settings): string {
  const set = Object.entries(settings).map(([name, value]) => `${name}=${typeof value}:${value}`);
  const shapes = Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}:${value.dtype}[${value.shape}]`],
  );
  return [...set.sort(), ...shapes.sort()].join("; ");
}

const specsOf = (values: Values): Record<string, InputSpec> =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Record<
    string,
    InputSpec
  >;

const feedsOf = (values: Values): Record<string, Feed> =>
  Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value.data]])),
  );

/**
 * A network in this process. Each function is traced and compiled once for its settings and the shapes of its values.
 */
export class NetworkRunner implements Scorer {
  private readonly programs = new WeakMap<object, Map<string, Program>>();

  constructor(
    readonly runtime: Runtime,
    readonly network: Network,
  ) {}

  get config(): ModelConfig {
    return this.network.config;
  }

  async evaluate<V extends Values, S extends Settings, O extends Outputs>(
    f: TracedFunction<NoInfer<V>, NoInfer<S>, O>,
    values: V,
    settings: S,
  ): Promise<Arrays<O>> {
    const program = this.compiled(f, variantOf(values, settings), () =>
      trace(f.name, { ...networkInputs(this.network), ...specsOf(values) }, (x) =>
        f(this.model(x), x as Traced<V>, settings),
      ),
    );
    const executable = this.runtime.compile(program, this.network.frozen);
    return (await executable.run({ ...networkFeeds(this.network), ...feedsOf(values) })) as Arrays<O>;
  }

  protected model(x: Readonly<Record<string, Tensor>>): Model {
    return { ...networkParameters(this.network, x), config: this.config };
  }

  protected compiled(f: object, variant: string, make: () => Program): Program {
    const own = this.programs.get(f) ?? new Map<string, Program>();
    this.programs.set(f, own);
    const program = own.get(variant) ?? make();
    own.set(variant, program);
    return program;
  }
}

const gradientName = (name: string): string => `gradient.${name}`;

/** How a network is trained: its optimiser, and what is kept for the backward pass. */
export interface TrainerConfig extends AdamwConfig {
  /** Keeps only each block's input for the backward pass, and recomputes the rest of the block. */
  readonly recompute?: boolean;
  /**
   * Calls of `differentiate` that may run at once, default 1. Each has its own gradients, which are summed before an
   * update: the n-th call since the last update adds to gradients n modulo `parallel`, so that sums do not depend on
   * the order in which calls finish.
   */
  readonly parallel?: number;
}

/** Gradients to which successive calls of `differentiate` add. */
interface Lane {
  readonly gradients: FlatParameters;
  readonly buffers: Record<string, DeviceBuffer>;
  /** Calls since the last update. */
  calls: number;
  /** Settles when the last of these calls has ended. */
  idle: Promise<unknown>;
}

/** A trainable network in this process: gradients of its trainable parameters, and AdamW over them. */
export class NetworkTrainer extends NetworkRunner implements Learner {
  private readonly recompute: boolean;
  readonly gradients: FlatParameters;
  readonly optimizer: AdamW;
  private readonly lanes: Lane[] = [];
  private readonly parallel: number;
  private readonly sumProgram = gradientSum();
  private calls = 0;

  constructor(runtime: Runtime, network: Network, config: TrainerConfig) {
    super(runtime, network);
    this.recompute = config.recompute ?? false;
    this.parallel = config.parallel ?? 1;
    this.gradients = likeParameters(runtime, network.trainable);
    this.optimizer = new AdamW(runtime, network.trainable, this.gradients.flat, config);
    this.lanes.push(laneOf(this.gradients));
  }

  differentiate<V extends Values, S extends Settings, O extends Outputs & { readonly loss: Tensor }>(
    loss: TracedLoss<NoInfer<V>, NoInfer<S>, O>,
    values: V,
    settings: S,
  ): Promise<Arrays<O>> {
    const index = this.calls++ % this.parallel;
    this.lanes[index] ??= laneOf(likeParameters(this.runtime, this.network.trainable));
    const lane = this.lanes[index];
    const done = lane.idle.then(() => this.differentiateIn(lane, index, loss, values, settings));
    lane.idle = done.catch(() => {});
    return done;
  }

  private async differentiateIn<
    V extends Values,
    S extends Settings,
    O extends Outputs & { readonly loss: Tensor },
  >(lane: Lane, index: number, loss: TracedLoss<V, S, O>, values: V, settings: S): Promise<Arrays<O>> {
    const adding = lane.calls > 0;
    // A program runs once at a time, so each lane has its own.
    const variant = `${adding ? "adding" : "first"} ${index}; ${variantOf(values, settings)}`;
    const program = this.compiled(loss, variant, () =>
      this.traceGradients(loss.name, specsOf(values), adding, (model, x) =>
        loss(model, x as Traced<V>, settings),
      ),
    );
    const executable = this.runtime.compile(program, this.network.frozen);
    const feeds = { ...networkFeeds(this.network), ...feedsOf(values) };
    const out = adding
      ? await executable.run({ ...feeds, ...lane.buffers })
      : await executable.run(feeds, lane.buffers);
    lane.calls++;
    return out as Arrays<O>;
  }

  private traceGradients(
    name: string,
    inputs: Readonly<Record<string, InputSpec>>,
    adding: boolean,
    build: (model: Model, x: Readonly<Record<string, Tensor>>) => Outputs & { readonly loss: Tensor },
  ): Program {
    const { network } = this;
    const names = [...network.trainable.byName.keys()];
    const sums: Record<string, InputSpec> = {};
    for (const [key, buffer] of this.gradients.byName)
      sums[gradientName(key)] = { shape: buffer.shape, dtype: "f32" };
    return trace(name, { ...networkInputs(network), ...inputs, ...(adding ? sums : {}) }, (x) => {
      const outputs: Record<string, Tensor> = {
        ...build({ ...this.model(x), recompute: this.recompute }, x),
      };
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

  async update(learningRate: number): Promise<number> {
    const [first, ...others] = this.lanes;
    await Promise.all(this.lanes.map(({ idle }) => idle));
    for (const lane of others) {
      if (lane.calls > 0)
        await this.runtime
          .compile(this.sumProgram)
          .run({ sum: first.gradients.flat, other: lane.gradients.flat });
    }
    for (const lane of this.lanes) lane.calls = 0;
    this.calls = 0;
    return this.optimizer.step(learningRate);
  }
}

/** Adds one lane's gradients to another's, in place. */
function gradientSum(): Program {
  const vector = { shape: ["n"], dtype: "f32" } as const;
  return trace("gradient-sum", { sum: vector, other: vector }, (x) => ({ sum: add(x.sum, x.other) }));
}

function laneOf(gradients: FlatParameters): Lane {
  const named = [...gradients.byName].map(([name, buffer]) => [gradientName(name), buffer] as const);
  return { gradients, buffers: Object.fromEntries(named), calls: 0, idle: Promise.resolve() };
}

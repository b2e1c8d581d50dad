/**
 * A training method as a record of what a run needs in addition to its algorithm, and the run itself. Command, help,
 * recipe keys, forecast, checkpoints and resuming follow from the record.
 */
import type { z } from "zod";
import { checkWritable } from "../artifacts/index.js";
import { untrainedRouting } from "../model/experts.js";
import type { LoraConfig } from "../model/network.js";
import type { BaseReport, BaseSettings } from "../open/base-precision.js";
import type { ChatTemplateSettings } from "../open/model-settings.js";
import { checkResize } from "../open/resize.js";
import type { CountingRuntime } from "../runtime/counting-runtime.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { checkOut, chosenBase, openBase, type TrainingBase } from "./base.js";
import type { ModelShape } from "./dry-run.js";
import type { TrainingHost } from "./host.js";
import { type Fitted, fitMemory, type MemorySettings } from "./memory-fit.js";
import type { RunSettings } from "./settings.js";
import { type RunCost, type TrainingLoop, withSession } from "./training-loop.js";

/** Settings of every method, in its schema next to its algorithm's own. */
export interface MethodSettings extends RunSettings, MemorySettings, BaseSettings, ChatTemplateSettings {
  model: string;
  adapter: string[];
  /** Whether tokens of the tokenizer that have no row in the model get one. */
  resize: boolean;
  data: string[];
  /** A project of the database, instead of files. */
  project?: string | undefined;
  limit?: number | undefined;
  lora: LoraConfig | null;
  /** Longest text in tokens, if the method cuts texts. */
  maxLength?: number;
}

/** The model that rows are encoded for. */
export interface Reader {
  tokenizer: Tokenizer;
  /** The model's context length in tokens. */
  context: number;
}

/** Rows encoded for a method to train on. */
export interface Encoded {
  /** Token ids of the training data, on which a base in 8 bits is calibrated. */
  texts: readonly (readonly number[])[];
  /** Messages about the rows: how many there are, how many were left out. */
  said: readonly string[];
  warnings?: readonly string[];
}

/** A run of a method, ready to begin. */
export interface Job<Config, Data> {
  runtime: Runtime;
  base: TrainingBase;
  data: Data;
  config: Config;
  session: TrainingLoop;
  host: TrainingHost;
}

/** How long training takes: its steps, and the mean floating-point operations of matrix products per step. */
export interface Foresight {
  steps: number;
  stepFlops: number;
}

/** A training method: what a run of it needs in addition to its algorithm. */
export interface Method<
  S extends z.ZodObject = z.ZodObject,
  Rows = unknown,
  Data extends Encoded = Encoded,
  Figures extends object = object,
> {
  /** Name of the command, and of a run without a name of its own: `sft`. */
  name: string;
  description: string;
  /** Whether it adds the loss that balances a mixture's routers; of others a warning says that it is missing. */
  balancesRouters?: boolean;
  examples: readonly { command: string; does: string }[];
  schema: S;
  /**
   * Reads what the settings name, before a model is opened.
   *
   * @param warn receives which columns of the data are not read. @throws PlumbError if something is missing or wrong.
   */
  read(config: z.output<S>, warn: (message: string) => void): Promise<Rows>;
  /** @param config its maxLength is at most the context. @throws PlumbError if nothing is left to train on. */
  encode(rows: Rows, reader: Reader, config: z.output<S>): Data;
  /** Counts the step that needs most memory, without computing it. */
  heaviest(
    model: ModelShape,
    data: Data,
    config: Fitted<z.output<S> & MemorySettings>,
  ): Promise<CountingRuntime>;
  foresee(
    model: ModelShape,
    data: Data,
    config: Fitted<z.output<S> & MemorySettings>,
    heaviest: CountingRuntime,
  ): Promise<Foresight>;
  /** Trains, measures and saves to `session.out`. @returns undefined after an interruption, with everything saved. */
  run(job: Job<Fitted<z.output<S> & MemorySettings>, Data>): Promise<Figures | undefined>;
  /** The lines of the report: names and texts. */
  report(result: Figures): readonly (readonly [name: string, text: string])[];
}

/** Declares a method; the schema gives its functions the type of their config. */
export const defineMethod = <S extends z.ZodObject, Rows, Data extends Encoded, Figures extends object>(
  method: Method<S, Rows, Data, Figures>,
): Method<S, Rows, Data, Figures> => method;

/** Result of a training: the method's figures, the cost, and where the model is. */
export type Trained<Figures extends object> = Figures &
  RunCost & {
    command: string;
    name: string;
    base: BaseReport;
    /** The folder of the trained model. */
    model: string;
  };

/** Trains with a method. @returns the run's result; undefined when it was interrupted. */
export async function train<S extends z.ZodObject, Rows, Data extends Encoded, Figures extends object>(
  method: Method<S, Rows, Data, Figures>,
  settings: z.output<S> & MethodSettings,
  host: TrainingHost,
): Promise<Trained<Figures> | undefined> {
  const { runtime } = host;
  // 1. Whatever can be checked is checked before a model is opened.
  if (!settings.resume) await checkWritable(settings.runs, "runs");
  await checkOut(settings.out, settings.resume);
  checkResize(settings);
  const rows = await method.read(settings, host.warn);

  // 2. The base, and the rows as its tokens.
  const opened = await openBase(runtime, settings, host);
  for (const warning of untrainedRouting(opened.config, method.balancesRouters ?? false)) host.warn(warning);
  const reader = { tokenizer: opened.tokenizer, context: opened.config.maxPositions };
  const wanted = withinContext(settings, reader.context);
  const data = method.encode(rows, reader, wanted);
  for (const warning of data.warnings ?? []) host.warn(warning);
  for (const line of data.said) host.info(line);

  // 3. The precision of the base, and settings that fit the memory.
  const { base, report } = await chosenBase(runtime, opened, wanted, data.texts, host);
  const config = await fitMemory(wanted, (trial) => method.heaviest(base, data, trial), host);

  // 4. The run.
  return withSession(host, method, settings, async (session) => {
    await session.checkRows(rows, settings.project !== undefined);
    const figures = await method.run({ runtime, base, data, config, session, host });
    if (figures === undefined) return undefined;
    const about = { command: method.name, name: session.run.name };
    const result = { ...about, ...figures, base: report, model: session.out, ...(await session.cost()) };
    await session.run.writeResult(result);
    return result;
  });
}

/** The settings with maxLength at most the context, if the method cuts texts. */
export const withinContext = <C extends { maxLength?: number }>(config: C, context: number): C =>
  config.maxLength === undefined ? config : { ...config, maxLength: Math.min(config.maxLength, context) };

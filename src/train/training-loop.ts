/**
 * One training run: its folder, the loop over steps, checkpoints, interruption, and errors when numbers go wrong. The
 * methods add what is trained and what is reported.
 */
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Rollout } from "../algorithms/rollout.js";
import type { Step } from "../algorithms/step.js";
import { type Json, Run, unusedRunName } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import { formatNumber } from "../base/format.js";
import type { LiveMetrics } from "../base/host.js";
import type { Network } from "../model/network.js";
import type { NetworkTrainer } from "../model/runner.js";
import { networkTensors, restoreNetwork, restoreTrainer, trainerTensors } from "../model/trainer-state.js";
import { NonFiniteGradient } from "../optim/index.js";
import { dataChanges, dataDigest, dataDigestSchema } from "./data-digest.js";
import type { TrainingHost } from "./host.js";
import { MAY_CHANGE, type RunSettings } from "./settings.js";
import { doubtOfWarmup } from "./warmup.js";

/** What a method tells the loop of a run. */
export interface TrainingPlan<R extends Rollout = Rollout> {
  trainers: Readonly<Record<string, NetworkTrainer>>;
  /** Networks that change during the run and are not trained. */
  kept?: Readonly<Record<string, Network>>;
  /** Steps of the whole run. */
  steps: number;
  /** Those of its beginning in which the learning rate rises from 0. */
  warmup: number;
  unit: string;
  /** The figures next to the progress bar. */
  figures(metrics: Readonly<Record<string, number>>): LiveMetrics;
  /** A doubt about the step, if there is one; the first of a run is said. */
  doubt?(metrics: Readonly<Record<string, number>>): string | undefined;
  /** The algorithm's own state, for checkpoints. */
  state?(): Json;
  /** A response as samples.jsonl shows it. */
  shown?(rollout: R): object;
}

/** Responses per step in samples.jsonl. */
const SAMPLES_A_STEP = 4;

/** Time and memory of a run, which differ between repetitions of it. */
export interface RunCost {
  trainingSeconds: number;
  tokensPerSecond: number;
  peakMemoryMb: number;
}

const stateSchema = z.object({
  updates: z.record(z.string(), z.number().int().nonnegative()),
  algorithm: z.json(),
  notes: z.record(z.string(), z.json()),
  stopped: z.string().nullable(),
});

/** An interval as stored in a checkpoint: JSON writes null for an infinite end. */
export const intervalSchema = z.looseObject({
  estimate: z.number(),
  low: z
    .number()
    .nullable()
    .transform((end) => end ?? Number.NEGATIVE_INFINITY),
  high: z
    .number()
    .nullable()
    .transform((end) => end ?? Number.POSITIVE_INFINITY),
});

/** One run of training: steps, checkpoints, interruption and resuming, the same for every method. */
export class TrainingLoop {
  /** Steps done so far, by this process or an earlier one. */
  step = 0;
  /** Why the run ended before its last step. */
  stopped: string | undefined;
  private notes: Record<string, Json> = {};
  private readonly saved: z.infer<typeof stateSchema> | undefined;

  constructor(
    private readonly host: TrainingHost,
    readonly run: Run,
    private readonly settings: RunSettings,
  ) {
    if (!run.checkpoint) return;
    this.saved = stateSchema.parse(run.checkpoint.state);
    this.step = run.checkpoint.step;
    this.notes = this.saved.notes;
    this.stopped = this.saved.stopped ?? undefined;
    host.info(`${run.name}: going on after step ${this.step}`);
  }

  /** Where the trained model goes. */
  get out(): string {
    return this.settings.out ?? join(this.run.dir, "model");
  }

  /** What the plan's `state` returned when the checkpoint was saved. */
  get algorithmState(): Json | undefined {
    return this.saved?.algorithm;
  }

  /** Restores trainers, and networks that change beside them, from the checkpoint, if there is one. */
  async restore(trainers: TrainingPlan["trainers"], kept: TrainingPlan["kept"] = {}): Promise<void> {
    if (!this.saved || !this.run.checkpoint) return;
    for (const [name, trainer] of Object.entries(trainers)) {
      await restoreTrainer(name, trainer, this.run.checkpoint.tensors, this.saved.updates[name] ?? 0);
    }
    for (const [name, network] of Object.entries(kept))
      await restoreNetwork(name, network, this.run.checkpoint.tensors);
  }

  /**
   * A small value that a resumed run needs again, such as figures from before training: made once, then read from the
   * checkpoint.
   */
  async note<T>(key: string, schema: z.ZodType<T>, make: () => Promise<unknown>): Promise<T> {
    this.notes[key] ??= JSON.parse(JSON.stringify(await make())) as Json;
    return schema.parse(this.notes[key]);
  }

  /**
   * @param project whether the rows come from a project. @throws PlumbError saying what changed, if a resumed run gets other
   * rows than it began with: another file under the same name, or votes that have been cast since.
   */
  async checkRows(rows: unknown, project: boolean): Promise<void> {
    const now = dataDigest(rows);
    const before = await this.note("data", dataDigestSchema, async () => now);
    const changes = dataChanges(before, now);
    if (changes.length === 0) return;
    throw new PlumbError(`${this.run.name} began with other rows: ${changes.join("; ")}`, {
      hint: project
        ? "Start a new run under another name, or train on a file that plumb feedback export writes."
        : "Give the run the data that it began with, or start a new one under another --name.",
    });
  }

  /** Runs the remaining steps. @returns false after an interruption, with everything saved. */
  async train<R extends Rollout>(steps: AsyncIterable<Step<R>>, plan: TrainingPlan<R>): Promise<boolean> {
    const { host } = this;
    const { signal } = host;
    if (this.step >= plan.steps || this.stopped !== undefined) return true;
    const doubtful = doubtOfWarmup(plan.steps, plan.warmup, plan.unit);
    if (doubtful !== undefined) host.warn(doubtful);
    const progress = host.progress({
      label: this.run.name,
      total: plan.steps,
      start: this.step,
      unit: plan.unit,
    });
    let before = performance.now();
    let saved = this.step;
    let doubted = false;
    try {
      for await (const { step, metrics, tokens, rollouts = [], stopped } of steps) {
        const seconds = (performance.now() - before) / 1000;
        this.run.appendMetrics(step, metrics);
        for (const rollout of plan.shown ? rollouts.slice(0, SAMPLES_A_STEP) : [])
          this.run.appendSample(step, { ...plan.shown?.(rollout) });
        this.run.appendTimings(step, { seconds, tokens, rssMb: megabytes(process.memoryUsage.rss()) });
        this.step = step;
        this.stopped = stopped;
        const doubt = doubted ? undefined : plan.doubt?.(metrics);
        if (doubt !== undefined) {
          host.warn(`step ${step}: ${doubt}`);
          doubted = true;
        }
        const rate = tokens / seconds;
        const figures = plan.figures(metrics);
        progress.update(step, { ...figures, "tok/s": Number(rate.toPrecision(3)) });
        if (this.settings.logEvery > 0 && step % this.settings.logEvery === 0) {
          host.info(`step ${step}: ${Object.entries(figures).map(shownFigure).join("  ")}`);
        }
        if (step % this.settings.checkpointEvery === 0 || step === plan.steps || stopped || signal.aborted) {
          await this.save(plan);
          saved = step;
        }
        if (signal.aborted) break;
        before = performance.now();
      }
    } catch (error) {
      throw this.explained(error, saved);
    }
    progress.end();
    if (this.stopped !== undefined) host.warn(`stopped at step ${this.step}: ${this.stopped}`);
    return !signal.aborted;
  }

  /** Throws if the run was interrupted; for long work outside of steps. */
  checkInterrupt = (): void => this.host.signal.throwIfAborted();

  /** Time of all steps that the run kept, over every process that worked on it, and the peak memory of this process. */
  async cost(): Promise<RunCost> {
    const lines = (await readFile(join(this.run.dir, "timings.jsonl"), "utf8")).split("\n").filter(Boolean);
    const timings = lines.map((line) => JSON.parse(line) as { seconds: number; tokens: number });
    const trainingSeconds = timings.reduce((n, { seconds }) => n + seconds, 0);
    const tokens = timings.reduce((n, timing) => n + timing.tokens, 0);
    return {
      trainingSeconds: round(trainingSeconds),
      tokensPerSecond: round(tokens / trainingSeconds),
      peakMemoryMb: megabytes(process.resourceUsage().maxRSS * 1024),
    };
  }

  private async save(plan: Pick<TrainingPlan, "trainers" | "kept" | "state">): Promise<void> {
    const trainers = Object.entries(plan.trainers);
    const parts = await Promise.all([
      ...trainers.map(([name, trainer]) => trainerTensors(name, trainer)),
      ...Object.entries(plan.kept ?? {}).map(([name, network]) => networkTensors(name, network)),
    ]);
    const tensors = new Map(parts.flatMap((part) => [...part]));
    const state = {
      updates: Object.fromEntries(trainers.map(([name, trainer]) => [name, trainer.optimizer.steps])),
      algorithm: plan.state?.() ?? null,
      notes: this.notes,
      stopped: this.stopped ?? null,
    };
    await this.run.saveCheckpoint(this.step, { tensors, state });
  }

  /** An error in a step, with the step and the last good checkpoint. */
  private explained(error: unknown, saved: number): unknown {
    const left =
      saved > 0
        ? `The last good checkpoint is that of step ${saved}, in ${join(this.run.dir, "checkpoints")}.`
        : "There is no checkpoint yet.";
    if (error instanceof NonFiniteGradient) {
      return new PlumbError(`${this.run.name}, step ${this.step + 1}: ${error.message}`, {
        hint: `Lower the learning rate, or look at that step's batch. ${left}`,
      });
    }
    if (!(error instanceof PlumbError)) return error;
    return new PlumbError(error.message, {
      hint: [error.hint, left].filter(Boolean).join(" "),
      exitCode: error.exitCode,
      cause: error,
    });
  }
}

/**
 * Makes the run's folder, does the work in it and closes it. A run that fails before its first step leaves no folder.
 *
 * @throws the signal's reason if the work was interrupted outside of steps.
 */
export async function withSession<T>(
  host: TrainingHost,
  method: { name: string; schema: z.ZodType<object> },
  settings: RunSettings,
  work: (session: TrainingLoop) => Promise<T>,
): Promise<T> {
  const { runs: root, resume } = settings;
  const { signal } = host;
  const name = settings.name ?? (resume ? method.name : await unusedRunName(root, method.name));
  const warn = (message: string): void => host.warn(message);
  const config = { ...settings, name };
  const { name: command, schema } = method;
  const run = await Run.create({ root, name, command, config, schema, resume, mayChange: MAY_CHANGE, warn });
  let session: TrainingLoop | undefined;
  try {
    session = new TrainingLoop(host, run, settings);
    return await work(session);
  } catch (error) {
    if (!signal.aborted) throw error;
    if (!(error instanceof PlumbError) || error.exitCode === 130) signal.throwIfAborted();
    throw error;
  } finally {
    run.close();
    const begun = (session?.step ?? 0) > 0 || (await hasSteps(run.dir));
    if (!begun && !resume && !(await exists(join(run.dir, "result.json")))) {
      await rm(run.dir, { recursive: true, force: true });
    }
    if (signal.aborted) host.interrupted(name, begun);
  }
}

const exists = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined)) !== undefined;
const hasSteps = async (dir: string): Promise<boolean> =>
  ((await stat(join(dir, "metrics.jsonl")).catch(() => undefined))?.size ?? 0) > 0;

const shownFigure = ([name, value]: [string, number | string]): string =>
  `${name} ${typeof value === "number" ? formatNumber(value) : value}`;
const megabytes = (bytes: number): number => Math.round(bytes / 2 ** 20);
const round = (value: number): number => Math.round(value * 10) / 10;

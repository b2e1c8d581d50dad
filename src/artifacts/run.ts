/**
 * A run's folder, `runs/<name>/`:
 *
 *   config.yaml     the command, versions, seed and every setting
 *   metrics.jsonl   one line per step; the same seed gives the same bytes, also after --resume
 *   samples.jsonl   texts sampled during training, with their step
 *   timings.jsonl   wall-clock figures, separate because they differ from run to run
 *   checkpoints/    see checkpoint.ts
 *   result.json     the final figures
 */
import { mkdir, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { nearestName, PlumbError } from "../base/errors.js";
import { writeFileAtomically } from "./atomic.js";
import {
  type Checkpoint,
  type CheckpointContent,
  latestCheckpoint,
  listCheckpoints,
  removeLeftovers,
  type SaveOptions,
  saveCheckpoint,
} from "./checkpoint.js";
import { findNonFinite, type Json } from "./json.js";
import { lockFolder } from "./lock.js";
import { type RecordedRun, RUN_CONFIG, writeOrCompareConfig } from "./run-config.js";
import { StepLines, truncateAfterStep } from "./step-lines.js";

export interface RunOptions extends RecordedRun {
  /** The folder that holds all runs. */
  root?: string;
  /** Receives reports of damaged checkpoints. */
  warn?: (message: string) => void;
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,99}$/i;
const STEP_FILES = ["metrics.jsonl", "samples.jsonl", "timings.jsonl"];

/** A run's folder, open and locked by this process: what a command writes as it goes. */
export class Run {
  private readonly metrics: StepLines;
  private readonly samples: StepLines;
  private readonly timings: StepLines;

  private constructor(
    readonly dir: string,
    readonly name: string,
    /** The checkpoint to continue from, when resuming a run that has one. */
    readonly checkpoint: Checkpoint | undefined,
    private readonly release: () => void,
  ) {
    [this.metrics, this.samples, this.timings] = STEP_FILES.map((file) => new StepLines(join(dir, file)));
  }

  /**
   * Creates a run's folder, or with `resume` opens it again. Metrics and samples after the checkpoint's step are then
   * cut off, so that the files end up identical to those of an uninterrupted run.
   *
   * @throws PlumbError if the name is invalid or already used, there is no such run to resume, a live process is using
   * it, or settings differ.
   */
  static async create(options: RunOptions): Promise<Run> {
    const { root = "runs", name, resume = false, warn = () => undefined } = options;
    const dir = folderOf(root, name);
    await claim(root, name, resume);
    const release = lockFolder(dir);
    try {
      await removeLeftovers(dir);
      const checkpoint = resume ? await latestCheckpoint(dir, warn) : undefined;
      await writeOrCompareConfig(join(dir, RUN_CONFIG), options);
      for (const file of STEP_FILES) await truncateAfterStep(join(dir, file), checkpoint?.step ?? -1);
      return new Run(dir, name, checkpoint, release);
    } catch (error) {
      release();
      throw error;
    }
  }

  /** Appends one line of metrics. Whole numbers stay exact; others keep 9 digits, enough to distinguish any two f32. */
  appendMetrics(step: number, metrics: Record<string, number>): void {
    const rounded = Object.entries(metrics).map(([key, value]) => [key, roundedMetric(value)]);
    this.metrics.append(step, Object.fromEntries(rounded));
  }

  appendSample(step: number, sample: Record<string, unknown>): void {
    this.samples.append(step, sample);
  }

  /** Appends wall-clock figures of a step: seconds, tokens per second, memory. */
  appendTimings(step: number, timings: Record<string, number>): void {
    this.timings.append(step, timings);
  }

  /** Saves what training needs to continue after this step. @returns the checkpoint's folder. */
  async saveCheckpoint(step: number, content: CheckpointContent, options: SaveOptions = {}): Promise<string> {
    for (const lines of [this.metrics, this.samples, this.timings]) lines.sync();
    return saveCheckpoint(this.dir, step, content, options);
  }

  /** Writes result.json. @throws PlumbError if a figure is not finite. */
  async writeResult(result: Json | object): Promise<void> {
    const bad = findNonFinite(result);
    if (bad !== undefined)
      throw new PlumbError(`the result of ${this.name} is not a finite number at ${bad}`);
    await writeFileAtomically(join(this.dir, "result.json"), `${JSON.stringify(result, null, 2)}\n`);
  }

  /** Closes the files and unlocks the folder. */
  close(): void {
    for (const lines of [this.metrics, this.samples, this.timings]) lines.close();
    this.release();
  }
}

/** The first of `base`, `base-2`, `base-3`, ... that no run uses. */
export async function unusedRunName(root: string, base: string): Promise<string> {
  const used = new Set(await readdir(root).catch(() => []));
  let name = base;
  for (let i = 2; used.has(name); i++) name = `${base}-${i}`;
  return name;
}

/** The folder of a run that exists. @throws PlumbError if the name is invalid, or there is no such run. */
export async function folderToResume(root: string, name: string): Promise<string> {
  const dir = folderOf(root, name);
  if (await stat(dir).catch(() => undefined)) return dir;
  const near = nearestName(name, await readdir(root).catch(() => []));
  throw new PlumbError(`there is no run ${name} in ${root} to resume`, {
    hint: near === undefined ? "Leave out --resume to start it." : `Did you mean ${near}?`,
  });
}

function folderOf(root: string, name: string): string {
  if (NAME.test(name)) return join(root, name);
  throw new PlumbError(`${JSON.stringify(name)} is not a valid name for a run`, {
    hint: "Expected letters, digits, dots, dashes and underscores; at most 100.",
  });
}

async function claim(root: string, name: string, resume: boolean): Promise<void> {
  const dir = join(root, name);
  if (resume) {
    await folderToResume(root, name);
    return;
  }
  await mkdir(dir, { recursive: true });
  if (!(await isUnused(dir))) {
    throw new PlumbError(`there is already a run ${name} in ${root}`, {
      hint: "Choose another --name, continue that run with --resume, or remove its folder.",
    });
  }
}

/** Whether no step was ever finished in a folder, which may then be used again: the command failed before it began. */
async function isUnused(dir: string): Promise<boolean> {
  const known = ["config.yaml", "lock.json", "checkpoints", ...STEP_FILES];
  const names = await readdir(dir);
  if (names.some((name) => !known.includes(name)) || (await listCheckpoints(dir)).length > 0) return false;
  const sizes = await Promise.all(
    STEP_FILES.map(async (file) => (await stat(join(dir, file)).catch(() => undefined))?.size ?? 0),
  );
  return sizes.every((size) => size === 0);
}

function roundedMetric(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(9));
}

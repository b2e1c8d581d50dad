/**
 * Where the time of a unit of work goes: kernels by operation, size, phase and part of the network, compared with the
 * best that the machine can do, and a Chrome trace of one unit.
 */
import type { ModelConfig } from "../../model/config.js";
import { quantizeBase } from "../../model/int8/build.js";
import type { Weights } from "../../model/network.js";
import type { ProfiledRun, ProfilingRuntime } from "../../runtime/profile.js";
import type { Runtime } from "../../runtime/runtime.js";
import { int8ProductProbe, matrixProductProbe, memoryReadProbe } from "../machine.js";
import { phaseOf, phaseSpans } from "./phases.js";
import { type ProfileSummary, summarise } from "./summary.js";
import { chromeTrace, type TracedWork } from "./trace.js";
import { isInt8, prepareWork, type Work, type WorkSize } from "./works.js";

export type { KernelGroup, PhaseTime, ProfileSummary } from "./summary.js";
export { WORKS, type Work } from "./works.js";

interface ProfileOptions extends WorkSize {
  works: readonly Work[];
  /** Units of each work that count, after two to warm up. */
  repeats: number;
}

export interface ProfiledWork extends ProfileSummary {
  work: Work;
  title: string;
}

/** The best speeds that the machine reaches: an upper bound for all operations. */
export interface Roof {
  productGflops: number;
  int8ProductGflops: number;
  memoryReadGBs: number;
}

/** Units that do not count: they compile programs and lay out memory. */
const WARM_UP = 2;
const ROOF_REPEATS = 3;
/** KL per token that the 8-bit base may have, like --base-error of the commands. */
const BASE_ERROR = 0.01;

/**
 * Profiles each work; `onProgress` is called with the title of each.
 * @param texts token ids of typical input, to calibrate an 8-bit base on.
 * @returns the figures, and the last unit of each work as pieces of a Chrome trace.
 */
export async function profile(
  runtime: ProfilingRuntime,
  config: ModelConfig,
  weights: Weights,
  texts: () => Promise<readonly (readonly number[])[]>,
  options: ProfileOptions,
  onProgress: (what: string) => void,
): Promise<{ works: ProfiledWork[]; trace: Generator<string> }> {
  const int8 = options.works.some(isInt8) ? await int8Weights(runtime, config, weights, texts) : weights;
  const works: ProfiledWork[] = [];
  const traced: TracedWork[] = [];
  for (const work of options.works) {
    const prepared = prepareWork(runtime, config, isInt8(work) ? int8 : weights, work, options);
    const { title, phase, each } = prepared;
    onProgress(title);
    for (let i = 0; i < WARM_UP; i++) await prepared.run();
    const begun: number[] = [];
    for (let i = 0; i < options.repeats; i++) {
      begun.push(performance.now());
      await prepared.run();
    }
    const elapsed = performance.now() - begun[0];
    const all = await runtime.takeProfile(begun[0]);
    const repeats = begun.map((from, i) =>
      all.filter(({ start }) => start >= from && !(start >= begun[i + 1])),
    );
    const counted = repeats.map((runs) =>
      runs.filter((run) => phase === undefined || phaseOf(run) === phase),
    );
    const steps = each === "run" ? mostAlike(counted.flat()) : [];
    const units = each === "run" ? steps.map((run) => [run]) : counted;
    const wall = each === "run" ? timeInTurn(steps, all) : phase === undefined ? elapsed : timeOf(phase, all);
    works.push({ work, title, ...summarise(units, wall) });
    traced.push({ name: title, runs: repeats[repeats.length - 1] });
  }
  return { works, trace: chromeTrace(traced) };
}

/** Milliseconds of a phase: from the start to the end of each unbroken sequence of its runs. */
const timeOf = (phase: string, runs: readonly ProfiledRun[]): number =>
  phaseSpans(runs)
    .filter((span) => span.phase === phase)
    .reduce((total, { start, end }) => total + end - start, 0);

/** The runs of the most frequent size: a batch is not full while its prompts are being read. */
function mostAlike(runs: readonly ProfiledRun[]): ProfiledRun[] {
  const sizes = runs.map(({ kernels }) => kernels.find(({ work }) => work.size !== "")?.work.size ?? "");
  const count = (size: string): number => sizes.filter((other) => other === size).length;
  const usual = [...new Set(sizes)].sort((a, b) => count(b) - count(a))[0];
  return runs.filter((_, i) => sizes[i] === usual);
}

/** Milliseconds from each run's start to the next run's, or to its own end if a run of another program follows. */
function timeInTurn(runs: readonly ProfiledRun[], all: readonly ProfiledRun[]): number {
  return runs.reduce((total, run) => {
    const next = all[all.indexOf(run) + 1];
    return total + (next?.program === run.program ? next.start - run.start : run.milliseconds);
  }, 0);
}

/** The best of a few products and of a few passes over memory. */
export async function measureRoof(runtime: Runtime): Promise<Roof> {
  const best = async (probe: { run(): Promise<number>; release(): void }): Promise<number> => {
    let most = 0;
    for (let i = 0; i < ROOF_REPEATS; i++) most = Math.max(most, await probe.run());
    probe.release();
    return most;
  };
  return {
    productGflops: await best(matrixProductProbe(runtime)),
    int8ProductGflops: await best(int8ProductProbe(runtime)),
    memoryReadGBs: await best(memoryReadProbe(runtime)),
  };
}

async function int8Weights(
  runtime: ProfilingRuntime,
  config: ModelConfig,
  weights: Weights,
  texts: () => Promise<readonly (readonly number[])[]>,
): Promise<Weights> {
  const options = { limit: BASE_ERROR, use: "training" } as const;
  return (await quantizeBase(runtime, config, weights, await texts(), options)).weights;
}

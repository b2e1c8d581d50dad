import { groupBy } from "../../base/group-by.js";
import type { KernelTime, ProfiledRun } from "../../runtime/profile.js";
import { phaseOf } from "./phases.js";

/** A group of kernels, for one unit of work. */
export interface KernelGroup {
  name: string;
  calls: number;
  milliseconds: number;
  /** Of the time in all kernels, 0 to 1. */
  share: number;
  /** 10^9 operations per second; products only. */
  gflops?: number;
  /** 10^9 bytes read and written per second, if the shapes give them; each value counts once. */
  gigabytes?: number;
}

/** Time of a phase, for one unit of work: in its kernels, and in its runs including the time between kernels. */
export interface PhaseTime {
  phase: string;
  runs: number;
  forward: number;
  backward: number;
  inRuns: number;
}

/** Where the time of a unit of work went, in milliseconds per unit. */
export interface ProfileSummary {
  units: number;
  wall: number;
  kernels: number;
  /** In runs, but in none of their kernels. */
  betweenKernels: number;
  /** Not in any run. */
  outsideRuns: number;
  phases: PhaseTime[];
  /**
   * Sum of the least times of a unit's kernels, if all units run the same ones; the groups below then use these times.
   */
  leastKernels?: number;
  /** By operation; the group that takes longest comes first, here and below. */
  ops: KernelGroup[];
  /** Products by operation and size. */
  products: KernelGroup[];
  /** By part of the network, over all layers, and pass. */
  places: KernelGroup[];
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
const kernelTime = (kernels: readonly KernelTime[]): number => sum(kernels.map((k) => k.milliseconds));

/** "layers.3/mlp/gate_proj" of every layer as "layers/mlp/gate_proj". */
const placeOf = ({ path, backward }: KernelTime): string =>
  `${path.replace(/^layers\.\d+/, "layers") || "elsewhere"}, ${backward ? "backward" : "forward"}`;

/** @param units runs of each unit of work. @param wall milliseconds that all units took together. */
export function summarise(units: readonly (readonly ProfiledRun[])[], wall: number): ProfileSummary {
  const runs = units.flat();
  const inKernels = sum(runs.map((run) => kernelTime(run.kernels)));
  const inRuns = sum(runs.map(({ milliseconds }) => milliseconds));
  const least = leastKernels(units);
  const kernels = least ?? runs.flatMap((run) => run.kernels);
  const among = least ? 1 : units.length;
  const group = (key: (kernel: KernelTime) => string, some = kernels): KernelGroup[] =>
    groups(some, key, kernelTime(kernels), among);
  return {
    units: units.length,
    wall: wall / units.length,
    kernels: inKernels / units.length,
    betweenKernels: (inRuns - inKernels) / units.length,
    outsideRuns: (wall - inRuns) / units.length,
    phases: phaseTimes(runs, units.length),
    ...(least && { leastKernels: kernelTime(least) }),
    ops: group(({ op }) => op),
    products: group(
      ({ op, work }) => `${op} ${work.size}`,
      kernels.filter(({ work }) => work.flops > 0),
    ),
    places: group(placeOf),
  };
}

/**
 * The kernels of a unit, each with its least time over all units, which leaves out what other work on the machine adds.
 * Undefined if the units do not run the same kernels.
 */
function leastKernels(units: readonly (readonly ProfiledRun[])[]): KernelTime[] | undefined {
  const [first, ...others] = units.map((runs) => runs.flatMap(({ kernels }) => kernels));
  const alike = others.every(
    (kernels) => kernels.length === first.length && kernels.every((kernel, i) => isLike(kernel, first[i])),
  );
  if (!alike) return undefined;
  return first.map((kernel, i) => ({
    ...kernel,
    milliseconds: Math.min(kernel.milliseconds, ...others.map((kernels) => kernels[i].milliseconds)),
  }));
}

const isLike = (a: KernelTime, b: KernelTime): boolean => a.op === b.op && a.work.size === b.work.size;

function groups(
  kernels: readonly KernelTime[],
  key: (kernel: KernelTime) => string,
  total: number,
  units: number,
): KernelGroup[] {
  return [...groupBy(kernels, key)]
    .map(([name, group]): KernelGroup => {
      const milliseconds = kernelTime(group);
      const rate = (amount: number): number => amount / milliseconds / 1e6;
      const flops = sum(group.map(({ work }) => work.flops));
      const bytes = sum(group.map(({ work }) => work.bytes));
      return {
        name,
        calls: group.length / units,
        milliseconds: milliseconds / units,
        share: milliseconds / total,
        ...(flops > 0 && { gflops: rate(flops) }),
        ...(bytes > 0 && milliseconds > 0 && { gigabytes: rate(bytes) }),
      };
    })
    .sort((a, b) => b.milliseconds - a.milliseconds);
}

function phaseTimes(runs: readonly ProfiledRun[], units: number): PhaseTime[] {
  return [...groupBy(runs, phaseOf)].map(([phase, own]) => {
    const kernels = own.flatMap((run) => run.kernels);
    return {
      phase,
      runs: own.length / units,
      forward: kernelTime(kernels.filter(({ backward }) => !backward)) / units,
      backward: kernelTime(kernels.filter(({ backward }) => backward)) / units,
      inRuns: sum(own.map(({ milliseconds }) => milliseconds)) / units,
    };
  });
}

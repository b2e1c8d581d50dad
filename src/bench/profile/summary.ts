import type { KernelTime, ProfiledRun } from "../../runtime/profile.js";
import { phaseOf } from "./phases.js";

/** Kernels that have something in common, for one unit of work. */
export interface KernelGroup {
  name: string;
  calls: number;
  milliseconds: number;
  /** Of the time in all kernels, 0 to 1. */
  share: number;
  /** 10^9 operations a second; products only. */
  gflops?: number;
  /** 10^9 bytes read and written a second; all but products, where the shapes tell. */
  gigabytes?: number;
}

/** Time of a phase, for one unit of work: in its kernels, and in its runs with what lies between kernels. */
export interface PhaseTime {
  phase: string;
  runs: number;
  forward: number;
  backward: number;
  inRuns: number;
}

/** Where the time of a unit of work went; milliseconds a unit. */
export interface ProfileSummary {
  units: number;
  wall: number;
  kernels: number;
  /** In runs, but in none of their kernels. */
  betweenKernels: number;
  /** Not in any run. */
  outsideRuns: number;
  phases: PhaseTime[];
  /** By operation, the one that takes longest first, as the others below. */
  ops: KernelGroup[];
  /** Products by operation and size. */
  products: KernelGroup[];
  /** By part of the network, all layers together, and pass. */
  places: KernelGroup[];
}

const sum = (values: Iterable<number>): number => {
  let total = 0;
  for (const value of values) total += value;
  return total;
};
function groupBy<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group) group.push(item);
    else groups.set(name, [item]);
  }
  return groups;
}
const kernelTime = (kernels: readonly KernelTime[]): number => sum(kernels.map((k) => k.milliseconds));

/** "layers.3/mlp/gate_proj" of every layer as "layers/mlp/gate_proj". */
const placeOf = ({ path, backward }: KernelTime): string =>
  `${path.replace(/^layers\.\d+/, "layers") || "elsewhere"}, ${backward ? "backward" : "forward"}`;

/** @param wall milliseconds that all units took together. */
export function summarise(runs: readonly ProfiledRun[], wall: number, units: number): ProfileSummary {
  const kernels = runs.flatMap((run) => run.kernels);
  const inKernels = kernelTime(kernels);
  const inRuns = sum(runs.map(({ milliseconds }) => milliseconds));
  const group = (key: (kernel: KernelTime) => string, among = kernels): KernelGroup[] =>
    groups(among, key, inKernels, units);
  return {
    units,
    wall: wall / units,
    kernels: inKernels / units,
    betweenKernels: (inRuns - inKernels) / units,
    outsideRuns: (wall - inRuns) / units,
    phases: phaseTimes(runs, units),
    ops: group(({ op }) => op),
    products: group(
      ({ op, work }) => `${op} ${work.size}`,
      kernels.filter(({ work }) => work.flops > 0),
    ),
    places: group(placeOf),
  };
}

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
        ...(flops === 0 && bytes > 0 && milliseconds > 0 && { gigabytes: rate(bytes) }),
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

import type { KernelGroup, ProfiledWork } from "../../bench/profile/index.js";
import type { ProfileFigures } from "../../bench/run.js";
import { formatTable } from "../table.js";

/** Most rows of a table; the rest are summed in one more. */
const MAX_ROWS = 12;

/** A profile as tables for people. */
export function profileReport({ threads, roof, works }: ProfileFigures): string {
  const { productGflops, int8ProductGflops, memoryReadGBs } = roof;
  return [
    `${threads} threads. At best: products ${productGflops.toFixed(0)} GFLOP/s in f32, ${int8ProductGflops.toFixed(0)} GOP/s ` +
      `in 8 bits; memory is read at ${memoryReadGBs.toFixed(1)} GB/s. Recording adds a little time to every kernel.`,
    ...works.flatMap((work) => workReport(work)),
  ].join("\n\n");
}

function workReport(work: ProfiledWork): string[] {
  const { title, units, wall, betweenKernels, outsideRuns, phases, leastKernels } = work;
  const kernels = leastKernels ?? work.kernels;
  const percent = (milliseconds: number): string => `${((100 * milliseconds) / wall).toFixed(1)}%`;
  return [
    `${title}: ${wall.toFixed(1)} ms each, ${units} of them`,
    formatTable(
      ["part", "runs", "forward ms", "backward ms", "of all"],
      [
        ...phases.map(({ phase, runs, forward, backward }) => [
          `${phase}, in kernels`,
          runs.toFixed(runs % 1 === 0 ? 0 : 1),
          forward.toFixed(2),
          backward.toFixed(2),
          percent(forward + backward),
        ]),
        ["in runs, outside kernels", "", betweenKernels.toFixed(2), "", percent(betweenKernels)],
        ["outside runs", "", outsideRuns.toFixed(2), "", percent(outsideRuns)],
      ],
    ),
    leastKernels === undefined
      ? "Kernels, means:"
      : `Kernels, the least time of each in ${units}, ${leastKernels.toFixed(1)} ms together:`,
    groupTable("operation", work.ops, kernels),
    ...(work.products.length > 0
      ? [groupTable("product, rows x inner x columns", work.products, kernels)]
      : []),
    groupTable("part of the network", work.places, kernels),
  ];
}

function groupTable(what: string, groups: readonly KernelGroup[], total: number): string {
  const shown = groups.slice(0, MAX_ROWS);
  const rest = groups.slice(MAX_ROWS);
  const row = ({ name, calls, milliseconds, share, gflops, gigabytes }: KernelGroup): string[] => [
    name,
    calls.toFixed(calls % 1 === 0 ? 0 : 1),
    milliseconds.toFixed(2),
    `${(100 * share).toFixed(1)}%`,
    gflops?.toFixed(0) ?? "",
    gigabytes?.toFixed(1) ?? "",
  ];
  const others = rest.reduce((ms, group) => ms + group.milliseconds, 0);
  const calls = rest.reduce((n, group) => n + group.calls, 0);
  const last = { name: `${rest.length} others`, calls, milliseconds: others, share: others / total };
  return formatTable(
    [what, "calls", "ms", "of kernels", "GFLOP/s", "GB/s"],
    [...shown, ...(rest.length > 0 ? [last] : [])].map(row),
  );
}

import { formatNumber } from "../base/format.js";
import type { Interval } from "./estimates.js";

/** An estimate with its 95% interval, or why it has none, and what the interval rests on. */
export function formatInterval({ estimate, low, high, caution }: Interval): string {
  const ends = isBounded({ low, high }) ? [`95% interval ${formatNumber(low)} to ${formatNumber(high)}`] : [];
  return `${formatNumber(estimate)} (${[...ends, ...(caution === undefined ? [] : [caution])].join("; ")})`;
}

/** Whether an interval has ends: without enough values it has none. */
export const isBounded = ({ low, high }: { low: number; high: number }): boolean =>
  Number.isFinite(low) && Number.isFinite(high);

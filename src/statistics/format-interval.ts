import { formatNumber } from "../base/format.js";
import type { Interval } from "./estimates.js";

/** Formats an estimate with its 95% interval, if it has one, and its caution. */
export function formatInterval({ estimate, low, high, caution }: Interval): string {
  const ends = isBounded({ low, high }) ? [`95% interval ${formatNumber(low)} to ${formatNumber(high)}`] : [];
  return `${formatNumber(estimate)} (${[...ends, ...(caution === undefined ? [] : [caution])].join("; ")})`;
}

/** Whether an interval has finite ends; with too few values it has none. */
export const isBounded = ({ low, high }: { low: number; high: number }): boolean =>
  Number.isFinite(low) && Number.isFinite(high);

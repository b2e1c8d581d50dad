import { formatNumber } from "../../base/format.js";
import type { Agreement, AgreementReport } from "../../votes/agreement/index.js";
import { type Cell, formatTable } from "../table.js";
import { printable } from "../text-width.js";

/** Measures of agreement with their intervals, as a table for people. */
export function agreementTable({ percent, alpha, fleiss, cohen, groups, windows }: AgreementReport): string {
  const measures: [string, Agreement | null][] = [
    ["percent agreement", percent],
    ["Krippendorff's alpha, nominal", alpha.nominal],
    ["Krippendorff's alpha, ordinal", alpha.ordinal],
    ["Krippendorff's alpha, interval", alpha.interval],
    ["Fleiss' kappa", fleiss],
    ["Cohen's kappa", cohen],
  ];
  for (const { group, alpha: own } of groups) measures.push([`alpha in group ${printable(group)}`, own]);
  for (const { from, to, alpha: own } of windows) measures.push([`alpha ${day(from)} to ${day(to)}`, own]);
  const known = measures.filter((row): row is [string, Agreement] => row[1] !== null);
  if (known.length === 0) return "No item has votes that could agree or differ.";
  return formatTable(
    ["measure", "estimate", "95% interval", "units"],
    known.map(([name, { estimate, low, high, n }]): Cell[] => [
      name,
      formatNumber(estimate),
      `${formatNumber(low)} to ${formatNumber(high)}`,
      n,
    ]),
  );
}

const MAX_DATE = 8.64e15;
const day = (time: number): string =>
  Math.abs(time) > MAX_DATE ? String(time) : new Date(time).toISOString().slice(0, 16);

import type { CheckResult } from "../doctor/index.js";
import { truncateText } from "./text-width.js";

/** Findings of plumb doctor, and what to do below each that is not ok. */
export function findingLines(findings: readonly CheckResult[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, status, found, hint }) => [
      `${status.padEnd(4)}  ${check.padEnd(width)}  ${truncateText(found, 200)}`,
      ...(hint === undefined || status === "ok" ? [] : [`${" ".repeat(width + 8)}→ ${hint}`]),
    ])
    .join("\n");
}

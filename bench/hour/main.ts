/**
 * npm run check:hour -- MINUTES: 200 raters for an hour, or as many minutes as are given, with leads who search, export
 * and analyse all the time, a full disk in the middle, two kills and a restore. Fails unless every acknowledged vote is
 * stored, once, the audit log is whole, and 95% of the votes are answered within 100 ms while there is room. Linux
 * (prlimit, /proc).
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { quantile } from "../load/load.js";
import { runHour } from "./hour.js";

/** Milliseconds. */
const P95 = 100;
const minutes = Number(process.argv[2] ?? 60);
const raters = Number(process.env.PLUMB_HOUR_RATERS ?? 200);
/** Seconds; people take longer. */
const pause = Number(process.env.PLUMB_HOUR_PAUSE ?? 4);
const dir = mkdtempSync(join(tmpdir(), "plumb-hour-"));
const ms = (value: number) => value.toFixed(0);
try {
  if (!(minutes >= 1)) throw new Error("give the minutes as a number of 1 or more");
  console.log(
    `${raters} raters, a verdict each ${pause} s, for ${minutes} minutes; ${availableParallelism()} cores, Node ${process.version}, server and raters on one machine`,
  );
  const say = (text: string) => console.log(text);
  const result = await runHour({ minutes, raters, pause, overlap: 5, dir, say });
  const { acknowledged, stored, lost, doubled, overshot, auditProblems, auditEntries } = result;
  const { votes, refused, wrong, asked, defects, exits, memory } = result;
  const times = [0.5, 0.95, 0.99, 1].map((share) => ms(quantile(votes, share))).join(", ");
  console.log(`
votes acknowledged ${acknowledged}, stored ${stored}, lost ${lost}, doubled ${doubled}; items overshot ${overshot}
audit ${auditEntries} entries, ${auditProblems} problems
votes while there is room: n ${votes.length}, p50, p95, p99, longest ${times} ms
refused with 503 ${refused}; searches ${asked.searches}, exports ${asked.exports}, analyses ${asked.analyses}
defects in the log ${defects}; exit statuses ${exits.join(", ")}; memory ${memory.join(" to ")} MiB`);
  const p95 = quantile(votes, 0.95);
  const failures = [
    ...(lost + doubled + overshot > 0 ? ["votes were lost or doubled, or items have too many"] : []),
    ...(acknowledged === 0 ? ["no vote was acknowledged"] : []),
    ...(auditProblems > 0 ? ["the audit log is not whole"] : []),
    ...(p95 < P95 ? [] : [`p95 of the votes is ${ms(p95)} ms, not under ${P95}`]),
    ...(defects > 0 ? ["the log tells of defects"] : []),
    ...(exits.some((status) => status !== 0) ? ["a server did not end with status 0"] : []),
    ...[...new Set(wrong)].slice(0, 10),
  ];
  for (const failure of failures) console.log(`failed: ${failure}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
} finally {
  rmSync(dir, { recursive: true, force: true });
}

/**
 * npm run check:load: 200 raters, 20,000 votes, on both engines, without and with ten kills. Prints a table and fails
 * on any loss.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { postgresPrograms, startPostgres } from "../../test/postgres.js";
import { type LoadPlan, type LoadResult, quantile, runLoad } from "./load.js";

const RATERS = Number(process.env.PLUMB_LOAD_RATERS ?? 200);
const VOTES = Number(process.env.PLUMB_LOAD_VOTES ?? 20_000);
const KILLS = 10;
/** Milliseconds that a quick rater takes per vote: 200 raters then cast about a thousand votes a second. */
const PAUSE = 200;
/** Milliseconds. */
const P95 = 100;

const dir = mkdtempSync(join(tmpdir(), "plumb-load-"));
const programs = postgresPrograms();
const postgres = programs === undefined ? undefined : await startPostgres(programs, []);
const ms = (value: number) => value.toFixed(0);
let failed = false;

try {
  console.log(
    `${RATERS} raters, ${VOTES} votes, overlap 5, ${availableParallelism()} cores, Node ${process.version}, server and raters on one machine\n`,
  );
  console.log(
    "| engine | pause (ms) | kills | votes acknowledged | stored | lost | doubled | overshot items | audit | votes/s | vote p50, p95, p99 (ms) | take items p50, p95, p99 (ms) |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|---|---|");
  for (const [pause, kills] of [
    [PAUSE, 0],
    [0, 0],
    [0, KILLS],
  ]) {
    const name = `load_${pause}_${kills}`;
    const plan = { raters: RATERS, votes: VOTES, overlap: 5, ahead: 5, kills, pause };
    const files = { database: join(dir, `${name}.db`), keyFile: join(dir, `${name}.key`) };
    report("SQLite", plan, await runLoad(files, plan));
    if (postgres === undefined) continue;
    const database = await postgres.database(name);
    report("PostgreSQL", plan, await runLoad({ database, keyFile: `${files.keyFile}-pg` }, plan));
  }
} finally {
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

function report(engine: string, { pause, kills }: LoadPlan, result: LoadResult): void {
  const { vote, lease } = result.latencies;
  const times = (values: number[]) =>
    [0.5, 0.95, 0.99].map((share) => ms(quantile(values, share))).join(", ");
  const audit =
    result.auditProblems === 0 ? `${result.auditEntries} entries, whole` : `${result.auditProblems} problems`;
  const { acknowledged, stored, lost, doubled, overshot, seconds, exit } = result;
  console.log(
    `| ${[engine, pause, kills, acknowledged, stored, lost, doubled, overshot, audit, ms(acknowledged / seconds), times(vote), times(lease)].join(" | ")} |`,
  );
  const complete =
    acknowledged === VOTES && stored === VOTES && lost + doubled + overshot + result.auditProblems === 0;
  const p95 = quantile([...vote, ...lease], 0.95);
  const quick = pause === 0 || p95 < P95;
  if (!complete || exit !== 0)
    console.log("\nfailed: votes were lost, doubled or left out, or the server did not end with status 0");
  if (!quick) console.log(`\nfailed: p95 of all requests is ${ms(p95)} ms, not under ${P95}`);
  failed ||= !complete || !quick || exit !== 0;
}

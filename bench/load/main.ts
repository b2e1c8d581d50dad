/** npm run check:load: 200 raters, 20,000 votes, on both engines, without and with ten kills. Prints a table and fails on any loss. */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { postgresPrograms, startPostgres } from "../../test/postgres.js";
import { type LoadResult, quantile, runLoad } from "./load.js";

const RATERS = Number(process.env.PLUMB_LOAD_RATERS ?? 200);
const VOTES = Number(process.env.PLUMB_LOAD_VOTES ?? 20_000);
const KILLS = 10;
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
    "| engine | kills | votes acknowledged | stored | lost | doubled | overshot items | audit | votes/s | vote p50, p95, p99 (ms) | take items p50, p95, p99 (ms) |",
  );
  console.log("|---|---|---|---|---|---|---|---|---|---|---|");
  for (const kills of [0, KILLS]) {
    report(
      "SQLite",
      kills,
      await runLoad({ database: join(dir, `${kills}.db`), keyFile: join(dir, `${kills}.key`) }, plan(kills)),
    );
    if (postgres)
      report(
        "PostgreSQL",
        kills,
        await runLoad(
          { database: await postgres.database(`load_${kills}`), keyFile: join(dir, `${kills}-pg.key`) },
          plan(kills),
        ),
      );
  }
} finally {
  await postgres?.stop();
  rmSync(dir, { recursive: true, force: true });
}
process.exit(failed ? 1 : 0);

function plan(kills: number) {
  return { raters: RATERS, votes: VOTES, overlap: 5, ahead: 5, kills };
}

function report(engine: string, kills: number, result: LoadResult): void {
  const { vote, lease } = result.latencies;
  const times = (values: number[]) =>
    [0.5, 0.95, 0.99].map((share) => ms(quantile(values, share))).join(", ");
  const audit =
    result.auditProblems === 0 ? `${result.auditEntries} entries, whole` : `${result.auditProblems} problems`;
  const { acknowledged, stored, lost, doubled, overshot, seconds, exit } = result;
  console.log(
    `| ${[engine, kills, acknowledged, stored, lost, doubled, overshot, audit, ms(acknowledged / seconds), times(vote), times(lease)].join(" | ")} |`,
  );
  const complete =
    acknowledged === VOTES && stored === VOTES && lost + doubled + overshot + result.auditProblems === 0;
  const quick = kills > 0 || quantile([...vote, ...lease], 0.95) < P95;
  if (!complete || exit !== 0)
    console.log("\nfailed: votes were lost, doubled or left out, or the server did not end with status 0");
  if (!quick)
    console.log(
      `\nfailed: p95 of all requests is ${ms(quantile([...vote, ...lease], 0.95))} ms, not under ${P95}`,
    );
  failed ||= !complete || !quick || exit !== 0;
}

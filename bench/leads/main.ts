/**
 * npm run check:leads: raters who vote in a project of 100,000 items while a lead has ten searches through all of them
 * under way, an export and an analysis. Fails unless 95% of the raters' requests are answered within the bar.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { quantile } from "../load/load.js";
import { type LeadsPlan, runLeads } from "./leads.js";

const ITEMS = Number(process.env.PLUMB_LEADS_ITEMS ?? 100_000);
const SECONDS = Number(process.env.PLUMB_LEADS_SECONDS ?? 30);
/** Milliseconds. */
const P95 = 100;

const plan: LeadsPlan = {
  items: ITEMS,
  characters: 1000,
  raters: 20,
  searches: 10,
  pause: 400,
  alone: SECONDS,
  seconds: SECONDS,
};
const dir = mkdtempSync(join(tmpdir(), "plumb-leads-"));
const ms = (value: number) => value.toFixed(0);
try {
  console.log(
    `${plan.items} items of ${plan.characters} characters, ${plan.raters} raters, ${plan.searches} searches, an export and an analysis at once; ${availableParallelism()} cores, Node ${process.version}, all on one machine\n`,
  );
  const files = { database: join(dir, "leads.db"), keyFile: join(dir, "key") };
  const { alone, beside, searches, exports, analyses } = await runLeads(files, plan);
  console.log("| | requests of raters | p50, p95, p99, longest (ms) |\n|---|---|---|");
  for (const [name, times] of [
    ["raters alone", alone],
    ["beside leads", beside],
  ] as const) {
    const quantiles = [0.5, 0.95, 0.99, 1].map((share) => ms(quantile(times, share)));
    console.log(`| ${name} | ${times.length} | ${quantiles.join(", ")} |`);
  }
  console.log(
    `\n${searches.length} searches, half of them within ${ms(quantile(searches, 0.5))} ms; ${exports} exports, ${analyses} analyses`,
  );
  const p95 = quantile(beside, 0.95);
  if (!(p95 < P95)) {
    console.log(`\nfailed: p95 of the raters' requests beside leads is ${ms(p95)} ms, not under ${P95}`);
    process.exitCode = 1;
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}

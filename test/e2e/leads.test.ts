import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runLeads } from "../../bench/leads/leads.js";
import { quantile } from "../../bench/load/load.js";

const dir = mkdtempSync(join(tmpdir(), "plumb-leads-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// npm run check:leads does the same with 100,000 items and a bar of 100 ms. Tests share their machine: the bar is what
// a search through all items takes here, which raters waited for when it held the only connection, ten times over.
it("raters do not wait for the searches, exports and analyses of leads", async () => {
  const database = { database: join(dir, "leads.db"), keyFile: join(dir, "key") };
  const plan = { items: 5000, characters: 2000, raters: 4, searches: 10, pause: 100, alone: 0.2, seconds: 4 };
  const { beside, searches, exports, analyses } = await runLeads(database, plan);
  expect(beside.length).toBeGreaterThan(30);
  expect(searches.length).toBeGreaterThan(0);
  expect(exports).toBeGreaterThan(0);
  expect(analyses).toBeGreaterThan(0);
  expect(quantile(beside, 0.95)).toBeLessThan(250);
  expect(quantile(beside, 0.5)).toBeLessThan(quantile(searches, 0.5) / 2);
}, 180_000);

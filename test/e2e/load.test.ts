import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { runLoad } from "../../bench/load/load.js";

const dir = mkdtempSync(join(tmpdir(), "plumb-load-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

// npm run check:load does the same with 200 raters, 20,000 votes and ten kills, on both engines.
it("raters at once, and a server that is killed in the middle: no vote is lost, doubled or too many", async () => {
  const database = { database: join(dir, "load.db"), keyFile: join(dir, "key") };
  const result = await runLoad(database, {
    raters: 20,
    votes: 400,
    overlap: 4,
    ahead: 3,
    kills: 2,
    pause: 0,
  });
  const { acknowledged, stored, lost, doubled, overshot, auditProblems, exit } = result;
  expect({ acknowledged, stored, lost, doubled, overshot, auditProblems, exit }).toEqual({
    ...{ acknowledged: 400, stored: 400, lost: 0, doubled: 0, overshot: 0, auditProblems: 0, exit: 0 },
  });
}, 120_000);

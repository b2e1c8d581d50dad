/** A process that casts votes is killed in the middle, again and again: what it was told was taken is there. */
import { spawn } from "node:child_process";
import { expect, it } from "vitest";
import { RandomStream } from "../../src/base/random.js";
import { readCheckpoints } from "../../src/feedback/store/audit/checkpoints.js";
import { openStore, verifyAudit, verifyDatabase } from "../../src/feedback/store/index.js";
import { collection, votesOf } from "../collection.js";
import { onBothEngines } from "../databases.js";
import { FULL } from "../spread.js";

const MAX_ALIVE_MILLISECONDS = 150;

/**
 * Runs the program until so long after its first vote, then kills it. @returns the votes that it was told were taken.
 */
function killedAfter(milliseconds: number, args: readonly string[]): Promise<string[]> {
  const child = spawn(process.execPath, ["test/e2e/cast-votes.mjs", ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let out = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    if (out === "") setTimeout(() => child.kill("SIGKILL"), milliseconds);
    out += text;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => {
      const lines = out
        .slice(0, out.lastIndexOf("\n") + 1)
        .split("\n")
        .filter(Boolean);
      if (signal === "SIGKILL" || lines.at(-1) === "done") resolve(lines.filter((line) => line !== "done"));
      else reject(new Error(`the program ended with ${code} before it was killed`));
    });
  });
}

onBothEngines(({ fresh, engine }) => {
  const KILLS = Number(process.env.PLUMB_KILLS ?? (FULL ? 10 : 2));
  it(`keeps every acknowledged vote when killed ${KILLS} times`, async () => {
    const { location, keyFile } = await fresh();
    let store = await openStore(location, { keyFile });
    const { project, items, raters } = await collection(store, {
      ...{ items: 1500, raters: 8 },
      settings: { overlap: 3, leaseSeconds: 10 },
    });
    await store.close();
    const random = new RandomStream(1, `test/kill/${engine}`);
    const told: string[] = [];
    const args = [location, keyFile, project.id, ...raters];
    for (let i = 0; i < KILLS; i++) {
      told.push(...(await killedAfter(random.int(MAX_ALIVE_MILLISECONDS), args)));
      const report = await verifyDatabase({ db: location, keyFile }, () => undefined);
      expect(report.problems).toEqual([]);
      expect(report.signed).toBeGreaterThan(0);
    }
    expect(told.length).toBeGreaterThan(KILLS);
    store = await openStore(location, { keyFile });
    const votes = await votesOf(store, project.id);
    const ids = new Set(votes.map(({ id }) => id));
    expect(told.filter((id) => !ids.has(id))).toEqual([]);
    expect(ids.size).toBe(votes.length);
    expect(new Set(votes.map(({ item, rater }) => `${item} ${rater}`)).size).toBe(votes.length);
    const perItem = new Map<string, number>();
    for (const { item } of votes) perItem.set(item, (perItem.get(item) ?? 0) + 1);
    expect(Math.max(...perItem.values())).toBeLessThanOrEqual(3);
    expect(perItem.size).toBeLessThanOrEqual(items.length);
    await store.checkpoint();
    const { checkpoints } = readCheckpoints(store.checkpointFile);
    expect((await verifyAudit(store.db, store.key.publicKey, checkpoints)).problems).toEqual([]);
    await store.close();
  });
});

import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

/** Locks the folder of one stage again and again, writes into it, and removes it, as runs that share a stage do. */
const SCRIPT = `
  import { writeFileSync } from "node:fs";
  import { join } from "node:path";
  const [artifacts, pipeline, , folder] = process.argv.slice(1);
  const { lockFolder } = await import(artifacts);
  const { StageStore } = await import(pipeline);
  const store = new StageStore(folder);
  const dir = store.unfinishedDir("sft", "0123456789abcdef");
  const seen = { held: 0, odd: [] };
  for (const until = Date.now() + 1500; Date.now() < until; ) {
    await store.makeUnfinished("sft", "0123456789abcdef");
    let release;
    try { release = lockFolder(dir); } catch ({ code, message }) {
      if (code !== "ENOENT" && !/in use by process|being locked/.test(message)) seen.odd.push(message);
      continue;
    }
    try {
      for (let i = 0; i < 20; i++) writeFileSync(join(dir, "step-" + i), "state");
      await store.removeUnfinished("sft", "0123456789abcdef");
      seen.held++;
    } catch ({ message }) { seen.odd.push(message); }
    release();
  }
  console.log(JSON.stringify(seen));`;

/** Runs a program in so many processes at once. @returns the object that each prints. */
async function together<T extends object>(
  scripts: readonly string[],
  folder: string,
  broken: T,
): Promise<T[]> {
  const files = ["dist/artifacts/lock.js", "dist/pipeline/store.js", "dist/pipeline/housekeeping.js"];
  return Promise.all(
    scripts.map(
      (script) =>
        new Promise<T>((done) => {
          const paths = files.map((file) => resolve(file));
          const child = spawn(process.execPath, ["--input-type=module", "-e", script, ...paths, folder]);
          let out = "";
          child.stdout.on("data", (part) => (out += part));
          child.stderr.on("data", (part) => (out += part));
          child.on("close", () => done(out.startsWith("{") ? JSON.parse(out) : { ...broken, odd: [out] }));
        }),
    ),
  );
}

it("a stage's folder never vanishes under the process that holds its lock, nor stays because another waits", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-contention-"));
  const all = await together(Array(3).fill(SCRIPT), folder, { held: 0, odd: [] as string[] });
  for (const { odd } of all) expect(odd).toEqual([]);
  expect(all.reduce((sum, { held }) => sum + held, 0)).toBeGreaterThan(3);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

/** Removes what is stored again and again; only that something is being computed may stop it. */
const HOUSEKEEPING = `
  const [, , housekeeping, folder] = process.argv.slice(1);
  const { removeStages } = await import(housekeeping);
  const seen = { held: 0, odd: [] };
  for (const until = Date.now() + 1500; Date.now() < until; )
    try {
      await removeStages(folder, "all", (message) => seen.odd.push(message));
      seen.held++;
    } catch ({ message }) {
      if (!/in use by process|being locked/.test(message)) seen.odd.push(message);
    }
  console.log(JSON.stringify(seen));`;
/** Waits a little where the folder may have vanished, so that housekeeping comes in between. */
const SLOW = SCRIPT.replace(
  'writeFileSync(join(dir, "step-" + i), "state");',
  (step) => `{ ${step} await 0; }`,
);

it("housekeeping takes no folder from the process that holds its lock", async () => {
  const folder = join(mkdtempSync(join(tmpdir(), "plumb-contention-")), "stages");
  const all = await together([SLOW, SLOW, HOUSEKEEPING], folder, { held: 0, odd: [] as string[] });
  for (const { odd } of all) expect(odd).toEqual([]);
  for (const { held } of all.slice(0, 2)) expect(held).toBeGreaterThan(0);
});

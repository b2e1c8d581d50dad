import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";

/** Locks the folder of one stage again and again, writes into it, and removes it, as runs that share a stage do. */
const SCRIPT = `
  import { writeFileSync } from "node:fs";
  import { join } from "node:path";
  const [artifacts, pipeline, folder] = process.argv.slice(1);
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

it("a stage's folder never vanishes under the process that holds its lock, nor stays because another waits", async () => {
  const folder = mkdtempSync(join(tmpdir(), "plumb-contention-"));
  const files = ["dist/artifacts/lock.js", "dist/pipeline/store.js"].map((file) => resolve(file));
  const all = await Promise.all(
    [1, 2, 3].map(
      () =>
        new Promise<{ held: number; odd: string[] }>((done) => {
          const child = spawn(process.execPath, ["--input-type=module", "-e", SCRIPT, ...files, folder]);
          let out = "";
          child.stdout.on("data", (part) => (out += part));
          child.stderr.on("data", (part) => (out += part));
          child.on("close", () => done(out.startsWith("{") ? JSON.parse(out) : { held: 0, odd: [out] }));
        }),
    ),
  );
  for (const { odd } of all) expect(odd).toEqual([]);
  expect(all.reduce((sum, { held }) => sum + held, 0)).toBeGreaterThan(3);
  expect(readdirSync(folder).filter((name) => name.startsWith("."))).toEqual([]);
});

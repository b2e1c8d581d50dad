import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, it } from "vitest";
import { lockFolder } from "./lock.js";

const folder = () => mkdtempSync(join(tmpdir(), "plumb-lock-"));
const long = new Date(Date.now() - 60_000);

it("a lock that is still being written is nobody's to take; one that stayed without an owner is", () => {
  for (const text of ["", '{"pid":12', "{}"]) {
    const dir = folder();
    const path = join(dir, "lock.json");
    writeFileSync(path, text);
    expect(() => lockFolder(dir)).toThrow(/is being locked by another process/);
    expect(readFileSync(path, "utf8")).toBe(text);
    utimesSync(path, long, long);
    lockFolder(dir)();
    expect(readdirSync(dir)).toEqual([]);
  }
});

it("a lock of a process that is gone is taken over, and nothing else is left behind", () => {
  const dir = folder();
  const gone = { pid: 2 ** 22 + 1, host: hostname(), started: "1" };
  writeFileSync(join(dir, "lock.json"), JSON.stringify(gone));
  const release = lockFolder(dir);
  expect(JSON.parse(readFileSync(join(dir, "lock.json"), "utf8"))).toMatchObject({ pid: process.pid });
  expect(readdirSync(dir)).toEqual(["lock.json"]);
  expect(() => lockFolder(dir)).toThrow(`in use by process ${process.pid}`);
  expect(readdirSync(dir)).toEqual(["lock.json"]);
  release();
  expect(readdirSync(dir)).toEqual([]);
});

it("of processes that lock a folder at once one has it, and a lock that is seen always has an owner", async () => {
  const dir = folder();
  const script = `import { readFileSync } from "node:fs";
    import { lockFolder } from ${JSON.stringify(resolve("dist/artifacts/lock.js"))};
    const seen = { held: 0, refused: 0, odd: [] };
    const until = Date.now() + 1500;
    while (Date.now() < until) {
      try { const text = readFileSync(${JSON.stringify(join(dir, "lock.json"))}, "utf8"); if (!text.endsWith("}\\n")) seen.odd.push(text); } catch {}
      try { const release = lockFolder(${JSON.stringify(dir)}); seen.held++; release(); }
      catch ({ message }) { if (/in use by process/.test(message)) seen.refused++; else seen.odd.push(message); }
    }
    console.log(JSON.stringify(seen));`;
  const all = await Promise.all(
    [1, 2].map(
      () =>
        new Promise<{ held: number; odd: string[] }>((done) => {
          const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
          let out = "";
          child.stdout.on("data", (part) => (out += part));
          child.on("close", () => done(JSON.parse(out)));
        }),
    ),
  );
  for (const { held, odd } of all) {
    expect(held).toBeGreaterThan(0);
    expect(odd).toEqual([]);
  }
});

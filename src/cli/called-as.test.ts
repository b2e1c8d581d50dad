import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { asCalled, calledAs } from "./called-as.js";

describe("commands as they are called", () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "plumb-called-")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  const script = join(folder, "dist", "cli", "main.js");
  mkdirSync(join(folder, "dist", "cli"), { recursive: true });
  mkdirSync(join(folder, "bin"));
  writeFileSync(script, "");
  chmodSync(script, 0o755);
  symlinkSync(script, join(folder, "bin", "plumb"));
  const PATH = `/nowhere:${join(folder, "bin")}`;

  it("are plumb where the shell finds it, npx plumb under npx, else node with the script", () => {
    expect(calledAs({ env: { PATH }, script: join(folder, "bin", "plumb"), cwd: "/" })).toBe("plumb");
    expect(calledAs({ env: { PATH, npm_command: "exec" }, script, cwd: folder })).toBe("npx plumb");
    expect(calledAs({ env: {}, script, cwd: folder })).toBe("node dist/cli/main.js");
    expect(calledAs({ env: {}, script, cwd: join(folder, "bin") })).toBe(`node ${script}`);
  });

  it("are plumb where another program of that name is found, or another script runs", () => {
    const other = join(folder, "other");
    mkdirSync(other);
    writeFileSync(join(other, "plumb"), "");
    expect(calledAs({ env: { PATH: other }, script, cwd: folder })).toBe("node dist/cli/main.js");
    expect(calledAs({ env: { PATH }, script: join(other, "plumb"), cwd: folder })).toBe("plumb");
    expect(calledAs({ env: {}, script: undefined, cwd: folder })).toBe("plumb");
  });

  it("are put into texts, and nothing else is", () => {
    const as = (text: string) => asCalled(text, "npx plumb");
    expect(as("Look at the data with plumb data FILE; then plumb reward.")).toBe(
      "Look at the data with npx plumb data FILE; then npx plumb reward.",
    );
    expect(as("use `plumb --help`")).toBe("use `npx plumb --help`");
    for (const text of [
      "npx plumb demo",
      "data lies in plumb.db",
      "a plumb line",
      "my-plumb demo",
      "/x/plumb demo",
    ])
      expect(as(text), text).toBe(text === "a plumb line" ? "a npx plumb line" : text);
    expect(asCalled("plumb demo", "plumb")).toBe("plumb demo");
  });
});

import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PlumbError } from "../base/errors.js";
import { writeFileAtomically, writeFolderAtomically, writeFolderOnce } from "./atomic.js";

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "plumb-atomic-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe("writeFileAtomically", () => {
  it("creates missing folders, replaces an old file and leaves nothing else behind", async () => {
    const path = join(root, "a", "b.txt");
    await writeFileAtomically(path, "one");
    await writeFileAtomically(path, new TextEncoder().encode("two"));
    expect(await readFile(path, "utf8")).toBe("two");
    expect(await readdir(join(root, "a"))).toEqual(["b.txt"]);
  });

  it("names the path when a part of it is a file", async () => {
    await writeFile(join(root, "plain"), "");
    await expect(writeFileAtomically(join(root, "plain", "x"), "")).rejects.toThrow(PlumbError);
  });
});

describe("writeFolderAtomically", () => {
  it("replaces a folder it wrote before", async () => {
    const dir = join(root, "model");
    for (const text of ["one", "two"]) {
      await writeFolderAtomically(dir, (tmp) => writeFile(join(tmp, "config.json"), text));
    }
    expect(await readFile(join(dir, "config.json"), "utf8")).toBe("two");
    expect(await readdir(root)).toEqual(["model"]);
  });

  it("keeps the previous folder when writing fails halfway", async () => {
    const dir = join(root, "model");
    await writeFolderAtomically(dir, (tmp) => writeFile(join(tmp, "a"), "old"));
    const failing = writeFolderAtomically(dir, async (tmp) => {
      await writeFile(join(tmp, "a"), "new");
      throw Object.assign(new Error("no space"), { code: "ENOSPC" });
    });
    await expect(failing).rejects.toThrow(/disk is full/);
    expect(await readFile(join(dir, "a"), "utf8")).toBe("old");
    expect(await readdir(root)).toEqual(["model"]);
  });

  it("refuses to replace a folder that holds something else", async () => {
    const dir = join(root, "home");
    await writeFolderAtomically(dir, (tmp) => writeFile(join(tmp, "letter.txt"), "dear"));
    const save = writeFolderAtomically(dir, (tmp) => writeFile(join(tmp, "config.json"), "{}"));
    await expect(save).rejects.toThrow(/letter\.txt/);
    expect(await readdir(dir)).toEqual(["letter.txt"]);
  });
});

describe("writeFolderOnce", () => {
  it("leaves the first of several that are written at once, whole, and nothing else", async () => {
    const dir = join(root, "once");
    const write = (text: string) =>
      writeFolderOnce(dir, async (tmp) => {
        await writeFile(join(tmp, "a"), text);
        await writeFile(join(tmp, "b"), text);
      });
    await Promise.all(["1", "2", "3"].map(write));
    await write("4");
    const [a, b] = await Promise.all(["a", "b"].map((name) => readFile(join(dir, name), "utf8")));
    expect(["1", "2", "3"]).toContain(a);
    expect(b).toBe(a);
    expect(await readdir(root)).toEqual(["once"]);
  });

  it("leaves nothing when writing fails", async () => {
    const failing = writeFolderOnce(join(root, "once"), async (tmp) => {
      await writeFile(join(tmp, "a"), "1");
      throw new PlumbError("broken");
    });
    await expect(failing).rejects.toThrow("broken");
    expect(await readdir(root)).toEqual([]);
  });
});

import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { sweepUploads, withUpload } from "./uploads.js";

const dir = mkdtempSync(join(tmpdir(), "plumb-sweep-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

it("an upload is a file only while it is read, also where that fails", async () => {
  let path = "";
  expect(
    await withUpload("text", ".csv", async (given) => {
      path = given;
      return readFile(given, "utf8");
    }),
  ).toBe("text");
  expect(existsSync(path)).toBe(false);
  const failing = withUpload("text", ".csv", async (given) => {
    path = given;
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  expect(existsSync(path)).toBe(false);
});

it("what a killed server left is removed; what another reads, and what is no upload, is not", async () => {
  const made = (name: string) => {
    mkdirSync(join(dir, name));
    return name;
  };
  // Above any process number of Linux and macOS.
  const gone = made("plumb-upload-99999999-aBc123");
  const others = made(`plumb-upload-${process.ppid}-aBc123`);
  const own = made(`plumb-upload-${process.pid}-now`);
  const before = made(`plumb-upload-${process.pid}-before`);
  utimesSync(join(dir, before), 1, 1);
  const else_ = made("plumb-upload");
  await sweepUploads(dir);
  const left = [gone, others, own, before, else_].filter((name) => existsSync(join(dir, name)));
  expect(left).toEqual([others, own, else_]);
});

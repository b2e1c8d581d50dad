import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemCause, systemError } from "./system-error.js";

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plumb-system-error-"));
  writeFileSync(join(dir, "votes.csv"), "a\n");
  symlinkSync("b", join(dir, "a"));
  symlinkSync("a", join(dir, "b"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The message for what a call throws, with the test's folder as DIR. */
function told(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return systemError(error)?.message.replaceAll(dir, "DIR") ?? `unexplained: ${String(error)}`;
  }
  throw new Error("the call succeeded");
}

describe("systemError", () => {
  it("says what could not be done to which path, and why, of errors that Node itself throws", () => {
    expect(told(() => mkdirSync(join(dir, "votes.csv"), { recursive: true }))).toBe(
      "cannot make the folder DIR/votes.csv: it is a file, not a folder",
    );
    expect(told(() => mkdirSync(join(dir, "votes.csv/runs/a"), { recursive: true }))).toBe(
      "cannot make the folder DIR/votes.csv/runs/a: DIR/votes.csv is a file, not a folder",
    );
    expect(told(() => readdirSync(join(dir, "votes.csv")))).toBe(
      "cannot list the folder DIR/votes.csv: it is a file, not a folder",
    );
    expect(told(() => writeFileSync(dir, ""))).toBe("cannot open DIR: it is a folder, not a file");
    expect(told(() => readFileSync(dir))).toBe("cannot read: it is a folder, not a file");
    expect(told(() => readFileSync(join(dir, "none")))).toBe(
      "cannot open DIR/none: there is no such file or folder",
    );
    expect(told(() => writeFileSync(join(dir, "no/such/file"), ""))).toBe(
      "cannot open DIR/no/such/file: there is no folder DIR/no",
    );
    expect(told(() => readFileSync(join(dir, "a")))).toBe(
      "cannot open DIR/a: its symbolic links lead in a circle",
    );
  });

  it.each([
    ["EACCES", "open", "cannot open p: permission was denied"],
    ["EROFS", "mkdir", "cannot make the folder p: the file system is read-only"],
    ["ENOSPC", "write", "cannot write p: the disk is full"],
    ["EXDEV", "rename", undefined],
    ["ENOENT", "spawn git", undefined],
    ["EACCES", "listen", undefined],
  ])("explains %s of %s as %j", (code, syscall, message) => {
    const error = Object.assign(new Error(`${code}: ${syscall}`), { code, syscall, path: "p" });
    const found = systemError(error);
    expect(found?.message).toBe(message);
    if (found !== undefined)
      expect(found).toMatchObject({ exitCode: 1, cause: error, hint: expect.stringMatching(/\.$/) });
  });

  it("names both paths of a rename, and leaves other errors alone", () => {
    const error = Object.assign(new Error("x"), { code: "EACCES", syscall: "rename", path: "a", dest: "b" });
    expect(systemError(error)?.message).toBe("cannot rename a to b: permission was denied");
    expect([systemError(new TypeError("x")), systemError("x"), systemCause(undefined)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(systemError(Object.assign(new Error("x"), { code: "toString", syscall: "open" }))).toBeUndefined();
  });
});

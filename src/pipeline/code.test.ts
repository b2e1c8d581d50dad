import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { codeDigest } from "./code.js";

const made: string[] = [];
afterEach(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** The digest of main.js among such modules. Each call has a folder of its own, as a digest is computed once. */
function digestOf(files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), "plumb-code-"));
  made.push(dir);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, name)), { recursive: true });
    writeFileSync(join(dir, name), text);
  }
  return codeDigest(pathToFileURL(join(dir, "main.js")).href).slice(0, 12);
}

const FILES = {
  "main.js": 'import { f } from "./lib/f.js";\nexport const run = () => f();\n',
  "lib/f.js":
    'import "../main.js";\nconst worker = new URL("./worker.js", import.meta.url);\nexport { g } from "./g.js";',
  "lib/g.js": "export const g = 1;",
  "lib/worker.js": "import('../later.js');",
  "later.js": "export {};",
  "other.js": "export const x = 1;",
};

describe("the digest of a stage's code", () => {
  it("changes with the module, and with each that it loads: imported, re-exported, later, or as a thread's program", () => {
    const before = digestOf(FILES);
    for (const name of ["main.js", "lib/f.js", "lib/g.js", "lib/worker.js", "later.js"] as const)
      expect(digestOf({ ...FILES, [name]: `${FILES[name]}// changed\n` }), name).not.toBe(before);
  });

  it("is that of its code, wherever it lies, and does not change with other modules", () => {
    expect(digestOf(FILES)).toBe(digestOf(FILES));
    expect(digestOf({ ...FILES, "other.js": "export const x = 2;" })).toBe(digestOf(FILES));
  });
});

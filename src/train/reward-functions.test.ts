import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Modules by name, with what is said of them. */
const CASES: [name: string, text: string, message: RegExp][] = [
  [
    "throws",
    "export default (r) => {\n  return r.nope.length;\n};\n",
    /throws\.mjs, line 2: the reward function "throws" threw TypeError: Cannot read properties of undefined/,
  ],
  [
    "rejects",
    "export default async () => {\n\n  throw new RangeError('far');\n};\n",
    /rejects\.mjs, line 3: .* threw RangeError: far/,
  ],
  ["text", "export default () => { throw 'no'; };", /text\.mjs: the reward function "text" threw no/],
  [
    "few",
    "export default () => [1];",
    /few\.mjs: the reward function "few" must return 2 numbers.*returned 1$/,
  ],
  ["nothing", "export default () => {};", /nothing\.mjs: .* must return 2 numbers.*returned nothing/],
  ["words", "export default () => [1, 'x'];", /words\.mjs: .* gave "x" for response 2/],
  ["number", "export default 5;", /number\.mjs: the export "default" is 5, not a function/],
  [
    "syntax",
    "const a = 1;\n\nexport default (x) => x.map(;\n",
    /syntax\.mjs, line 3: .*SyntaxError: Unexpected token/,
  ],
  ["top", "\nthrow new Error('at once');\n", /top\.mjs, line 2: .*cannot be loaded: Error: at once/],
  ["import", "import { zip } from 'node:path';\nexport default zip;", /import\.mjs, line 1: .*named 'zip'/],
  ["absent", "import './none.mjs';\n", /absent\.mjs: .*cannot be loaded: .*none\.mjs/],
];
const GOOD = "export default async (r) => r.map(({ ids }) => ids.length);";

interface Scored {
  rewards?: number[];
  message?: string;
  exitCode?: number;
}

/**
 * Scores two responses with the function of each module, in a process of Node's own: the test runner replaces imports.
 */
const SCORE = `
const { loadRewardFunction } = await import(process.argv[1]);
const completion = { ids: [1, 2], text: "a", finishReason: "stop" };
const found = {};
for (const module of process.argv.slice(2)) {
  try {
    const { score } = await loadRewardFunction({ module, export: "default", weight: 1 });
    found[module] = { rewards: await score([{ ids: [1], text: "p" }, { ids: [1], text: "q" }], [completion, completion]) };
  } catch ({ name, message, exitCode }) {
    found[module] = { name, message, exitCode };
  }
}
console.log(JSON.stringify(found));`;

let dir: string;
let found: Record<string, Scored>;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "plumb-reward-functions-"));
  for (const [name, text] of [...CASES, ["good", GOOD]])
    writeFileSync(join(dir, `${name}.mjs`), text as string);
  const program = new URL("../../dist/train/reward-functions.js", import.meta.url).href;
  const modules = [...CASES.map(([name]) => name), "good"].map((name) => `${name}.mjs`);
  const args = ["--input-type=module", "--eval", SCORE, "--", program, ...modules];
  found = JSON.parse(execFileSync(process.execPath, args, { cwd: dir, encoding: "utf8" }));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("a user's own reward function", () => {
  it("gives its rewards, also as a promise", () => {
    expect(found["good.mjs"]).toEqual({ rewards: [2, 2] });
  });

  it.each(CASES)("that %s is named with its module, as the user's to correct", (name, _, message) => {
    expect(found[`${name}.mjs`]).toEqual({
      name: "PlumbError",
      message: expect.stringMatching(message),
      exitCode: 1,
    });
  });
});

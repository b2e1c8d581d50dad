/**
 * What npm would publish, in an empty folder as somebody else's dependency. By default it is unpacked beside links to
 * those packages that it declares, and each of its modules is loaded; under PLUMB_FULL=1 npm installs it, and the demo
 * runs from it.
 */
import { execFile, execFileSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMarkdown } from "../markdown.js";
import { FULL } from "../spread.js";

const ROOT = path.resolve(".");
const run = promisify(execFile);
const place = mkdtempSync(path.join(tmpdir(), "plumbline-pack-"));
const project = path.join(place, "project");
const compiled = path.join(project, "compiled");
const installed = path.join(project, "node_modules", "plumbline");
const plumb = (...args: string[]) =>
  run(process.execPath, [path.join(installed, "dist", "cli", "main.js"), ...args], { cwd: project });

beforeAll(async () => {
  // The tests' set-up has built dist already; packing must not build it anew while others read it.
  const packed = execFileSync("npm", ["pack", "--ignore-scripts", "--json", "--pack-destination", place], {
    cwd: ROOT,
    encoding: "utf8",
  });
  const [{ filename }] = JSON.parse(packed) as { filename: string }[];
  mkdirSync(project);
  writeFileSync(path.join(project, "package.json"), '{ "private": true, "type": "module" }');
  const tarball = path.join(place, filename);
  if (FULL)
    await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", tarball], { cwd: project });
  else await unpacked(tarball);
  execFileSync("npx", ["tsc", "-p", "tsconfig.examples.json", "--outDir", compiled], {
    cwd: ROOT,
    stdio: "pipe",
  });
  cpSync(path.join(ROOT, "examples", "data"), path.join(project, "examples", "data"), { recursive: true });
}, 240_000);
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Lays a package out as npm would, with those packages beside it that it declares, and no others. */
async function unpacked(tarball: string): Promise<void> {
  mkdirSync(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  const { dependencies } = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    const link = path.join(project, "node_modules", name);
    mkdirSync(path.dirname(link), { recursive: true });
    symlinkSync(realpathSync(path.join(ROOT, "node_modules", name)), link, "dir");
  }
}

/** Loads every module but those that run as the main one of a process or thread, and pages for browsers. */
const LOAD_ALL = `
import { readdirSync } from "node:fs";
const dist = new URL("node_modules/plumbline/dist/", import.meta.url);
const files = readdirSync(dist, { recursive: true }).filter(
  (file) => file.endsWith(".js") && !/^web[/]|(^|[/-])(main|thread|worker)[.]js$/.test(file),
);
for (const file of files) await import(new URL(file, dist).href);
console.log(files.length);
process.exit(0);
`;

describe("the package as it is published", () => {
  it("has what its README links to, its licence, recipes and examples", () => {
    for (const file of ["README.md", "CHANGELOG.md", "docs/reference/README.md"]) {
      const { links } = readMarkdown(readFileSync(path.join(installed, file), "utf8"));
      const targets = links.filter((link) => !/^[a-z]+:|^#/.test(link)).map((link) => link.split("#")[0]);
      for (const target of targets)
        expect(existsSync(path.join(installed, path.dirname(file), target)), `${file}: ${target}`).toBe(true);
    }
    for (const file of ["LICENSE", "recipes/smollm2-hh.yaml", "examples/own-loss.ts"])
      expect(existsSync(path.join(installed, file)), file).toBe(true);
    expect(existsSync(path.join(installed, "src"))).toBe(false);
  });

  it("has every module and package that its modules load", async () => {
    writeFileSync(path.join(project, "load-all.mjs"), LOAD_ALL);
    const { stdout } = await run(process.execPath, ["load-all.mjs"], { cwd: project });
    expect(Number(stdout)).toBeGreaterThan(500);
  }, 120_000);

  it.runIf(FULL)(
    "runs the demo's stages, smaller",
    async () => {
      const settings = ["corpusTokens=3000", "demonstrations=48", "pairs=48", "heldOutPairs=24", "bestOf=2"];
      const model = [
        "model.vocabSize=400",
        "model.hiddenSize=16",
        "model.layers=1",
        "model.heads=2",
        "model.kvHeads=1",
      ];
      const ppo = [
        "ppo.iterations=1",
        "ppo.batchSize=16",
        "ppo.microBatchSize=16",
        "ppo.miniBatches=1",
        "ppo.maxNewTokens=4",
      ];
      const set = [...settings, ...model, ...ppo, "temperatures=[0.7]", "samplesPerPrompt=1"].flatMap((s) => [
        "--set",
        s,
      ]);
      const { stdout } = await plumb("demo", "--json", "--quiet", ...set);
      expect(JSON.parse(stdout)).toMatchObject({ seed: 1, run: "runs/demo" });
      expect(existsSync(path.join(project, "runs", "demo", "policy", "model.safetensors"))).toBe(true);
    },
    120_000,
  );

  it.each(["own-loss", "aggregate"])(
    "runs the example %s",
    async (name) => {
      const { stdout } = await run(process.execPath, [path.join(compiled, `${name}.js`)], { cwd: project });
      expect(stdout).toMatch(name === "aggregate" ? /rater-8: / : /step 20: loss/);
    },
    120_000,
  );

  it("says which setting of a recipe names what is not there", async () => {
    const recipe = path.join(installed, "recipes", "smollm2-hh.yaml");
    const failed = (await plumb("sft", recipe).catch((error: unknown) => error)) as {
      stderr: string;
      code: number;
    };
    expect(failed.code).toBeGreaterThan(0);
    expect(failed.stderr).toMatch(
      /error: .*\n hint: .*smollm2-hh\.yaml, line \d+ names it \((data|model)\)\./,
    );
  });
});

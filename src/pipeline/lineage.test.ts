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
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "../artifacts/index.js";
import { removeStages, storedStages } from "./housekeeping.js";
import { complaintOf, readLineage, stateOf, writeLineage } from "./lineage.js";
import { Pipeline } from "./pipeline.js";
import { readValue, writeValue } from "./values.js";

let root: string;
const stages = () => join(root, "stages");
const warnings: string[] = [];
const warn = (message: string) => {
  warnings.push(message);
};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "plumb-lineage-"));
  warnings.length = 0;
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A run of two stages, of which it shares the first with other runs. */
async function run(name: string, last: string) {
  const host = { signal: new AbortController().signal, info: warn, warn };
  const pipeline = new Pipeline<{ said: string }>(stages(), host, { keeps: () => true });
  const stage = (own: string, config: string, inputs = {}) =>
    pipeline.plan<string, { said: string }>({
      name: own,
      code: import.meta.url,
      config,
      inputs,
      async *run() {
        yield { said: own };
        return config;
      },
      save: (out, dir) => writeValue(join(dir, "out.json"), out),
      load: (dir) => readValue<string>(join(dir, "out.json")),
    });
  const first = stage("first", "shared");
  const second = stage("second", last, { first });
  for (const own of [first, second]) for await (const _ of own.run());
  const dir = join(root, name);
  mkdirSync(dir);
  await writeLineage(dir, pipeline.store, await pipeline.settle());
  warnings.length = 0;
  return dir;
}

describe("the lineage of a run", () => {
  it("names its stages with their inputs, reused ones too, and is read again", async () => {
    await run("one", "a");
    const { stages: read, store } = await readLineage(await run("two", "b"));
    expect(read.map(({ reused, manifest }) => [manifest.stage, reused])).toEqual([
      ["first", true],
      ["second", false],
    ]);
    expect(read[1].manifest.inputs.first.content).toBe(read[0].manifest.content);
    expect(await stateOf(store, read[1].manifest, warn)).toBe("as stored");
  });

  it("says which result may not be read, and goes on", async () => {
    const { stages: read, store } = await readLineage(await run("one", "a"));
    const { manifest } = read[0];
    const file = join(store.dirOf(manifest.stage, manifest.key), "result", "out.json");
    rmSync(file);
    // The system refuses a link that leads to itself to everyone, root included.
    symlinkSync("out.json", file);
    expect(await stateOf(store, manifest, warn)).toBe("not readable");
    expect(await stateOf(store, read[1].manifest, warn)).toBe("as stored");
    expect(warnings).toEqual([`cannot look at ${file}: its symbolic links lead in a circle`]);
  });

  it("complains of what was altered and of what could not be read", () => {
    const states = ["as stored", "deleted", "computed again"] as const;
    const sound = states.map((state) => ({ stage: state, state }));
    expect(complaintOf(sound)).toBeUndefined();
    const two = { stage: "b", state: "not readable" } as const;
    expect(complaintOf([...sound, two])?.message).toBe(
      "The stored result of b could not be read, so it was not checked.",
    );
    const complaint = complaintOf([{ stage: "a", state: "damaged" }, two, { ...two, stage: "c" }]);
    expect(complaint?.message).toBe(
      "The stored result of a was altered or is damaged.\nThe stored result of b, c could not be read, so it was not checked.",
    );
    expect(complaint?.hint).toMatch(/computes it again\. Check it as the user/);
  });

  it("tells a folder that is not there from one that has no lineage", async () => {
    await expect(readLineage(join(root, "none"))).rejects.toThrow(`there is no folder ${join(root, "none")}`);
    await expect(readLineage(root)).rejects.toThrow(`${root} has no lineage.json`);
  });

  it("says of each stored result whether it is as the run had it", async () => {
    const { stages: read, store } = await readLineage(await run("one", "a"));
    const [first, second] = read.map(({ manifest }) => manifest);
    writeFileSync(join(store.dirOf("first", first.key), "result/out.json"), '"shaped"\n');
    rmSync(store.dirOf("second", second.key), { recursive: true });
    expect(await stateOf(store, first, warn)).toBe("damaged");
    expect(warnings).toEqual([expect.stringMatching(/first-.*out\.json is damaged/)]);
    expect(await stateOf(store, second, warn)).toBe("deleted");
    const { stages: other } = await readLineage(await run("two", "b"));
    expect(await stateOf(store, { ...other[1].manifest, content: first.content }, warn)).toBe(
      "computed again",
    );
  });

  it("that is missing or damaged is said", async () => {
    await expect(readLineage(root)).rejects.toThrow("has no lineage.json");
    const dir = await run("one", "a");
    const path = join(dir, "lineage.json");
    writeFileSync(path, readFileSync(path, "utf8").slice(0, 99));
    await expect(readLineage(dir)).rejects.toThrow("lineage.json is damaged");
  });
});

describe("housekeeping", () => {
  it("lists results with the runs that are made of them, and removes what none is", async () => {
    await run("one", "a");
    const two = await run("two", "b");
    const listed = await storedStages(stages(), warn);
    expect(listed.map(({ stage, runs }) => [stage, runs])).toEqual([
      ["first", ["one", "two"]],
      ["second", ["one"]],
      ["second", ["two"]],
    ]);
    expect(listed[0].bytes).toBe(9 + 17);
    rmSync(two, { recursive: true });
    mkdirSync(join(stages(), "unfinished", "third-0123456789ab"), { recursive: true });
    mkdirSync(join(stages(), ".third-0123456789ab.tmp-00ff00ff00ff"));
    mkdirSync(join(stages(), ".third-0123456789ab.gone-00ff00ff"));
    expect((await removeStages(stages(), "unused", warn)).map(({ name }) => name)).toEqual([listed[2].name]);
    expect(readdirSync(stages()).sort()).toEqual([listed[0].name, listed[1].name].sort());
    await removeStages(stages(), "all", warn);
    expect(readdirSync(stages())).toEqual([]);
  });

  it("deletes at the next run what a killed process had moved away", async () => {
    await run("one", "a");
    const [{ name }] = await storedStages(stages(), warn);
    mkdirSync(join(stages(), `.${name}.gone-00ff00ff`));
    await run("two", "a");
    expect(readdirSync(stages()).filter((file) => file.startsWith("."))).toEqual([]);
  });

  it("removes nothing while a run beside it goes on", async () => {
    await run("one", "a");
    mkdirSync(join(root, "busy"));
    const release = lockFolder(join(root, "busy"));
    await expect(removeStages(stages(), "all", warn)).rejects.toThrow("in use by process");
    release();
    expect(await storedStages(stages(), warn)).toHaveLength(2);
  });
});

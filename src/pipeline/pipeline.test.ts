import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { lockFolder } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import { Pipeline } from "./pipeline.js";
import type { PlannedStage } from "./planned-stage.js";
import type { Stage, StageResult } from "./stage.js";
import { readValue, writeValue } from "./values.js";

interface Said {
  said: string;
}

let folder: string;
let said: string[];
/** Names of the stages that were computed, in order. */
let ran: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "plumb-pipeline-"));
  [said, ran] = [[], []];
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const pipelineOf = (options: { fresh?: boolean; checkpointSeconds?: number; signal?: AbortSignal } = {}) => {
  const { signal = new AbortController().signal, ...rest } = options;
  const hear = (message: string) => {
    said.push(message);
  };
  return new Pipeline<Said>(
    folder,
    { signal, info: hear, warn: hear },
    { keeps: (event) => event.said !== "a moment", ...rest },
  );
};

/** A stage that says a few words and comes to its config after its inputs' results. */
function joined(
  name: string,
  config: string,
  inputs: Record<string, StageResult<string>> = {},
  changes: Partial<Stage<string, Said>> = {},
): Stage<string, Said> {
  return {
    name,
    code: import.meta.url,
    config,
    inputs,
    async *run() {
      ran.push(name);
      yield { said: `${name} begins` };
      yield { said: "a moment" };
      const before = await Promise.all(Object.values(inputs).map((input) => input.value()));
      return [...before, config].join(" ");
    },
    save: (out, dir) => writeValue(join(dir, "out.json"), out),
    load: (dir) => readValue<string>(join(dir, "out.json")),
    ...changes,
  };
}

async function run<Out>(planned: PlannedStage<Out, Said>): Promise<Said[]> {
  const events: Said[] = [];
  for await (const event of planned.run()) events.push(event);
  return events;
}

/** a -> b -> c, and d of a: what c came to. */
async function diamond(configs: { a?: string; b?: string; c?: string; d?: string } = {}, options = {}) {
  const pipeline = pipelineOf(options);
  const a = pipeline.plan(joined("a", configs.a ?? "1"));
  const b = pipeline.plan(joined("b", configs.b ?? "2", { a }));
  const d = pipeline.plan(joined("d", configs.d ?? "4", { a }));
  const c = pipeline.plan(joined("c", configs.c ?? "3", { b, d }));
  ran = [];
  for (const stage of [a, b, d, c]) await run(stage);
  const records = await pipeline.settle();
  return { value: await c.value(), records, stages: { a, b, c, d } };
}
const dirOf = (name: string): string => {
  const found = readdirSync(folder).filter((own) => own.startsWith(`${name}-`));
  expect(found).toHaveLength(1);
  return join(folder, found[0]);
};

describe("stages", () => {
  it("are computed once, and reused with their kept events and results", async () => {
    const first = await diamond();
    expect([first.value, ran]).toEqual(["1 2 1 4 3", ["a", "b", "d", "c"]]);
    expect(first.records.map(({ reused }) => reused)).toEqual([false, false, false, false]);
    const pipeline = pipelineOf();
    const a = pipeline.plan(joined("a", "1"));
    expect(await run(a)).toEqual([{ said: "a begins", replayed: true }]);
    expect(await a.value()).toBe("1");
    const second = await diamond();
    expect([second.value, ran]).toEqual(["1 2 1 4 3", []]);
    expect(second.records.map(({ manifest }) => manifest)).toEqual(
      first.records.map(({ manifest }) => manifest),
    );
    expect(said.at(-1)).toMatch(/^c: reused, computed \d{4}-\d\d-\d\d \d\d:\d\d \(.*c-[0-9a-f]{12}\)$/);
    expect(existsSync(join(folder, "unfinished")) ? readdirSync(join(folder, "unfinished")) : []).toEqual([]);
  });

  it.each([
    ["a", { a: "0" }, ["a", "b", "d", "c"]],
    ["b", { b: "0" }, ["b", "c"]],
    ["d", { d: "0" }, ["d", "c"]],
    ["c", { c: "0" }, ["c"]],
  ])(
    "with another config of %s, exactly those that depend on it are computed",
    async (_, change, expected) => {
      await diamond();
      await diamond(change);
      expect(ran).toEqual(expected);
      await diamond();
      expect(ran).toEqual([]);
    },
  );

  it("have another key with other code, and the same whatever the order of their settings", async () => {
    const pipeline = pipelineOf();
    const keyOf = (changes: Partial<Stage<string, Said>>) => pipeline.plan(joined("a", "1", {}, changes)).key;
    expect(keyOf({ code: new URL("./pipeline.ts", import.meta.url).href })).not.toBe(keyOf({}));
    expect(keyOf({ config: { x: 1, y: [2, { p: 1, q: 2 }] } })).toBe(
      keyOf({ config: { y: [2, { q: 2, p: 1 }], x: 1 } }),
    );
    expect(keyOf({ config: [1, 2] })).not.toBe(keyOf({ config: [2, 1] }));
  });

  it("record what they were made of", async () => {
    const { records } = await diamond();
    const [a, , , c] = records.map(({ manifest }) => manifest);
    expect(Object.keys(c.inputs)).toEqual(["b", "d"]);
    const b = records[1].manifest;
    expect(c.inputs.b).toEqual({ stage: "b", key: b.key, content: b.content });
    expect(b.inputs.a.content).toBe(a.content);
    expect(a.files["out.json"].bytes).toBe(4);
    expect(a.config).toBe("1");
  });

  it.each([
    ["a byte of the result", "result/out.json", (text: string) => text.replace("1", "2")],
    ["an event", "events.jsonl", (text: string) => text.replace("begins", "began!")],
    ["the config", "manifest.json", (text: string) => text.replace('"config": "1"', '"config": "9"')],
    ["a hash in the manifest", "manifest.json", (text: string) => text.replace(/("sha256": ")./, "$1f")],
    ["the manifest, cut off", "manifest.json", (text: string) => text.slice(0, 40)],
  ])("refuse %s that was changed, by name, and compute the stage again", async (_, file, change) => {
    const { value } = await diamond();
    const path = join(dirOf("a"), file);
    const before = readFileSync(path, "utf8");
    expect(change(before)).not.toBe(before);
    writeFileSync(path, change(before));
    said = [];
    expect((await diamond()).value).toBe(value);
    // The same result again: what was made of it stands.
    expect(ran).toEqual(["a"]);
    expect(said[0]).toContain(join(dirOf("a"), file));
    expect(said[0]).toMatch(/damaged|was changed/);
    expect(new Set(said).size).toBe(said.length);
    await diamond();
    expect(ran).toEqual([]);
  });

  it("refuse a file that the manifest does not list, and one that is gone", async () => {
    await diamond();
    appendFileSync(join(dirOf("a"), "result", "more.json"), "x");
    await diamond();
    expect(said.some((line) => /more\.json is not part of the result/.test(line))).toBe(true);
    rmSync(join(dirOf("a"), "result", "out.json"));
    await diamond();
    expect(said.some((line) => /out\.json is missing/.test(line))).toBe(true);
    expect(ran).toEqual(["a"]);
  });

  it("are computed again where an input came to something else under the same key", async () => {
    let draw = "x";
    const chain = async () => {
      const pipeline = pipelineOf();
      const a = pipeline.plan(
        joined(
          "a",
          "1",
          {},
          {
            run: async function* () {
              yield { said: "" };
              return draw;
            },
          },
        ),
      );
      const b = pipeline.plan(joined("b", "2", { a }));
      for (const stage of [a, b]) await run(stage);
      await pipeline.settle();
      return b.value();
    };
    expect(await chain()).toBe("x 2");
    draw = "y";
    rmSync(dirOf("a"), { recursive: true });
    expect(await chain()).toBe("y 2");
    expect(said.at(-1)).toBe("b: the stored result was made from another result of a; computing it again");
  });

  it("with files that vary, are the same to those that are made of them", async () => {
    let time = 0;
    const chain = async (options = {}) => {
      ran = [];
      const pipeline = pipelineOf(options);
      const save = async (out: string, dir: string) => {
        await writeValue(join(dir, "out.json"), out);
        await writeValue(join(dir, "time.json"), ++time);
      };
      const a = pipeline.plan(joined("a", "1", {}, { save, varying: (file) => file === "time.json" }));
      const b = pipeline.plan(joined("b", "2", { a }));
      for (const stage of [a, b]) await run(stage);
      await pipeline.settle();
    };
    await chain();
    rmSync(dirOf("a"), { recursive: true });
    await chain();
    expect([ran, time]).toEqual([["a"], 2]);
  });

  it("are all computed with `fresh`, which says where a result is not what it was", async () => {
    await diamond();
    said = [];
    await diamond({}, { fresh: true });
    expect([ran, said]).toEqual([["a", "b", "d", "c"], []]);
    const pipeline = pipelineOf({ fresh: true });
    const other = pipeline.plan(
      joined(
        "a",
        "1",
        {},
        {
          run: async function* () {
            yield { said: "" };
            return "other";
          },
        },
      ),
    );
    await run(other);
    await pipeline.settle();
    expect(said).toEqual([expect.stringMatching(/^a: the new result differs from the stored one/)]);
    expect(await diamond().then(({ value }) => value)).toBe("other 2 other 4 3");
  });

  it("that fail store nothing, and those that wait for them fail with the same", async () => {
    const pipeline = pipelineOf();
    const a = pipeline.plan(
      joined(
        "a",
        "1",
        {},
        {
          run: async function* () {
            yield { said: "" };
            throw new Error("diverged");
          },
        },
      ),
    );
    const b = pipeline.plan(joined("b", "2", { a }));
    await expect(run(a)).rejects.toThrow("diverged");
    await expect(run(b)).rejects.toThrow("diverged");
    await expect(pipeline.settle()).rejects.toThrow("diverged");
    expect(readdirSync(folder)).toEqual(["unfinished"]);
  });

  it("whose input fails fail with it, also where they are stored already", async () => {
    await diamond();
    rmSync(dirOf("a"), { recursive: true });
    said = [];
    const pipeline = pipelineOf();
    const failing = async function* (): AsyncGenerator<Said, string> {
      yield { said: "" };
      throw new PlumbError("no disk");
    };
    const a = pipeline.plan(joined("a", "1", {}, { run: failing }));
    const b = pipeline.plan(joined("b", "2", { a }));
    await expect(run(a)).rejects.toThrow("no disk");
    await expect(run(b)).rejects.toThrow("no disk");
    expect([said, ran]).toEqual([[], ["a", "b", "d", "c"]]);
  });

  it("that cannot be stored say so at the end; the folder holds no half of them", async () => {
    const pipeline = pipelineOf();
    const a = pipeline.plan(
      joined(
        "a",
        "1",
        {},
        {
          save: async () => {
            throw new Error("disk full");
          },
        },
      ),
    );
    await run(a);
    expect(await a.value()).toBe("1");
    await expect(pipeline.settle()).rejects.toThrow("disk full");
    expect(readdirSync(folder)).toEqual(["unfinished"]);
  });

  it("asked for before they were run say so, rather than never answer", async () => {
    const pipeline = pipelineOf();
    const a = pipeline.plan(joined("a", "1"));
    await expect(a.value()).rejects.toThrow("stage a is asked for its result before it was run");
  });
});

describe("a stage with checkpoints", () => {
  const counting = (until: number): Stage<string, Said> =>
    joined(
      "count",
      "1",
      {},
      {
        async *run(work) {
          let count = work.saved ? (work.saved.state as { count: number }).count : 0;
          ran.push(`from ${count}`);
          work.checkpointBy(async () =>
            count % 2 === 0 ? { tensors: new Map(), state: { count } } : undefined,
          );
          while (count < until) {
            count++;
            yield { said: `${count}` };
          }
          return `counted to ${count}`;
        },
      },
    );

  it("goes on from the last one, and yields what was before it again", async () => {
    const interrupted = pipelineOf({ checkpointSeconds: 0 });
    for await (const event of interrupted.plan(counting(6)).run()) if (event.said === "5") break;
    const pipeline = pipelineOf();
    const again = pipeline.plan(counting(6));
    const events = await run(again);
    expect(ran).toEqual(["from 0", "from 4"]);
    expect(events).toEqual([
      ...["1", "2", "3", "4"].map((text) => ({ said: text, replayed: true })),
      ...["5", "6"].map((text) => ({ said: text })),
    ]);
    expect(await again.value()).toBe("counted to 6");
    await pipeline.settle();
    const reused = await run(pipelineOf().plan(counting(6)));
    expect(reused.map((event) => event.said)).toEqual(["1", "2", "3", "4", "5", "6"]);
  });

  it("saves at once when the work is to stop, and else at times", async () => {
    const controller = new AbortController();
    const pipeline = pipelineOf({ signal: controller.signal });
    for await (const event of pipeline.plan(counting(6)).run()) {
      if (event.said === "3") controller.abort();
      if (event.said === "4") break;
    }
    await run(pipelineOf().plan(counting(6)));
    expect(ran).toEqual(["from 0", "from 4"]);
  });

  it("begins anew with `fresh`", async () => {
    for await (const event of pipelineOf({ checkpointSeconds: 0 }).plan(counting(6)).run())
      if (event.said === "5") break;
    await run(pipelineOf({ fresh: true }).plan(counting(6)));
    expect(ran).toEqual(["from 0", "from 0"]);
  });
});

describe("what a process left that was killed after storing a result", () => {
  const left = async (locked: boolean): Promise<boolean> => {
    const first = pipelineOf();
    const a = first.plan(joined("a", "1"));
    await run(a);
    await first.settle();
    const dir = first.store.unfinishedDir("a", a.key);
    mkdirSync(dir, { recursive: true });
    writeFileSync(join(dir, "half"), "");
    const release = locked ? lockFolder(dir) : () => undefined;
    await run(pipelineOf().plan(joined("a", "1")));
    const there = existsSync(join(dir, "half"));
    release();
    return there;
  };

  it("goes when the result is reused", async () => {
    expect([await left(false), ran]).toEqual([false, ["a"]]);
  });

  it("stays while another process has it", async () => {
    expect(await left(true)).toBe(true);
  });
});

describe("two at once", () => {
  it("compute a stage once: the second waits and takes the first's result", async () => {
    const slow = (): Stage<string, Said> =>
      joined(
        "slow",
        "1",
        {},
        {
          async *run() {
            ran.push("slow");
            yield { said: "slow" };
            await sleep(300);
            return "done";
          },
        },
      );
    const results = await Promise.all(
      [0, 1, 2].map(async () => {
        const pipeline = pipelineOf();
        const planned = pipeline.plan(slow());
        await run(planned);
        await pipeline.settle();
        return planned.value();
      }),
    );
    expect(results).toEqual(["done", "done", "done"]);
    expect(ran).toEqual(["slow"]);
    expect(said.filter((line) => line.startsWith("slow: another process computes it; waiting"))).toHaveLength(
      2,
    );
  });

  it("stop waiting when the work is to stop", async () => {
    const pipeline = pipelineOf();
    const a = pipeline.plan(joined("a", "1"));
    const dir = pipeline.store.unfinishedDir("a", a.key);
    await import("node:fs/promises").then((fs) => fs.mkdir(dir, { recursive: true }));
    const release = lockFolder(dir);
    const controller = new AbortController();
    const waiting = pipelineOf({ signal: controller.signal });
    const stopped = run(waiting.plan(joined("a", "1")));
    setTimeout(() => controller.abort(), 50);
    await expect(stopped).rejects.toThrow(/abort/i);
    release();
    await run(a);
    expect(ran).toEqual(["a"]);
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { memoryOf } from "../../test/buffers.js";
import { FULL } from "../../test/spread.js";
import {
  letters,
  PAD,
  randomIds,
  smallConfig,
  smallFull,
  smallLora,
  smallWeights,
} from "../../test/tiny-network.js";
import { RandomStream } from "../base/random.js";
import { frozenNetwork, fullNetwork } from "../model/create.js";
import type { Network } from "../model/network.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import type { DeviceBuffer, Runtime } from "../runtime/runtime.js";
import { Generator, type GeneratorOptions } from "./generator.js";
import type { Completion } from "./request.js";
import { type SamplingConfig, samplingSchema } from "./sampling.js";

const runtime = new OrtRuntime({ threads: 1 });
const sampling = (changes: Partial<SamplingConfig> = {}): SamplingConfig =>
  samplingSchema.parse({ maxNewTokens: 12, seed: 5, ...changes });
/** Many end tokens, so that rows leave at different times. */
const ending = (network: Network): Network => ({
  ...network,
  config: { ...network.config, eosIds: [2, 5, 11, 17, 23, 29] },
});
const endless = (network: Network): Network => ({ ...network, config: { ...network.config, eosIds: [] } });

const small = smallFull(runtime);
const still = frozenNetwork(runtime, smallConfig(), smallWeights(runtime, smallConfig()));
const sliding = fullNetwork(runtime, smallConfig({ slidingWindow: 4 }), smallWeights(runtime, smallConfig()));
const narrow = smallConfig({ hiddenSize: 24, heads: 3, kvHeads: 1, headDim: 8 });
const untied = fullNetwork(runtime, narrow, smallWeights(runtime, narrow));
const adapted = smallLora(runtime, smallWeights(runtime, smallConfig()));
for (const [name, buffer] of adapted.trainable.byName)
  new RandomStream(9, name).fillNormal(memoryOf(buffer), 0.2);

/** What ran: the names of programs, and how many rows and tokens a row each was given. */
interface Run {
  name: string;
  rows: number;
  columns: number;
}
/** The runtime, and a list of what is run with it. */
function watched(): { runtime: Runtime; runs: Run[] } {
  const runs: Run[] = [];
  const compile: Runtime["compile"] = (program, frozen) => {
    const executable = runtime.compile(program, frozen);
    return {
      program,
      release: () => executable.release(),
      run: (feeds, outputs) => {
        const rows = (feeds["cache.0.key"] as DeviceBuffer).shape[0];
        const { ids } = feeds;
        const count = "length" in ids ? ids.length : ids.shape[0];
        runs.push({ name: program.name, rows, columns: count / rows });
        return executable.run(feeds, outputs);
      },
    };
  };
  const watching = new Proxy(runtime, {
    get: (target, key) => (key === "compile" ? compile : Reflect.get(target, key, target)),
  });
  return { runtime: watching, runs };
}
const prefills = (runs: readonly Run[]): Run[] => runs.filter(({ name }) => name === "generate/prefill");
const steps = (runs: readonly Run[]): Run[] => runs.filter(({ name }) => name !== "generate/prefill");

/** Generators by network and size of pieces: their programs are compiled once for all tests. */
const generators = new Map<Network, Map<number, Generator>>();
function generatorOf(network: Network, chunkTokens = 512): Generator {
  const known = generators.get(network) ?? new Map<number, Generator>();
  generators.set(network, known);
  const generator =
    known.get(chunkTokens) ?? new Generator(runtime, network, PAD, undefined, { chunkTokens });
  known.set(chunkTokens, generator);
  return generator;
}

/** One request after another, each in one piece and with nothing to share. */
async function oneByOne(
  network: Network,
  prompts: number[][],
  config: SamplingConfig,
): Promise<Completion[]> {
  const out: Completion[] = [];
  for (const [firstRow, prompt] of prompts.entries())
    out.push(...(await generatorOf(network).generate([prompt], config, { firstRow })));
  return out;
}

function expectSame(got: readonly Completion[], want: readonly Completion[]): void {
  expect(got.map(({ ids, finishReason }) => ({ ids, finishReason }))).toEqual(
    want.map(({ ids, finishReason }) => ({ ids, finishReason })),
  );
  for (const [i, { logProbs }] of got.entries())
    for (const [t, value] of logProbs.entries())
      expect(Math.abs(value - want[i].logProbs[t])).toBeLessThan(1e-4);
}

describe("the same tokens as one by one", () => {
  const networks = {
    still: ending(still),
    small: ending(small),
    sliding: ending(sliding),
    untied: ending(untied),
    adapted: ending(adapted),
  };
  const prompt = fc.record({ shared: fc.constantFrom(0, 0, 3, 18, 40), own: fc.nat(14), of: fc.nat(2) });
  const batches = fc.record({
    network: fc.constantFrom(...(Object.keys(networks) as (keyof typeof networks)[])),
    prompts: fc.array(prompt, { minLength: 1, maxLength: 14 }),
    batchSize: fc.integer({ min: 1, max: 6 }),
    chunkTokens: fc.constantFrom(2, 5, 16, 64, 512),
    temperature: fc.constantFrom(0, 0.8, 1.2),
    topK: fc.constantFrom(0, 0, 10),
    seed: fc.nat(1000),
  });

  test("whatever the batch, the pieces and the shared beginnings", async () => {
    await fc.assert(
      fc.asyncProperty(
        batches,
        async ({ network: name, prompts, batchSize, chunkTokens, seed, ...changes }) => {
          const network = networks[name];
          const all = prompts.map(({ shared, own, of }, i) => [
            ...randomIds(new RandomStream(seed, "shared", of), shared),
            ...randomIds(
              new RandomStream(seed, "own", own % 3 === 0 ? own : i),
              shared === 0 ? own + 1 : own,
            ),
          ]);
          const config = sampling({ ...changes, seed, maxNewTokens: 10 });
          const together = await generatorOf(network, chunkTokens).generate(all, config, { batchSize });
          expectSame(together, await oneByOne(network, all, config));
        },
      ),
      { numRuns: FULL ? 50 : 20, seed: 11 },
    );
  });
});

describe("rows", () => {
  const prompts = Array.from({ length: 20 }, (_, i) => randomIds(new RandomStream(i, "prompt"), 2 + (i % 7)));

  test("a finished row's place is taken at once", async () => {
    const { runtime: watching, runs } = watched();
    const completions = await new Generator(watching, ending(still), PAD).generate(prompts, sampling(), {
      batchSize: 4,
    });
    const tokens = completions.reduce((n, { ids }) => n + ids.length, 0);
    const drained = [0, 4, 8, 12, 16].map((start) =>
      Math.max(...completions.slice(start, start + 4).map(({ ids }) => ids.length)),
    );
    expect(steps(runs).reduce((n, { rows }) => n + rows, 0)).toBe(tokens);
    expect(steps(runs).length).toBeLessThan(drained.reduce((a, b) => a + b, 0) - 10);
    // While requests wait every step is full; then the batch only shrinks.
    const sizes = steps(runs).map(({ rows }) => rows);
    expect(sizes.slice(0, Math.floor((tokens - 4 * 12) / 4)).every((rows) => rows === 4)).toBe(true);
    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
  });

  test("a request joins while others decode", async () => {
    const { runtime: watching, runs } = watched();
    const network = endless(still);
    const generator = new Generator(watching, network, PAD, undefined, { batchSize: 3, capacity: 64 });
    const late: Promise<Completion>[] = [];
    const seen: number[][] = [[], []];
    const first = generator.submit(prompts[0], sampling(), {
      row: 0,
      onToken: (token) => {
        seen[0].push(token);
        if (seen[0].length === 4)
          late.push(
            generator.submit(prompts[1], sampling({ temperature: 0 }), {
              row: 1,
              onToken: (t) => seen[1].push(t),
            }),
            generator.submit(prompts[2], sampling({ topK: 5 }), { row: 2 }),
          );
      },
    });
    const completions = [await first, ...(await Promise.all(late))];
    expect(steps(runs).map(({ rows }) => rows)).toEqual([
      ...Array(4).fill(1),
      ...Array(8).fill(3),
      ...Array(4).fill(2),
    ]);
    expect(seen).toEqual(completions.slice(0, 2).map(({ ids }) => ids));
    for (const [row, changes] of [{}, { temperature: 0 }, { topK: 5 }].entries()) {
      const [alone] = await generatorOf(network).generate([prompts[row]], sampling(changes), {
        firstRow: row,
      });
      expect(completions[row].ids).toEqual(alone.ids);
    }
  });

  test("a request that needs a longer row waits until the others are done", async () => {
    const network = endless({ ...small, config: { ...small.config, maxPositions: 256 } });
    const generator = new Generator(runtime, network, PAD, undefined, { batchSize: 2 });
    const order: string[] = [];
    const ask = async (name: string, row: number, maxNewTokens: number): Promise<void> => {
      const { ids } = await generator.submit(prompts[row], sampling({ maxNewTokens }), { row });
      expect(ids.length).toBe(maxNewTokens);
      order.push(name);
    };
    const short = ask("short", 0, 30);
    await Promise.resolve().then(() => Promise.resolve());
    await Promise.all([short, ask("long", 1, 100), ask("short too", 2, 10)]);
    expect(order).toEqual(["short", "short too", "long"]);
  });
});

describe("a stream", () => {
  const network = ending(still);
  const prompts = Array.from({ length: 15 }, (_, i) => randomIds(new RandomStream(i, "prompt"), 2 + (i % 7)));
  async function* read(count = prompts.length): AsyncGenerator<number[]> {
    for (const prompt of prompts.slice(0, count)) {
      await Promise.resolve();
      yield prompt;
    }
  }

  test("gives what a list gives, in its order", async () => {
    const wanted = await generatorOf(network).generate(prompts, sampling(), { firstRow: 7 });
    let tokens = 0;
    const got: Completion[] = [];
    const options = { batchSize: 3, firstRow: 7, onStep: (n: number) => void (tokens += n) };
    for await (const one of generatorOf(network).stream(read(), sampling(), options)) got.push(one);
    expectSame(got, wanted);
    expect(tokens).toBe(wanted.reduce((n, { ids }) => n + ids.length, 0));
  });

  test("that is left early, aborted or wrong in the middle leaves the generator usable", async () => {
    const generator = generatorOf(network);
    for await (const one of generator.stream(read(), sampling(), { batchSize: 2 })) {
      expect(one.ids.length).toBeGreaterThan(0);
      break;
    }
    const controller = new AbortController();
    const aborted = generator.stream(read(), sampling(), { batchSize: 2, signal: controller.signal });
    await aborted.next();
    controller.abort();
    const rest = async (): Promise<void> => {
      for await (const one of aborted) expect(one.ids.length).toBeGreaterThan(0);
    };
    await expect(rest()).rejects.toThrow("stopped while sampling");
    async function* wrong(): AsyncGenerator<number[]> {
      yield* read(2);
      yield [];
    }
    const got: Completion[] = [];
    const running = async (): Promise<void> => {
      for await (const one of generator.stream(wrong(), sampling())) got.push(one);
    };
    await expect(running()).rejects.toThrow("prompt 3 has no tokens");
    expect(got.length).toBe(2);
    expectSame(await generator.generate(prompts, sampling()), await oneByOne(network, prompts, sampling()));
  });
});

describe("prompts in pieces", () => {
  const long = endless({ ...small, config: { ...small.config, maxPositions: 512 } });
  const prompts = [150, 3, 40, 9, 10].map((n, i) => randomIds(new RandomStream(i, "long"), n));

  test("no run has more tokens than a piece, and rows that decode go on between two", async () => {
    const { runtime: watching, runs } = watched();
    const generator = new Generator(watching, long, PAD, undefined, { chunkTokens: 32 });
    const completions = await generator.generate(prompts, sampling());
    for (const { rows, columns } of runs) expect(rows * columns).toBeLessThanOrEqual(32);
    expect(prefills(runs).map(({ rows, columns }) => rows * columns)).toEqual([
      16, 16, 32, 7, 32, 32, 32, 32, 21,
    ]);
    for (const [i, { name }] of runs.entries())
      if (name === "generate/prefill") expect(runs[i + 1].name).not.toBe("generate/prefill");
    expectSame(completions, await oneByOne(long, prompts, sampling()));
  });

  test("an abort between two pieces leaves the generator usable", async () => {
    const { runtime: watching, runs } = watched();
    const generator = new Generator(watching, long, PAD, undefined, { chunkTokens: 16 });
    const controller = new AbortController();
    const other = generator.submit(prompts[1], sampling(), { row: 1 });
    const stopped = generator.submit(prompts[0], sampling(), {
      row: 0,
      signal: controller.signal,
    });
    const first = generator.submit(prompts[3], sampling(), { row: 3, onToken: () => controller.abort() });
    await expect(stopped).rejects.toMatchObject({ message: "stopped while sampling", exitCode: 130 });
    expect(prefills(runs).length).toBeLessThan(5);
    expectSame(
      [await other, await first],
      [(await oneByOne(long, prompts, sampling()))[1], (await oneByOne(long, prompts, sampling()))[3]],
    );
    const again = await generator.generate(prompts, sampling());
    expectSame(again, await oneByOne(long, prompts, sampling()));
    generator.release();
  });
});

describe("shared beginnings", () => {
  const long = endless({ ...small, config: { ...small.config, maxPositions: 512 } });
  const system = randomIds(new RandomStream(1, "system"), 50);

  test("equal prompts are computed once, whether their rows are taken together or one after another", async () => {
    for (const batchSize of [1, 2, 12]) {
      const { runtime: watching, runs } = watched();
      const prompts = [system, system.slice(0, 20), system.slice(0, 20)].flatMap((p) => [p, p, p, p]);
      const completions = await new Generator(watching, long, PAD).generate(prompts, sampling(), {
        batchSize,
      });
      expect(prefills(runs).length).toBe(1);
      expectSame(completions, await oneByOne(long, prompts, sampling()));
    }
  });

  test("a beginning is computed once where it is long enough", async () => {
    const prompts = Array.from({ length: 5 }, (_, i) => [
      ...system,
      ...randomIds(new RandomStream(i, "own"), 6),
    ]);
    const { runtime: watching, runs } = watched();
    const completions = await new Generator(watching, long, PAD).generate(prompts, sampling());
    expect(prefills(runs).map(({ rows, columns }) => [rows, columns])).toEqual([
      [1, 64],
      ...Array(4).fill([1, 5]),
    ]);
    expectSame(completions, await oneByOne(long, prompts, sampling()));

    const brief = prompts.map((prompt) => prompt.slice(40));
    runs.length = 0;
    await new Generator(watching, long, PAD).generate(brief, sampling());
    expect(prefills(runs).map(({ rows, columns }) => [rows, columns])).toEqual([[5, 16]]);
  });

  test("a frozen network's prompts are remembered between requests, a trained one's are not", async () => {
    const config = sampling({ maxNewTokens: 4 });
    const frozen: Network = { ...still, config: long.config };
    for (const [network, computed] of [
      [frozen, 0],
      [long, 1],
    ] as const) {
      const { runtime: watching, runs } = watched();
      const generator = new Generator(watching, network, PAD, letters, { capacity: 128 });
      const { ids } = await generator.submit(system, config, { row: 0 });
      runs.length = 0;
      await generator.submit([...system, ...ids], config, { row: 1 });
      expect(prefills(runs).length).toBe(computed);
    }
  });
});

describe("weights under training", () => {
  test("no step has one row alone, which other kernels would compute", async () => {
    const prompts = [2, 3, 4].map((n) => randomIds(new RandomStream(n, "prompt"), n));
    for (const [network, fewest] of [
      [endless(adapted), 2],
      [endless(still), 1],
    ] as const) {
      const { runtime: watching, runs } = watched();
      const config = sampling({ maxNewTokens: 5 });
      await new Generator(watching, network, PAD).generate(prompts, config, { batchSize: 2 });
      expect(Math.min(...steps(runs).map(({ rows }) => rows))).toBe(fewest);
    }
  });

  test("leave nothing behind in the cache when they change", async () => {
    const network = endless(smallLora(runtime, smallWeights(runtime, smallConfig())));
    const prompts = [randomIds(new RandomStream(1, "prompt"), 12)];
    const generator = new Generator(runtime, network, PAD);
    const before = await generator.generate(prompts, sampling());
    for (const [name, buffer] of network.trainable.byName)
      new RandomStream(10, name).fillNormal(memoryOf(buffer), 0.3);
    const after = await generator.generate(prompts, sampling());
    const anew = await new Generator(runtime, network, PAD).generate(prompts, sampling());
    expect(after).toEqual(anew);
    expect(after).not.toEqual(before);
  });
});

describe("memory", () => {
  const bytesPerRow = (capacity: number): number => small.config.layers * 2 * 16 * 4 * capacity;
  const prompts = Array.from({ length: 9 }, (_, i) => randomIds(new RandomStream(i, "prompt"), 20));

  test("as many rows as fit it", async () => {
    const rowsWith = async (options: GeneratorOptions): Promise<number> => {
      const { runtime: watching, runs } = watched();
      await new Generator(watching, endless(small), PAD).generate(prompts, sampling(), options);
      return Math.max(...steps(runs).map(({ rows }) => rows));
    };
    expect(await rowsWith({ cacheBytes: 3.5 * bytesPerRow(64) })).toBe(3);
    expect(await rowsWith({ cacheBytes: 3.5 * bytesPerRow(64), batchSize: 2 })).toBe(2);
    expect(await rowsWith({ cacheBytes: 1e9 })).toBe(9);
    expect(await rowsWith({})).toBe(9);
  });

  test("too little for one row is an error before anything runs", async () => {
    const { runtime: watching, runs } = watched();
    const generator = new Generator(watching, small, PAD);
    const running = generator.generate(prompts, sampling(), { cacheBytes: bytesPerRow(64) - 1 });
    await expect(running).rejects.toThrow(/one row of 64 tokens take 1 MB, more than the 1 MB/);
    await expect(generator.generate(prompts, sampling(), { capacity: 30 })).rejects.toThrow(
      /31 tokens exceeds.*30/,
    );
    expect(runs).toEqual([]);
    expect((await generator.generate(prompts, sampling())).length).toBe(9);
  });
});

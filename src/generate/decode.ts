import { PlumbError } from "../errors.js";
import { paddedLength } from "../model/batch.js";
import type { ModelConfig } from "../model/config.js";
import { cachedHiddenStates, cacheNames, logits } from "../model/decoder.js";
import { type Network, networkFeeds, networkInputs, networkParameters } from "../model/network.js";
import { RandomStream } from "../random.js";
import type { DeviceBuffer, Runtime } from "../runtime/runtime.js";
import { gatherRows, type InputSpec, type Program, trace } from "../tensor/index.js";
import type { Tokenizer } from "../text/index.js";
import { greedyToken, sampledToken, samplingBlocks } from "./next-token.js";
import { filtersLogits, type SamplingConfig, sampleToken } from "./sampling.js";

export interface Completion {
  /** The tokens sampled, with the end-of-sequence token if there was one. */
  ids: number[];
  /** Natural logarithm of each token's probability at the sampling temperature. */
  logProbs: number[];
  finishReason: "stop" | "length";
  /** The text without special tokens, cut before a stop string. Absent without a tokenizer. */
  text?: string;
}

/** How the next token is found: inside the program, or on the host from logits. */
type Mode = "greedy" | "sample" | "logits";

/** Most tokens in one run over prompts: bounds the memory of its activations. */
const PREFILL_TOKENS = 4096;

interface Row {
  /** Position in the caller's list; also names the row's random draws. */
  index: number;
  prompt: readonly number[];
  completion: Completion;
  random: RandomStream;
  seen: Set<number>;
}

/** Samples completions from a network with a KV cache that is updated in place. */
export class Generator {
  private readonly programs = new Map<string, Program>();
  private readonly eos: ReadonlySet<number>;
  private cache: KeyValueCache | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly network: Network,
    private readonly padId: number,
    private readonly tokenizer?: Tokenizer,
  ) {
    this.eos = new Set(network.config.eosIds);
  }

  /**
   * Samples one completion per prompt. A row's draws depend on the seed and its position in `prompts` only, not on
   * how rows are batched. Rows that are finished leave the batch.
   *
   * @param prompts token ids, each at least one long. @param batchSize rows decoded together.
   * @param onToken called after each step with the number of tokens sampled.
   */
  async generate(
    prompts: readonly (readonly number[])[],
    config: SamplingConfig,
    options: {
      batchSize?: number;
      signal?: AbortSignal;
      firstRow?: number;
      onStep?: (tokens: number) => void;
    } = {},
  ): Promise<Completion[]> {
    const { batchSize = 64, signal, firstRow = 0, onStep } = options;
    const longest = prompts.reduce((n, p) => Math.max(n, p.length), 0);
    const limit = this.network.config.maxPositions;
    prompts.forEach((prompt, i) => {
      if (prompt.length === 0) throw new PlumbError(`prompt ${i + 1} has no tokens`);
      if (prompt.length + config.maxNewTokens > limit) {
        throw new PlumbError(
          `prompt ${i + 1} has ${prompt.length} tokens; with ${config.maxNewTokens} new ones that exceeds the model's context of ${limit}`,
          { hint: "shorten the prompt or lower maxNewTokens" },
        );
      }
    });
    const results: Completion[] = [];
    const mode: Mode = filtersLogits(config) ? "logits" : config.temperature === 0 ? "greedy" : "sample";
    const capacity = roundUp(Math.max(paddedLength(longest), longest + config.maxNewTokens));
    for (let start = 0; start < prompts.length; start += batchSize) {
      const rows = prompts.slice(start, start + batchSize).map((prompt, i): Row => {
        const completion: Completion = { ids: [], logProbs: [], finishReason: "length" };
        const random = new RandomStream(config.seed, "generate/sample", firstRow + start + i);
        return { index: start + i, prompt, completion, random, seen: new Set(prompt) };
      });
      results.push(...rows.map((row) => row.completion));
      await this.decodeBatch(rows, config, mode, capacity, signal, onStep);
    }
    return results;
  }

  private async decodeBatch(
    all: Row[],
    config: SamplingConfig,
    mode: Mode,
    capacity: number,
    signal: AbortSignal | undefined,
    onStep: ((tokens: number) => void) | undefined,
  ): Promise<void> {
    const cache = this.cacheFor(all.length, capacity);
    try {
      // 1. Prompts, a few rows at a time, into the cache; each gives its first token.
      const rowsAtOnce = Math.max(
        1,
        Math.floor(PREFILL_TOKENS / all.reduce((n, r) => Math.max(n, r.prompt.length), 1)),
      );
      for (let start = 0; start < all.length; start += rowsAtOnce) {
        const rows = all.slice(start, start + rowsAtOnce);
        const columns = paddedLength(rows.reduce((n, row) => Math.max(n, row.prompt.length), 0));
        const ids = new BigInt64Array(rows.length * columns).fill(BigInt(this.padId));
        for (const [b, row] of rows.entries()) ids.set(row.prompt.map(BigInt), b * columns);
        const views = cache.slice(start, rows.length);
        await this.step(rows, ids, columns, mode, config, capacity, views);
        for (const view of Object.values(views)) view.release();
        onStep?.(rows.length);
      }
      // 2. One token per row and step; a finished row's place in the cache is taken by the last row.
      let active = cache.compact(all, (row) => this.finished(row, config));
      while (active.length > 0) {
        if (signal?.aborted) throw new PlumbError("stopped while sampling", { exitCode: 130 });
        const ids = BigInt64Array.from(active, (row) =>
          BigInt(row.completion.ids[row.completion.ids.length - 1]),
        );
        await this.step(active, ids, 1, mode, config, capacity, cache.active(active.length));
        onStep?.(active.length);
        active = cache.compact(active, (row) => this.finished(row, config));
      }
    } finally {
      cache.releaseViews();
    }
    for (const row of all) this.setText(row.completion, config);
  }

  /** The cache of the last call where it is large enough: what it still holds is overwritten before it is read. */
  private cacheFor(rows: number, capacity: number): KeyValueCache {
    if (!this.cache || this.cache.rows < rows || this.cache.capacity !== capacity) {
      this.cache?.release();
      this.cache = new KeyValueCache(this.runtime, this.network.config, rows, capacity);
    }
    return this.cache;
  }

  /** Frees the KV cache; the next call makes a new one. */
  release(): void {
    this.cache?.release();
    this.cache = undefined;
  }

  /** Runs the program over new tokens and appends the next token to every row. */
  private async step(
    rows: Row[],
    ids: BigInt64Array,
    columns: number,
    mode: Mode,
    config: SamplingConfig,
    capacity: number,
    caches: Record<string, DeviceBuffer>,
  ): Promise<void> {
    const prefill = rows[0].completion.ids.length === 0;
    const known = rows.map((row) => row.prompt.length + row.completion.ids.length);
    const blocks = samplingBlocks(this.network.config.vocabSize);
    const feeds = {
      ids,
      lastIndex: Int32Array.from(known, (n) => n - 1),
      longest: Int32Array.of(prefill ? columns : Math.max(...known)),
      last: BigInt64Array.from(known, (n, b) => BigInt(prefill ? b * columns + n - 1 : b)),
      uniform: Float32Array.from(rows, (row) => (mode === "greedy" ? 0 : row.random.uniform())),
      rowStart: BigInt64Array.from(rows, (_, b) => BigInt(b * blocks)),
    };
    const program = this.program(mode, config.temperature, columns, capacity);
    const executable = this.runtime.compile(program, this.network.frozen);
    const out = await executable.run({ ...networkFeeds(this.network), ...feeds, ...caches });
    rows.forEach((row, b) => {
      let token: number;
      let logProb: number;
      if (mode === "logits") {
        const { vocabSize } = this.network.config;
        const own = (out.logits as Float32Array).subarray(b * vocabSize, (b + 1) * vocabSize);
        ({ token, logProb } = sampleToken(own, config, row.seen, feeds.uniform[b]));
        row.seen.add(token);
      } else {
        token = Number(out.token[b]);
        logProb = out.logProb[b] as number;
      }
      if (Number.isNaN(logProb))
        throw new PlumbError("the model's logits are not finite", { hint: "check its weights" });
      row.completion.ids.push(token);
      row.completion.logProbs.push(logProb);
    });
  }

  private program(mode: Mode, temperature: number, columns: number, capacity: number): Program {
    const key = `${mode} ${temperature} ${columns} ${capacity}`;
    const known = this.programs.get(key);
    if (known) return known;
    const { config } = this.network;
    const inputs: Record<string, InputSpec> = {
      ...networkInputs(this.network),
      ids: { shape: ["B", columns], dtype: "i64" },
      lastIndex: { shape: ["B"], dtype: "i32" },
      longest: { shape: [1], dtype: "i32" },
      last: { shape: ["B"], dtype: "i64" },
      uniform: { shape: ["B"], dtype: "f32" },
      rowStart: { shape: ["B"], dtype: "i64" },
    };
    const names = Array.from({ length: config.layers }, (_, layer) => cacheNames(layer)).flat();
    for (const name of names)
      inputs[name] = { shape: ["B", config.kvHeads, "S", config.headDim], dtype: "f32" };
    const program = trace(`generate/${mode}`, inputs, (x) => {
      const p = networkParameters(this.network, x);
      const caches = Object.fromEntries(names.map((name) => [name, x[name]]));
      const { ids, lastIndex, longest } = x;
      const { hidden, caches: updated } = cachedHiddenStates(p, config, {
        ids,
        lastIndex,
        longest,
        caches,
        capacity,
      });
      const scale = mode === "sample" ? 1 / temperature : 1;
      const next = logits(p, config, gatherRows(hidden, x.last), scale); // [B, V]
      if (mode === "logits") return { ...updated, logits: next };
      return {
        ...updated,
        ...(mode === "greedy" ? greedyToken(next) : sampledToken(next, x.uniform, x.rowStart)),
      };
    });
    this.programs.set(key, program);
    return program;
  }

  private finished(row: Row, config: SamplingConfig): boolean {
    const { completion } = row;
    if (this.eos.has(completion.ids[completion.ids.length - 1]) || this.stopAt(completion, config) >= 0) {
      completion.finishReason = "stop";
      return true;
    }
    return completion.ids.length >= config.maxNewTokens;
  }

  /** Index of the first stop string in the completion's text, or -1. */
  private stopAt(completion: Completion, config: SamplingConfig): number {
    if (config.stop.length === 0 || !this.tokenizer) return -1;
    const text = this.tokenizer.decode(completion.ids, { skipSpecialTokens: true });
    const found = config.stop.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
    return found.length > 0 ? Math.min(...found) : -1;
  }

  private setText(completion: Completion, config: SamplingConfig): void {
    if (!this.tokenizer) return;
    const text = this.tokenizer.decode(completion.ids, { skipSpecialTokens: true });
    const stop = this.stopAt(completion, config);
    completion.text = stop >= 0 ? text.slice(0, stop) : text;
  }
}

/** Cache capacities come in powers of two from 64, so that few programs serve all lengths. */
function roundUp(length: number): number {
  let capacity = 64;
  while (capacity < length) capacity *= 2;
  return capacity;
}

/** Keys and values of every layer for a batch of rows, in place: [rows, KV, S, D] each. */
class KeyValueCache {
  private readonly buffers = new Map<string, DeviceBuffer>();
  private readonly perRow: number;
  private current: { rows: number; views: Record<string, DeviceBuffer> } | undefined;

  constructor(
    runtime: Runtime,
    private readonly config: ModelConfig,
    readonly rows: number,
    readonly capacity: number,
  ) {
    this.perRow = config.kvHeads * capacity * config.headDim;
    for (let layer = 0; layer < config.layers; layer++) {
      for (const name of cacheNames(layer))
        this.buffers.set(name, runtime.buffer("f32", [rows * this.perRow]));
    }
  }

  /** Views of `count` rows from `start`; the caller releases them. */
  slice(start: number, count: number): Record<string, DeviceBuffer> {
    const shape = [count, this.config.kvHeads, this.capacity, this.config.headDim];
    const views = [...this.buffers].map(
      ([name, buffer]) => [name, buffer.view(shape, start * this.perRow)] as const,
    );
    return Object.fromEntries(views);
  }

  /** Views of the first `count` rows, kept until the count changes. */
  active(count: number): Record<string, DeviceBuffer> {
    if (this.current?.rows !== count) {
      this.releaseViews();
      this.current = { rows: count, views: this.slice(0, count) };
    }
    return this.current.views;
  }

  releaseViews(): void {
    for (const view of Object.values(this.current?.views ?? {})) view.release();
    this.current = undefined;
  }

  /** Drops finished rows: the last unfinished row moves into each gap. @returns the rows that go on, in place order. */
  compact(rows: Row[], finished: (row: Row) => boolean): Row[] {
    const done = rows.map(finished);
    const kept = [...rows];
    let end = rows.length;
    for (let i = 0; i < end; ) {
      if (!done[i]) {
        i++;
        continue;
      }
      end--;
      kept[i] = kept[end];
      done[i] = done[end];
      if (i < end) {
        for (const buffer of this.buffers.values()) {
          (buffer.data() as Float32Array).copyWithin(
            i * this.perRow,
            end * this.perRow,
            (end + 1) * this.perRow,
          );
        }
      }
    }
    return kept.slice(0, end);
  }

  release(): void {
    for (const buffer of this.buffers.values()) buffer.release();
  }
}

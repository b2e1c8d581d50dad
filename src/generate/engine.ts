import { PlumbError } from "../base/errors.js";
import { type Network, networkFeeds } from "../model/network.js";
import type { Feed, HostArray, Runtime } from "../runtime/runtime.js";
import type { Program } from "../tensor/index.js";
import { type CacheSizeOptions, chooseCacheSize } from "./cache-size.js";
import { KeyValueCache } from "./kv-cache.js";
import { cachedBeginning, nextPiece, orderOfPrefill } from "./prefill-plan.js";
import { DecodePrograms } from "./programs.js";
import type { Request } from "./request.js";
import { RequestQueue } from "./request-queue.js";
import { foundToken, StepBuffers } from "./step-buffers.js";

/** Share of the rows that must be free before requests of a long queue are admitted. */
const ADMITTED_SHARE = 1 / 8;

/**
 * Decodes requests together over one KV cache. Requests may join at any time: when one is done, its row goes to a
 * waiting one (continuous batching; Yu et al. 2022, "Orca"). Between two decoding steps, at most `chunkTokens` tokens
 * of prompts are computed, so that long prompts neither delay the other rows for long nor need much memory (Agrawal et
 * al. 2023, "Sarathi"). The beginning of a prompt is copied if the cache already holds it (prefix caching; Zheng et al.
 * 2023, "SGLang").
 *
 * A prompt is computed except for its last token, which is the first one that a row decodes: so prompts need no output
 * head, and a prompt that the cache holds whole needs no run of its own. Rows that decode come before those whose
 * prompts are still being computed, without gaps: a step runs over views of the first rows.
 */
export class DecodeEngine {
  private readonly programs: DecodePrograms;
  /**
   * Fewest rows of a step. ONNX Runtime multiplies a single row with unpacked weights by another routine, which rounds
   * differently. With a second row, whose results are ignored, the last request that remains of a batch gets the same
   * bytes as among others.
   */
  private readonly fewest: number;
  private readonly waiting = new RequestQueue();
  /** Requests by their rows in the cache; the first `decoding` ones decode, and the others are joining. */
  private readonly rows: Request[] = [];
  private decoding = 0;
  /** Finished requests whose results have not been delivered yet. */
  private readonly done: Request[] = [];
  private room: CacheSizeOptions = {};
  private repeatable = true;
  /** Most rows to use; the cache may have more. */
  private limit = 0;
  private memory: { cache: KeyValueCache; buffers: StepBuffers } | undefined;
  private running: Promise<void> | undefined;

  constructor(
    private readonly runtime: Runtime,
    private readonly network: Network,
    private readonly options: {
      padId: number;
      chunkTokens: number;
      /** Called after each step. */
      onStep: () => void;
    },
  ) {
    this.programs = new DecodePrograms(network);
    this.fewest = network.trainable.byName.size > 0 ? 2 : 1;
  }

  /** Whether no request is waiting or has a row. */
  get idle(): boolean {
    return this.running === undefined;
  }

  /**
   * Prepares an idle engine for other requests.
   * @param repeatable ignores what the cache holds from before and what steps wrote into it, so that the same requests
   * give the same bytes whatever came earlier and however they are batched.
   */
  begin(room: CacheSizeOptions, repeatable: boolean): void {
    this.room = room;
    this.repeatable = repeatable;
    if (repeatable) this.memory?.cache.forget();
  }

  /** Adds a request to the queue; its result settles when the request is done. */
  submit(request: Request): void {
    this.waiting.push(request);
    this.running ??= this.run();
  }

  /** Frees the cache; the next request makes a new one. */
  release(): void {
    this.memory?.cache.release();
    this.memory = undefined;
  }

  private async run(): Promise<void> {
    // Requests that are submitted together are admitted together.
    await Promise.resolve();
    try {
      for (;;) {
        // Results are delivered here, so that a caller that awaits the last one finds the engine idle.
        for (const request of this.done.splice(0)) request.finish();
        await this.dropCancelled();
        this.admit();
        if (this.rows.length === 0) break;
        await this.joinPrefilled();
        if (this.decoding < this.rows.length) await this.prefill();
        await this.joinPrefilled();
        if (this.decoding > 0) await this.step();
      }
    } catch (error) {
      for (const request of [...this.done.splice(0), ...this.rows, ...this.waiting.takeAll()])
        request.fail(error);
      this.rows.length = 0;
      this.decoding = 0;
      this.memory?.cache.forget();
    } finally {
      this.running = undefined;
    }
  }

  /**
   * Gives free rows to the requests that have waited longest, once all admitted prompts are computed. A long queue
   * waits until a few rows are free: a run over one short prompt costs nearly as much as one over several.
   */
  private admit(): void {
    if (this.waiting.length === 0 || this.decoding < this.rows.length) return;
    if (this.rows.length === 0) this.makeRoom();
    else if (this.limit - this.rows.length < Math.min(this.waiting.length, this.limit * ADMITTED_SHARE))
      return;
    const { cache } = this.use();
    let count = 0;
    while (
      count < this.waiting.length &&
      this.rows.length + count < this.limit &&
      this.waiting.at(count).positions <= cache.capacity
    )
      count++;
    this.rows.push(...orderOfPrefill(this.waiting.take(count)));
  }

  private makeRoom(): void {
    const positions = this.waiting.mostPositions();
    const { config } = this.network;
    const room = chooseCacheSize(config, positions, this.room);
    this.limit = room.rows;
    const { capacity } = room;
    const rows = Math.max(this.fewest, room.rows);
    const { cache } = this.memory ?? {};
    const fits = cache && cache.rows >= rows && cache.capacity >= capacity;
    if (fits && (this.room.capacity === undefined || cache.capacity === capacity)) return;
    this.release();
    this.memory = {
      cache: new KeyValueCache(this.runtime, config, rows, capacity),
      buffers: new StepBuffers(rows, config.vocabSize),
    };
  }

  private use(): { cache: KeyValueCache; buffers: StepBuffers } {
    if (!this.memory) throw new Error("the engine has no cache");
    return this.memory;
  }

  /** Moves rows to decoding once their prompts are in the cache, except for the last token. */
  private async joinPrefilled(): Promise<void> {
    const { cache } = this.use();
    for (; this.decoding < this.rows.length; this.decoding++) {
      const row = this.decoding;
      const request = this.rows[row];
      if (!request.begun) {
        const shared = cachedBeginning(cache, request, row, this.repeatable);
        if (shared.row === row) cache.truncate(row, shared.positions);
        else await cache.copy(shared.row, row, shared.positions);
        request.begun = true;
      }
      if (cache.filled(row) < request.prefill) return;
    }
  }

  /** Computes a part of the prompts that are not in the cache yet. */
  private async prefill(): Promise<void> {
    const { cache } = this.use();
    const first = this.decoding;
    const { padId, chunkTokens } = this.options;
    const { parts, start, columns } = nextPiece(
      cache,
      this.rows.slice(first),
      first,
      chunkTokens,
      this.repeatable,
    );
    const width = columns === "any" ? parts[0].length : columns;
    const ids = new BigInt64Array(parts.length * width).fill(BigInt(padId));
    for (const [i, part] of parts.entries()) ids.set(part.map(BigInt), i * width);
    const lastIndex = Int32Array.from(parts, (part) => start + part.length - 1);
    const longest = Int32Array.of(start + width);
    const views = cache.slice(first, parts.length);
    for (const [i] of parts.entries()) cache.truncate(first + i, start);
    try {
      const program = this.programs.prefill(columns, tables(cache.capacity));
      await this.execute(program, { ids, lastIndex, longest, ...views });
    } finally {
      for (const view of Object.values(views)) view.release();
    }
    for (const [i, part] of parts.entries()) {
      cache.appendPrompt(first + i, part);
      this.rows[first + i].begun = true;
    }
  }

  /** Decodes one more token in every decoding row. */
  private async step(): Promise<void> {
    const { cache, buffers } = this.use();
    const rows = this.rows.slice(0, this.decoding);
    for (const [row, request] of rows.entries()) {
      const position = cache.filled(row);
      buffers.ids[row] = BigInt(request.tokenAt(position));
      buffers.lastIndex[row] = position;
      buffers.scale[row] = request.scale;
      buffers.uniform[row] = request.draw();
    }
    const count = Math.max(this.fewest, rows.length);
    for (let row = rows.length; row < count; row++) this.idleRow(row);
    const choices = new Set(rows.map(({ choice }) => choice));
    const program = this.programs.step(choices, tables(cache.capacity));
    const out = await this.execute(program, { ...buffers.feeds(count), ...cache.first(count) });
    const ended = rows.map((request, row) => {
      cache.append(row, Number(buffers.ids[row]));
      return this.take(request, row, out);
    });
    for (let row = rows.length - 1; row >= 0; row--) if (ended[row]) await this.vacate(row);
    this.options.onStep();
  }

  /** Feeds a padding token to a row that does not decode, at the end of what the cache holds of it. */
  private idleRow(row: number): void {
    const { cache, buffers } = this.use();
    cache.truncate(row, cache.capacity - 1);
    buffers.ids[row] = BigInt(this.options.padId);
    buffers.lastIndex[row] = cache.filled(row);
    buffers.scale[row] = 1;
    buffers.uniform[row] = 0;
  }

  /** Gives a row's request its next token. @returns whether the request is over, done or failed. */
  private take(request: Request, row: number, out: Readonly<Record<string, HostArray>>): boolean {
    const { buffers } = this.use();
    try {
      const { token, logProb } =
        request.choice === "logits"
          ? request.choose(this.logitsOf(row, out.logits as Float32Array), buffers.uniform[row])
          : foundToken(out, row, request.choice);
      if (!request.take(token, logProb)) return false;
      this.done.push(request);
    } catch (error) {
      request.fail(error);
    }
    return true;
  }

  private logitsOf(row: number, logits: Float32Array): Float32Array {
    const { vocabSize } = this.network.config;
    return logits.subarray(row * vocabSize, (row + 1) * vocabSize);
  }

  private async dropCancelled(): Promise<void> {
    const error = (): PlumbError => new PlumbError("stopped while sampling", { exitCode: 130 });
    for (let row = this.rows.length - 1; row >= 0; row--) {
      if (!this.rows[row].cancelled) continue;
      this.rows[row].fail(error());
      await this.vacate(row);
    }
    for (const request of this.waiting.takeCancelled()) request.fail(error());
  }

  /** Frees a row: the last decoding row moves into its place, and the last joining row into the place of that one. */
  private async vacate(row: number): Promise<void> {
    let gap = row;
    if (row < this.decoding) {
      gap = --this.decoding;
      await this.move(gap, row);
    }
    await this.move(this.rows.length - 1, gap);
    this.rows.length--;
  }

  private async move(from: number, to: number): Promise<void> {
    if (from === to) return;
    const { cache } = this.use();
    if (this.rows[from].begun) await cache.copy(from, to, cache.filled(from));
    this.rows[to] = this.rows[from];
  }

  private execute(
    program: Program,
    feeds: Readonly<Record<string, Feed>>,
  ): Promise<Record<string, HostArray>> {
    const executable = this.runtime.compile(program, this.network.frozen);
    return executable.run({ ...networkFeeds(this.network), ...feeds });
  }
}

/** Positions of the rotary tables: a power of two, so that few programs serve all capacities. */
const tables = (capacity: number): number => 2 ** Math.ceil(Math.log2(capacity));

import { PlumbError } from "../errors.js";
import { paddedLength } from "../model/batch.js";
import { type Network, networkFeeds } from "../model/network.js";
import type { DeviceBuffer, Feed, HostArray, Runtime } from "../runtime/runtime.js";
import type { Program } from "../tensor/index.js";
import { KeyValueCache, sharedLength } from "./kv-cache.js";
import { DecodePrograms } from "./programs.js";
import type { Request } from "./request.js";
import { chooseRoom, type RoomOptions } from "./room.js";
import { StepBuffers } from "./step-buffers.js";

/**
 * A shared beginning is copied where it saves that many tokens, or is all there is to compute: what is left of the
 * prompt then runs alone, over all weights, instead of together with others.
 */
const WORTH_COPYING = 32;

/**
 * Decodes requests together over one KV cache. Requests may join at any time: when one is done, its row goes to the
 * next at once (continuous batching; Yu et al. 2022, "Orca"). Between two steps of the rows that decode, at most
 * `chunkTokens` tokens of prompts are computed, so that long prompts neither hold the others up for long nor need much
 * memory (Agrawal et al. 2023, "Sarathi"). A prompt's beginning that the cache already holds is copied (prefix caching;
 * Zheng et al. 2023, "SGLang").
 *
 * A prompt is computed up to its last token, which is the first one that a row decodes: so prompts need no output head,
 * and one that the cache holds whole needs no run of its own. Rows that decode lie before those whose prompts are
 * still being computed, without gaps: a step runs over views of the first rows.
 */
export class DecodeEngine {
  private readonly programs: DecodePrograms;
  private readonly waiting: Request[] = [];
  /** Requests by their rows in the cache; the first `decoding` ones decode, the others are joining. */
  private readonly rows: Request[] = [];
  private decoding = 0;
  /** Requests that are over, and whose results are not yet handed out. */
  private readonly done: Request[] = [];
  private room: RoomOptions = {};
  /** Most rows used; the cache may have more. */
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
  }

  /** Whether no request waits or has a row. */
  get idle(): boolean {
    return this.running === undefined;
  }

  /** Prepares an idle engine: how much the next requests may hold, and whether they may use what is in the cache. */
  begin(room: RoomOptions, forget: boolean): void {
    this.room = room;
    if (forget) this.memory?.cache.forget();
  }

  /** Adds a request to the queue; its result settles when it is done. */
  submit(request: Request): void {
    this.waiting.push(request);
    this.running ??= this.run();
  }

  /** Frees the cache; the next request makes a new one. */
  release(): void {
    this.memory?.cache.release();
    this.memory?.buffers.release();
    this.memory = undefined;
  }

  private async run(): Promise<void> {
    // Those that are submitted together are admitted together.
    await Promise.resolve();
    try {
      for (;;) {
        // Results are handed out here, so that who waits for the last one finds the engine idle.
        for (const request of this.done.splice(0)) request.finish();
        this.dropCancelled();
        this.admit();
        if (this.rows.length === 0) break;
        this.joinPrefilled();
        if (this.decoding < this.rows.length) await this.prefill();
        this.joinPrefilled();
        if (this.decoding > 0) await this.step();
      }
    } catch (error) {
      for (const request of [...this.done.splice(0), ...this.rows, ...this.waiting]) request.fail(error);
      this.rows.length = 0;
      this.waiting.length = 0;
      this.decoding = 0;
      this.memory?.cache.forget();
    } finally {
      this.running = undefined;
    }
  }

  /** Gives free rows to those who wait longest, once all that had one before are computed. */
  private admit(): void {
    if (this.waiting.length === 0 || this.decoding < this.rows.length) return;
    if (this.rows.length === 0) this.makeRoom();
    const { cache } = this.use();
    let count = 0;
    while (
      count < this.waiting.length &&
      this.rows.length + count < this.limit &&
      this.waiting[count].positions <= cache.capacity
    )
      count++;
    this.rows.push(...orderOfPrefill(this.waiting.splice(0, count)));
  }

  private makeRoom(): void {
    const positions = this.waiting.reduce((n, request) => Math.max(n, request.positions), 0);
    const { config } = this.network;
    const { rows, capacity } = chooseRoom(config, positions, this.room);
    this.limit = rows;
    const { cache } = this.memory ?? {};
    const fits = cache && cache.rows >= rows && cache.capacity >= capacity;
    if (fits && (this.room.capacity === undefined || cache.capacity === capacity)) return;
    this.release();
    this.memory = {
      cache: new KeyValueCache(this.runtime, config, rows, capacity),
      buffers: new StepBuffers(this.runtime, rows, config.vocabSize),
    };
  }

  private use(): { cache: KeyValueCache; buffers: StepBuffers } {
    if (!this.memory) throw new Error("the engine has no cache");
    return this.memory;
  }

  /** Lets rows decode whose prompts lie in the cache, up to the last token. */
  private joinPrefilled(): void {
    const { cache } = this.use();
    for (; this.decoding < this.rows.length; this.decoding++) {
      const row = this.decoding;
      const { prompt, prefill, begun } = this.rows[row];
      if (!begun) {
        const shared = cache.longestPrefix(prompt, prefill, row);
        const positions = worthCopying(shared.positions, prefill) ? shared.positions : 0;
        if (shared.row !== row && positions > 0) cache.copy(shared.row, row, positions);
        else cache.truncate(row, positions);
        this.rows[row].begun = true;
      }
      if (cache.filled(row) < prefill) return;
    }
  }

  /** Computes a part of the prompts that are missing: several short ones, or a piece of a long one. */
  private async prefill(): Promise<void> {
    const { cache } = this.use();
    const first = this.decoding;
    const { prompt, prefill } = this.rows[first];
    const start = cache.filled(first);
    if (start > 0 || prefill > this.options.chunkTokens) {
      const end = Math.min(prefill, start + this.options.chunkTokens);
      await this.prefillRun("any", [prompt.slice(start, end)], end);
      return;
    }
    const { count, columns } = this.prefillGroup(first);
    const prompts = this.rows.slice(first, first + count).map((one) => one.prompt.slice(0, one.prefill));
    await this.prefillRun(columns, prompts, columns);
    for (let row = first; row < first + count; row++) this.rows[row].begun = true;
  }

  /** Rows from `first` whose prompts are computed in one run, padded to so many columns. */
  private prefillGroup(first: number): { count: number; columns: number } {
    const { cache } = this.use();
    const { chunkTokens } = this.options;
    const padded = (row: number): number =>
      Math.min(paddedLength(this.rows[row].prefill), cache.capacity, chunkTokens);
    let columns = padded(first);
    let count = 1;
    for (let row = first + 1; row < this.rows.length; row++, count++) {
      const { prompt, prefill } = this.rows[row];
      const wider = Math.max(columns, padded(row));
      if (prefill === 0 || (count + 1) * wider > chunkTokens) break;
      const cached = cache.longestPrefix(prompt, prefill, row).positions;
      const coming = this.rows.slice(first, row).map((other) => sharedLength(other.prompt, prompt, prefill));
      if (worthCopying(Math.max(cached, ...coming), prefill)) break;
      columns = wider;
    }
    return { count, columns };
  }

  /** Writes tokens of the first joining rows at the end of what the cache holds of them. */
  private async prefillRun(columns: number | "any", parts: number[][], longest: number): Promise<void> {
    const { cache } = this.use();
    const first = this.decoding;
    const width = columns === "any" ? parts[0].length : columns;
    const ids = new BigInt64Array(parts.length * width).fill(BigInt(this.options.padId));
    const lastIndex = new Int32Array(parts.length);
    for (const [i, part] of parts.entries()) {
      if (!this.rows[first + i].begun) cache.truncate(first + i, 0);
      ids.set(part.map(BigInt), i * width);
      lastIndex[i] = cache.filled(first + i) + part.length - 1;
    }
    const views = cache.slice(first, parts.length);
    try {
      const program = this.programs.prefill(columns, tables(cache.capacity));
      await this.execute(program, { ids, lastIndex, longest: Int32Array.of(longest), ...views });
    } finally {
      for (const view of Object.values(views)) view.release();
    }
    for (const [i, part] of parts.entries()) cache.append(first + i, part);
  }

  /** One token more for every row that decodes. */
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
    const program = this.programs.step(new Set(rows.map(({ choice }) => choice)), tables(cache.capacity));
    const { feeds, outputs } = buffers.first(rows.length);
    const out = await this.execute(program, { ...feeds, ...cache.first(rows.length) }, outputs);
    const ended = rows.map((request, row) => {
      cache.append(row, [Number(buffers.ids[row])]);
      return this.take(request, row, out.logits as Float32Array | undefined);
    });
    for (let row = rows.length - 1; row >= 0; row--) if (ended[row]) this.vacate(row);
    this.options.onStep();
  }

  /** Gives a row its next token. @returns whether its request is over. */
  private take(request: Request, row: number, logits: Float32Array | undefined): boolean {
    const { buffers } = this.use();
    try {
      let token: number;
      let logProb: number;
      if (request.choice === "logits") {
        const { vocabSize } = this.network.config;
        const own = (logits as Float32Array).subarray(row * vocabSize, (row + 1) * vocabSize);
        ({ token, logProb } = request.choose(own, buffers.uniform[row]));
      } else {
        token = Number(buffers.tokens[request.choice][row]);
        logProb = buffers.logProbs[request.choice][row];
      }
      if (!request.take(token, logProb)) return false;
      this.done.push(request);
    } catch (error) {
      request.fail(error);
    }
    return true;
  }

  private dropCancelled(): void {
    const error = (): PlumbError => new PlumbError("stopped while sampling", { exitCode: 130 });
    for (let row = this.rows.length - 1; row >= 0; row--) {
      if (!this.rows[row].cancelled) continue;
      this.rows[row].fail(error());
      this.vacate(row);
    }
    const going = this.waiting.filter((request) => !request.cancelled);
    if (going.length === this.waiting.length) return;
    for (const request of this.waiting) if (request.cancelled) request.fail(error());
    this.waiting.splice(0, this.waiting.length, ...going);
  }

  /** Frees a row: the last one that decodes moves into its place, and the last one that is joining into that one's. */
  private vacate(row: number): void {
    let gap = row;
    if (row < this.decoding) {
      gap = --this.decoding;
      this.move(gap, row);
    }
    this.move(this.rows.length - 1, gap);
    this.rows.length--;
  }

  private move(from: number, to: number): void {
    if (from === to) return;
    const { cache } = this.use();
    if (this.rows[from].begun) cache.copy(from, to, cache.filled(from));
    this.rows[to] = this.rows[from];
  }

  private execute(
    program: Program,
    feeds: Readonly<Record<string, Feed>>,
    outputs?: Readonly<Record<string, DeviceBuffer>>,
  ): Promise<Record<string, HostArray>> {
    const executable = this.runtime.compile(program, this.network.frozen);
    return executable.run({ ...networkFeeds(this.network), ...feeds }, outputs);
  }
}

const worthCopying = (positions: number, of: number): boolean =>
  positions > 0 && (positions >= WORTH_COPYING || positions === of);

/** Positions of the rotary tables: a power of two, so that few programs serve all capacities. */
const tables = (capacity: number): number => 2 ** Math.ceil(Math.log2(capacity));

/**
 * Short prompts first, so that those computed in one run are of similar length, and prompts that begin like an earlier
 * one last, so that they find it in the cache.
 */
function orderOfPrefill(requests: readonly Request[]): Request[] {
  const followers = new Set<Request>();
  for (const [i, { prompt, prefill }] of requests.entries()) {
    const before = requests.slice(0, i);
    if (
      before.some((other) =>
        worthCopying(sharedLength(other.prompt, prompt, Math.min(prefill, other.prefill)), prefill),
      )
    )
      followers.add(requests[i]);
  }
  const leaders = requests.filter((request) => !followers.has(request));
  return [...leaders.sort((a, b) => a.prefill - b.prefill), ...followers];
}

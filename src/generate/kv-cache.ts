import type { ModelConfig } from "../model/config.js";
import { cachedHeadDim, cacheNames } from "../model/decoder.js";
import type { DeviceBuffer, Runtime } from "../runtime/runtime.js";
import { RowBuffers, type RowSpec } from "./row-buffers.js";

/** Names of all layers' keys and values in a decoding program. */
export const cacheKeys = ({ layers }: ModelConfig): string[] =>
  Array.from({ length: layers }, (_, layer) => cacheNames(layer)).flat();

/** Bytes of one position's keys and values in all layers. */
export const bytesPerPosition = (config: ModelConfig): number =>
  config.layers * 2 * config.kvHeads * cachedHeadDim(config) * Float32Array.BYTES_PER_ELEMENT;

/** How many leading tokens two lists share, at most `limit`. */
export function sharedLength(a: readonly number[], b: readonly number[], limit: number): number {
  const end = Math.min(a.length, b.length, limit);
  let n = 0;
  while (n < end && a[n] === b[n]) n++;
  return n;
}

/**
 * Keys and values of every layer for a fixed number of rows, [rows, KV, S, D] each, updated in place, and the tokens
 * that they belong to. A row keeps its contents until they are overwritten, so that prompts with the same beginning can
 * copy them.
 */
export class KeyValueCache {
  private readonly buffers: RowBuffers;
  /** Tokens whose keys and values each row holds, from position 0. */
  private readonly held: number[][];
  /** How many of each row's positions were computed as part of a prompt. */
  private readonly prefilled: number[];

  constructor(
    runtime: Runtime,
    private readonly config: ModelConfig,
    readonly rows: number,
    /** S: positions per row. */
    readonly capacity: number,
  ) {
    const spec: RowSpec = { dtype: "f32", shape: [config.kvHeads, capacity, cachedHeadDim(config)] };
    const specs = cacheKeys(config).map((name) => [name, spec]);
    this.buffers = new RowBuffers(runtime, rows, Object.fromEntries(specs));
    this.held = Array.from({ length: rows }, () => []);
    this.prefilled = new Array<number>(rows).fill(0);
  }

  /** Number of filled positions of a row. */
  filled(row: number): number {
    return this.held[row].length;
  }

  /** Records that the keys and values of prompt tokens were written at the end of a row. */
  appendPrompt(row: number, tokens: readonly number[]): void {
    for (const token of tokens) this.held[row].push(token);
    this.prefilled[row] = this.held[row].length;
  }

  /** Records that a step wrote the keys and values of a token at the end of a row. */
  append(row: number, token: number): void {
    this.held[row].push(token);
  }

  /** Drops all but the first positions of a row. */
  truncate(row: number, positions: number): void {
    this.held[row].length = Math.min(positions, this.held[row].length);
    this.prefilled[row] = Math.min(positions, this.prefilled[row]);
  }

  /** Drops the contents of all rows: the weights they were computed with may change. */
  forget(): void {
    for (let row = 0; row < this.rows; row++) this.truncate(row, 0);
  }

  /**
   * The row that holds the longest beginning of some tokens, at most `limit` of them, and its length.
   * @param prefer the row to choose among equals.
   * @param prefilledOnly considers only positions computed as part of a prompt: the keys and values from a step differ
   * from those in the last bits.
   */
  longestPrefix(
    tokens: readonly number[],
    limit: number,
    prefer: number,
    prefilledOnly: boolean,
  ): { row: number; positions: number } {
    const shared = (row: number): number =>
      sharedLength(this.held[row], tokens, prefilledOnly ? Math.min(limit, this.prefilled[row]) : limit);
    let best = { row: prefer, positions: shared(prefer) };
    for (let row = 0; row < this.rows && best.positions < limit; row++) {
      const positions = shared(row);
      if (positions > best.positions) best = { row, positions };
    }
    return best;
  }

  /** Copies the first positions of one row over another row; unfilled positions are not moved. */
  async copy(from: number, to: number, positions: number): Promise<void> {
    const { kvHeads } = this.config;
    const headDim = cachedHeadDim(this.config);
    const stride = this.capacity * headDim;
    const [source, target] = [from, to].map((row) => row * kvHeads * stride);
    const length = positions * headDim;
    if (length > 0) await this.buffers.copy({ from: source, to: target, length, stride, count: kvHeads });
    this.held[to] = this.held[from].slice(0, positions);
    this.prefilled[to] = Math.min(positions, this.prefilled[from]);
  }

  /** Views of `count` rows from `start`; the caller releases them. */
  slice(start: number, count: number): Record<string, DeviceBuffer> {
    return this.buffers.slice(start, count);
  }

  /** Views of the first `count` rows, kept until the count changes. */
  first(count: number): Readonly<Record<string, DeviceBuffer>> {
    return this.buffers.first(count);
  }

  release(): void {
    this.buffers.release();
  }
}

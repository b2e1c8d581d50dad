import type { HostArray } from "../runtime/runtime.js";
import { samplingBlocks } from "./next-token.js";

/**
 * The inputs of a decoding step for each row, in host arrays that every step fills again. They are small: a run passes
 * its part of them along and returns the tokens, so that a step is one call wherever the runtime is.
 */
export class StepBuffers {
  /** i64: each row's input token. */
  readonly ids: BigInt64Array;
  /** i32: the position of that token. */
  readonly lastIndex: Int32Array;
  /** f32: factor of the row's logits. */
  readonly scale: Float32Array;
  /** f32 in [0, 1): the row's random draw. */
  readonly uniform: Float32Array;
  private readonly rowStart: BigInt64Array;
  private readonly longest = new Int32Array(1);
  private kept: { count: number; feeds: Readonly<Record<string, HostArray>> } | undefined;

  constructor(rows: number, vocabSize: number) {
    this.ids = new BigInt64Array(rows);
    this.lastIndex = new Int32Array(rows);
    this.scale = new Float32Array(rows);
    this.uniform = new Float32Array(rows);
    const blocks = samplingBlocks(vocabSize);
    this.rowStart = BigInt64Array.from({ length: rows }, (_, row) => BigInt(row * blocks));
  }

  /**
   * The inputs of a step over the first `count` rows: views of these arrays, the same ones until the count changes.
   * Fill them in first.
   */
  feeds(count: number): Readonly<Record<string, HostArray>> {
    let longest = 0;
    for (let row = 0; row < count; row++) longest = Math.max(longest, this.lastIndex[row] + 1);
    this.longest[0] = longest;
    if (this.kept?.count !== count) this.kept = { count, feeds: this.first(count) };
    return this.kept.feeds;
  }

  private first(count: number): Readonly<Record<string, HostArray>> {
    const { ids, lastIndex, scale, uniform, rowStart } = this;
    const parts = Object.entries({ ids, lastIndex, scale, uniform, rowStart });
    return {
      ...Object.fromEntries(parts.map(([name, all]) => [name, all.subarray(0, count)])),
      longest: this.longest,
    };
  }
}

/** The token that a step chose for a row, and its log-probability. */
export function foundToken(
  out: Readonly<Record<string, HostArray>>,
  row: number,
  choice: "greedy" | "sample",
): { token: number; logProb: number } {
  return choice === "greedy"
    ? { token: Number(out.greedyToken[row]), logProb: Number(out.greedyLogProb[row]) }
    : { token: Number(out.sampledToken[row]), logProb: Math.log(Number(out.probability[row])) };
}

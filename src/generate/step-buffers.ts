import type { DeviceBuffer, Runtime } from "../runtime/runtime.js";
import { samplingBlocks } from "./next-token.js";
import { RowBuffers } from "./row-buffers.js";

/** What a decoding step takes and gives for each row, in memory that all steps share. */
export class StepBuffers {
  private readonly inputs: RowBuffers;
  private readonly outputs: RowBuffers;
  private readonly longest: DeviceBuffer;
  /** i64: the token that each row is fed. */
  readonly ids: BigInt64Array;
  /** i32: the position that it takes. */
  readonly lastIndex: Int32Array;
  /** f32: what the row's logits are multiplied with. */
  readonly scale: Float32Array;
  /** f32 in [0, 1): the row's random draw. */
  readonly uniform: Float32Array;
  private readonly greedyToken: BigInt64Array;
  private readonly greedyLogProb: Float32Array;
  private readonly sampledToken: BigInt64Array;
  private readonly probability: Float32Array;

  constructor(runtime: Runtime, rows: number, vocabSize: number) {
    this.inputs = new RowBuffers(runtime, rows, {
      ids: { dtype: "i64", shape: [1] },
      lastIndex: { dtype: "i32", shape: [] },
      scale: { dtype: "f32", shape: [1] },
      uniform: { dtype: "f32", shape: [] },
      rowStart: { dtype: "i64", shape: [] },
    });
    this.outputs = new RowBuffers(runtime, rows, {
      greedyToken: { dtype: "i64", shape: [] },
      greedyLogProb: { dtype: "f32", shape: [] },
      sampledToken: { dtype: "i64", shape: [] },
      probability: { dtype: "f32", shape: [] },
    });
    this.longest = runtime.buffer("i32", [1]);
    const input = (name: string) => this.inputs.data(name);
    const output = (name: string) => this.outputs.data(name);
    this.ids = input("ids") as BigInt64Array;
    this.lastIndex = input("lastIndex") as Int32Array;
    this.scale = input("scale") as Float32Array;
    this.uniform = input("uniform") as Float32Array;
    this.greedyToken = output("greedyToken") as BigInt64Array;
    this.greedyLogProb = output("greedyLogProb") as Float32Array;
    this.sampledToken = output("sampledToken") as BigInt64Array;
    this.probability = output("probability") as Float32Array;
    const blocks = samplingBlocks(vocabSize);
    const rowStart = input("rowStart") as BigInt64Array;
    for (let row = 0; row < rows; row++) rowStart[row] = BigInt(row * blocks);
  }

  /** What a step over the first `count` rows is fed, and where it writes. `lastIndex` must be filled in. */
  first(count: number): Record<"feeds" | "outputs", Readonly<Record<string, DeviceBuffer>>> {
    let longest = 0;
    for (let row = 0; row < count; row++) longest = Math.max(longest, this.lastIndex[row] + 1);
    (this.longest.data() as Int32Array)[0] = longest;
    return {
      feeds: { ...this.inputs.first(count), longest: this.longest },
      outputs: this.outputs.first(count),
    };
  }

  /** What the last step found for a row. */
  found(row: number, choice: "greedy" | "sample"): { token: number; logProb: number } {
    return choice === "greedy"
      ? { token: Number(this.greedyToken[row]), logProb: this.greedyLogProb[row] }
      : { token: Number(this.sampledToken[row]), logProb: Math.log(this.probability[row]) };
  }

  release(): void {
    this.inputs.release();
    this.outputs.release();
    this.longest.release();
  }
}

import type { DType, Node, Tensor } from "../../tensor/index.js";
import { type Emitter, ONNX_TYPE, type OnnxNode } from "./lower.js";
import { nodeName } from "./node-name.js";
import { ATTRIBUTE_TYPE } from "./schema.js";

/** Name of an input, i64 [1], that is 0 in every run. */
export const ZERO = "zero";

/** The nodes and constants of a graph, as operations are lowered one after the other; equal constants are one. */
export class GraphParts implements Emitter {
  readonly nodes: Record<string, unknown>[] = [];
  readonly initializers: Record<string, unknown>[] = [];
  /** The node that is being lowered, after which ONNX's are named. */
  lowered: Node | undefined;
  private readonly names = new Map<Tensor, string>();
  private readonly literals = new Map<string, string>();
  private readonly hiddenNames = new Map<string, string>();
  private temporaries = 0;

  /** @param hides whether `hidden` hides shapes; otherwise it is `int64`. */
  constructor(private readonly hides: boolean) {}

  /** Whether there are hidden shapes, so that the graph reads the input `ZERO`. */
  get hasHidden(): boolean {
    return this.hiddenNames.size > 0;
  }

  name(tensor: Tensor, name: string): void {
    this.names.set(tensor, name);
  }

  nameOf(tensor: Tensor): string {
    return this.names.get(tensor) as string;
  }

  temporary(): string {
    return `t${this.temporaries++}`;
  }

  emit(node: OnnxNode): void {
    this.nodes.push(encodeNode(node, nodeName(this.lowered, this.nodes.length)));
  }

  int64(values: readonly number[], isScalar = false): string {
    const dims = isScalar ? [] : [values.length];
    return this.literal(`i64:${isScalar}:${values}`, dims, "i64", BigInt64Array.from(values, BigInt));
  }

  hidden(values: readonly number[]): string {
    if (!this.hides) return this.int64(values);
    const known = this.hiddenNames.get(`${values}`);
    if (known) return known;
    const name = `h${this.hiddenNames.size}`;
    this.hiddenNames.set(`${values}`, name);
    this.emit({ opType: "Add", inputs: [this.int64(values), ZERO], outputs: [name] });
    return name;
  }

  float(value: number): string {
    return this.literal(`f32:${value}`, [], "f32", Float32Array.of(value));
  }

  floats(values: readonly number[]): string {
    return this.literal(`f32s:${values}`, [values.length], "f32", Float32Array.from(values));
  }

  byte(value: number): string {
    return this.literal(`u8:${value}`, [], "u8", Uint8Array.of(value));
  }

  /** A constant of the program. */
  tensor({ shape, dtype }: Tensor, data: ArrayBufferView): string {
    return this.literal(`tensor:${this.literals.size}`, shape as number[], dtype, data);
  }

  private literal(key: string, dims: readonly number[], dtype: DType, data: ArrayBufferView): string {
    const known = this.literals.get(key);
    if (known) return known;
    const name = `c${this.literals.size}`;
    this.literals.set(key, name);
    const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    this.initializers.push({ name, dims: [...dims], dataType: ONNX_TYPE[dtype], rawData });
    return name;
  }
}

/** Our names for ONNX's ScatterElements with a reduction, which is a string attribute. */
const SCATTER: Record<string, string> = { ScatterElementsAdd: "ScatterElements" };

function encodeNode(node: OnnxNode, name: string): Record<string, unknown> {
  const attribute: Record<string, unknown>[] = Object.entries(node.attributes ?? {}).map(([name, value]) => {
    if (Array.isArray(value)) return { name, ints: value, type: ATTRIBUTE_TYPE.ints };
    if (typeof value === "number") return { name, i: value, type: ATTRIBUTE_TYPE.int };
    return { name, f: value.float, type: ATTRIBUTE_TYPE.float };
  });
  const scatter = SCATTER[node.opType];
  if (scatter) attribute.push({ name: "reduction", s: Buffer.from("add"), type: ATTRIBUTE_TYPE.string });
  return {
    name,
    opType: scatter ?? node.opType,
    input: node.inputs,
    output: node.outputs,
    domain: node.domain ?? "",
    attribute,
  };
}

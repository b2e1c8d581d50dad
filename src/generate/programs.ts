import { cachedHeadDim, cachedHiddenStates, logits } from "../model/decoder.js";
import { type Network, networkInputs, networkParameters } from "../model/network.js";
import { type InputSpec, type Program, type Tensor, trace } from "../tensor/index.js";
import { cacheKeys } from "./kv-cache.js";
import { greedyToken, sampledToken } from "./next-token.js";
import type { Choice } from "./request.js";

/** The decoding programs of a network, each traced once. Rotary tables have `tables` positions. */
export class DecodePrograms {
  private readonly programs = new Map<string, Program>();

  constructor(private readonly network: Network) {}

  /**
   * Writes the keys and values of prompt tokens into the cache; it has no other outputs.
   * @param columns that many first tokens of any number of prompts, padded on the right, for empty rows of the cache;
   * or "any" number of tokens at the end of one row, but more than one: products with one row are computed differently,
   * so a row's numbers would depend on how its prompt was cut.
   */
  prefill(columns: number | "any", tables: number): Program {
    return this.once(`prefill ${columns} ${tables}`, () => {
      const inputs = columns === "any" ? this.inputs(1, "T") : this.inputs("B", columns);
      return trace("generate/prefill", inputs, (x) => this.hidden(x, tables).caches);
    });
  }

  /** One more token for every row, chosen in each of the ways that the rows need. */
  step(choices: ReadonlySet<Choice>, tables: number): Program {
    const ways = [...choices].sort();
    return this.once(`step ${ways} ${tables}`, () => {
      const inputs: Record<string, InputSpec> = {
        ...this.inputs("B", 1),
        scale: { shape: ["B", 1], dtype: "f32" },
        uniform: { shape: ["B"], dtype: "f32" },
        rowStart: { shape: ["B"], dtype: "i64" },
      };
      return trace(`generate/${ways.join("-")}`, inputs, (x) => {
        const { hidden, caches, p } = this.hidden(x, tables);
        const next = logits(p, this.network.config, hidden, x.scale); // [B, V]
        const outputs: Record<string, Tensor> = { ...caches };
        if (choices.has("greedy")) {
          const { token, logProb } = greedyToken(next);
          Object.assign(outputs, { greedyToken: token, greedyLogProb: logProb });
        }
        if (choices.has("sample")) {
          const { token, probability } = sampledToken(next, x.uniform, x.rowStart);
          Object.assign(outputs, { sampledToken: token, probability });
        }
        if (choices.has("logits")) outputs.logits = next;
        return outputs;
      });
    });
  }

  private once(key: string, make: () => Program): Program {
    let program = this.programs.get(key);
    if (!program) this.programs.set(key, (program = make()));
    return program;
  }

  private inputs(rows: "B" | 1, length: number | "T"): Record<string, InputSpec> {
    const { kvHeads } = this.network.config;
    const headDim = cachedHeadDim(this.network.config);
    const inputs: Record<string, InputSpec> = {
      ...networkInputs(this.network),
      ids: { shape: [rows, length], dtype: "i64" },
      lastIndex: { shape: [rows], dtype: "i32" },
      longest: { shape: [1], dtype: "i32" },
    };
    for (const name of cacheKeys(this.network.config))
      inputs[name] = { shape: [rows, kvHeads, "S", headDim], dtype: "f32" };
    return inputs;
  }

  private hidden(x: Readonly<Record<string, Tensor>>, tables: number) {
    const p = networkParameters(this.network, x);
    const caches = Object.fromEntries(cacheKeys(this.network.config).map((name) => [name, x[name]]));
    const { ids, lastIndex, longest } = x;
    const inputs = { ids, lastIndex, longest, caches, capacity: tables };
    return { p, ...cachedHiddenStates(p, this.network.config, inputs) };
  }
}

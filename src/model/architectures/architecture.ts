import type { ModelConfig } from "../config.js";
import type { JsonFields } from "../formats/json-fields.js";
import type { ExpertFiles } from "./experts.js";

/** The fields of a decoder in config.json, except for its class and the ids of special tokens. */
export type Described = Omit<ModelConfig, "architecture" | "partOf" | "head" | "bosId" | "eosIds" | "padId">;

/** How an architecture stores a layer if not as [outputs, inputs], row by row. */
export type Layout =
  /** Weights are [inputs, outputs] (transformers' Conv1D). */
  | "transposed"
  /** Outputs are ordered (head, q k v, element) instead of (q k v, head, element). */
  | "by-head";

/** Names and layouts of an architecture's weights where they differ from ours (../weight-names.ts). */
export interface WeightNames {
  /** Our module names to the architecture's; * is the number of the layer. */
  readonly modules: Readonly<Record<string, string>>;
  readonly layouts?: Readonly<Record<string, Layout>>;
}

/** A class of several models, of which the text model alone is read. */
export interface Composite {
  /** The class, and its model_type. */
  readonly causal: string;
  readonly type: string;
  /** The key of the text model's configuration, and what transformers takes for keys that it leaves out. */
  readonly text: string;
  readonly defaults: object;
  /** Keys beside it that say nothing about the text model. */
  readonly withoutEffect: readonly string[];
  /** What is left out, in words, and the names of its tensors. */
  readonly leftOut: { readonly what: string; readonly tensors: RegExp };
  /** Beginnings of the text model's names, and what stands in their place where it is alone. */
  readonly prefixes: Readonly<Record<string, string>>;
  /** The one of these with which the class of today begins the names of the text model's blocks. */
  readonly today: string;
}

/** One architecture of transformers, as data: a mapping of config.json in both directions and a table of names. */
export interface Architecture {
  /** config.json's model_type. */
  readonly name: ModelConfig["architecture"];
  /** The class with a language-model head. */
  readonly causal: string;
  /** The class with a head for sequence classification, as which reward models are saved. */
  readonly classifier: string;
  /**
   * Asks for every key that says what the model computes (keys.ts refuses the others).
   *
   * @throws PlumbError, which names the field, if one is missing, malformed, not supported, or contradicts another.
   */
  read(json: JsonFields): Described;
  /** Keys that `read` may leave alone because they change nothing, beside those of all architectures. */
  readonly withoutEffect?: readonly string[];
  /** Keys that `read` leaves alone, with the values of them that change nothing. */
  readonly oneValue?: Readonly<Record<string, readonly unknown[]>>;
  /** The fields of config.json for `read` and for transformers. */
  write(config: ModelConfig): object;
  readonly names?: WeightNames;
  /** Of a mixture of experts. */
  readonly experts?: ExpertFiles;
  readonly composite?: Composite;
}

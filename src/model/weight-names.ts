import type { ModelConfig } from "./config.js";

/** Names of the linear layers of a block, as in PEFT's target modules. */
export const LINEAR_NAMES = [
  "q_proj",
  "k_proj",
  "v_proj",
  "o_proj",
  "gate_proj",
  "up_proj",
  "down_proj",
] as const;
/** Fused linear layers, which some architectures have in place of several of these. */
export const FUSED_LINEARS = {
  qkv_proj: ["q_proj", "k_proj", "v_proj"],
  gate_up_proj: ["gate_proj", "up_proj"],
} as const;
/** A linear layer of a transformer's block, several that a model stores as one, or the router of a mixture of experts. */
export type LinearName = (typeof LINEAR_NAMES)[number] | keyof typeof FUSED_LINEARS | "router";

/** A linear layer, which every block has; those of experts are none (`expertWeights`). */
export interface BlockLinear {
  readonly name: LinearName;
  /** Its name within a block, such as "self_attn.q_proj". */
  readonly module: string;
  /** [outputs, inputs] */
  readonly shape: readonly [number, number];
  readonly bias: boolean;
}

/** Widths of the projections of an attention layer, in elements: of queries, and of keys (values have the same). */
export const attentionWidths = ({
  heads,
  kvHeads,
  headDim,
}: ModelConfig): [queries: number, keys: number] => [heads * headDim, kvHeads * headDim];

/** The linear layers of a block, in the order in which they are computed. */
export function blockLinears(config: ModelConfig): BlockLinear[] {
  const { hiddenSize: D, intermediateSize: I, qkvBias, outputBias, mlpBias } = config;
  const [queries, keys] = attentionWidths(config);
  const attention = (name: LinearName, out: number, input: number, bias: boolean): BlockLinear => ({
    name,
    module: `self_attn.${name}`,
    shape: [out, input],
    bias,
  });
  const mlp = (name: LinearName, out: number, input: number): BlockLinear => ({
    name,
    module: `mlp.${name}`,
    shape: [out, input],
    bias: mlpBias,
  });
  const qkv = config.fusedQkv
    ? [attention("qkv_proj", queries + 2 * keys, D, qkvBias)]
    : [
        attention("q_proj", queries, D, qkvBias),
        attention("k_proj", keys, D, qkvBias),
        attention("v_proj", keys, D, qkvBias),
      ];
  if (config.experts) return [...qkv, attention("o_proj", D, queries, outputBias)];
  const gate = config.plainMlp ? [] : [mlp("gate_proj", I, D)];
  const up = config.fusedGateUp ? [mlp("gate_up_proj", 2 * I, D)] : [...gate, mlp("up_proj", I, D)];
  return [...qkv, attention("o_proj", D, queries, outputBias), ...up, mlp("down_proj", D, I)];
}

/** A layer that an adapter may update. */
interface LoraLinear extends Omit<BlockLinear, "bias"> {
  /** How many layers of that shape it stands for, each with an update of its own: a layer of all experts. */
  readonly experts?: number;
}

/** The layers of a block that an adapter may update: linear ones, and the router and layers of a mixture of experts. */
export function loraLinears(config: ModelConfig): LoraLinear[] {
  const { experts, hiddenSize: D } = config;
  if (experts === undefined) return blockLinears(config);
  const { count, width: I } = experts;
  return [
    ...blockLinears(config),
    { name: "router", module: "mlp.router", shape: [count, D] },
    { name: "gate_up_proj", module: "mlp.experts.gate_up_proj", shape: [2 * I, D], experts: count },
    { name: "down_proj", module: "mlp.experts.down_proj", shape: [D, I], experts: count },
  ];
}

/** How many experts a layer of that name stands for; undefined: it is a single one. */
export const expertsOf = (config: ModelConfig, name: string): number | undefined =>
  /\.mlp\.experts\.(?:gate_up|down)_proj$/.test(name) ? config.experts?.count : undefined;

/** Names of the norms around a block's attention and MLP; Hugging Face uses one name for two different places. */
export const BLOCK_NORMS: Record<
  NonNullable<ModelConfig["blockNorms"]>,
  Record<"attention" | "mlp", { before?: string; after?: string }>
> = {
  pre: { attention: { before: "input_layernorm" }, mlp: { before: "post_attention_layernorm" } },
  post: { attention: { after: "post_attention_layernorm" }, mlp: { after: "post_feedforward_layernorm" } },
  sandwich: {
    attention: { before: "input_layernorm", after: "post_attention_layernorm" },
    mlp: { before: "pre_feedforward_layernorm", after: "post_feedforward_layernorm" },
  },
};

/**
 * Weights of a block's mixture of experts after the block's name, with their shapes. All experts' matrices of a kind lie
 * one below the other: of gate and up together [experts 2 width, hidden], an expert's gate before its up; of down, which
 * is [inputs, outputs], [experts width, hidden].
 */
export function expertWeights({ experts, hiddenSize: D }: ModelConfig): Map<string, number[]> {
  const weights = new Map<string, number[]>();
  if (experts === undefined) return weights;
  const { count: E, width: I, bias } = experts;
  weights.set("mlp.router.weight", [E, D]);
  if (bias) weights.set("mlp.router.bias", [E]);
  weights.set("mlp.experts.gate_up_proj.weight", [E * 2 * I, D]);
  if (bias) weights.set("mlp.experts.gate_up_proj.bias", [E * 2 * I]);
  weights.set("mlp.experts.down_proj.weight", [E * I, D]);
  if (bias) weights.set("mlp.experts.down_proj.bias", [E * D]);
  return weights;
}

/** Whether a matrix of products is [inputs, outputs], as experts' down projections are; all others are [outputs, inputs]. */
export const isInputMajor = (weight: string): boolean => weight.endsWith(".mlp.experts.down_proj.weight");

/** The outputs and inputs of a matrix of that name and shape, whichever way it lies. */
export const outputsAndInputs = (weight: string, [first, second]: readonly number[]): [number, number] =>
  isInputMajor(weight) ? [second, first] : [first, second];

/**
 * Every weight of a model, under its name in Hugging Face's Llama (or the closest relative that has such a weight),
 * with its shape. Other architectures' own names and layouts are translated when files are read and written
 * (architectures/names.ts).
 *
 * Linear weights are [outputs, inputs]. `lm_head.weight` exists only if the head is not tied to the embedding.
 */
export function expectedWeights(config: ModelConfig): Map<string, number[]> {
  const { hiddenSize, vocabSize } = config;
  const [queries, keys] = attentionWidths(config);
  const weights = new Map<string, number[]>();
  const norm = (name: string, size: number) => {
    weights.set(`${name}.weight`, [size]);
    if (config.norm === "layer") weights.set(`${name}.bias`, [size]);
  };
  const norms = BLOCK_NORMS[config.blockNorms ?? "pre"];
  const linears = blockLinears(config);
  const ofExperts = expertWeights(config);

  weights.set("model.embed_tokens.weight", [vocabSize, hiddenSize]);
  if (config.learnedPositions) weights.set("model.embed_positions.weight", [config.maxPositions, hiddenSize]);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    for (const part of ["attention", "mlp"] as const) {
      const { before, after } = norms[part];
      if (before) norm(`${prefix}.${before}`, hiddenSize);
      for (const { module, shape, bias } of linears) {
        if (module.startsWith("mlp.") !== (part === "mlp")) continue;
        weights.set(`${prefix}.${module}.weight`, [...shape]);
        if (bias) weights.set(`${prefix}.${module}.bias`, [shape[0]]);
      }
      if (part === "mlp") for (const [name, shape] of ofExperts) weights.set(`${prefix}.${name}`, [...shape]);
      if (part === "attention" && config.attentionSinks)
        weights.set(`${prefix}.self_attn.sinks`, [config.heads]);
      if (part === "attention" && config.queryKeyNorm) {
        const whole = config.queryKeyNorm === "width";
        norm(`${prefix}.self_attn.q_norm`, whole ? queries : config.headDim);
        norm(`${prefix}.self_attn.k_norm`, whole ? keys : config.headDim);
      }
      if (after) norm(`${prefix}.${after}`, hiddenSize);
    }
  }
  norm("model.norm", hiddenSize);
  if (config.head === "score") weights.set("score.weight", [1, hiddenSize]);
  else if (!config.tieWordEmbeddings) weights.set("lm_head.weight", [vocabSize, hiddenSize]);
  return weights;
}

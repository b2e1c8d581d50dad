import { z } from "zod";

/** Far above any published model; limits the number of names that a malicious configuration can request. */
export const MAX_LAYERS = 1024;

/** Most experts of a layer; far above any published model, as MAX_LAYERS is. */
const MAX_EXPERTS = 1024;

const factor = z.number().positive();

/** The MLPs of every block, of which a router chooses some for each token (Shazeer et al. 2017). */
const expertsSchema = z.object({
  count: z.number().int().positive().max(MAX_EXPERTS),
  chosen: z
    .number()
    .int()
    .positive()
    .describe("Experts that each token goes through: those with its greatest scores."),
  width: z.number().int().positive().describe("Width of one expert's MLP."),
  normalized: z
    .boolean()
    .describe("The weights of the chosen sum to 1; else they are their shares of the softmax over all."),
  bias: z.boolean().optional().describe("The router and the experts' layers have biases (gpt-oss)."),
  clamped: z
    .object({
      limit: factor.describe("Gates are at most this, ups between it and its negative."),
      slope: factor.describe("Of the gate's sigmoid."),
    })
    .optional()
    .describe("An expert computes down(g sigmoid(slope g) (u + 1)) of a limited gate g and up u (gpt-oss)."),
  auxLoss: z
    .number()
    .optional()
    .describe(
      "Weight of the load-balancing loss that config.json asks transformers to add in training; it is not added here, and training says so.",
    ),
  jitter: z
    .number()
    .optional()
    .describe(
      "Noise on a router's input that config.json asks transformers for in training; there is none here, and training says so.",
    ),
});
export type Experts = z.infer<typeof expertsSchema>;

/** Frequency scaling of rotary embeddings (transformers, modeling_rope_utils.py). */
const ropeScalingSchema = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("llama3").describe("Llama 3.1's scaling: long wavelengths stretched, short ones kept."),
    factor,
    lowFreqFactor: z.number().positive(),
    highFreqFactor: z.number().positive(),
    originalMaxPositions: z.number().int().positive(),
  }),
  z.object({ kind: z.literal("linear").describe("All frequencies divided by the factor."), factor }),
  z.object({
    kind: z.literal("yarn").describe("YaRN: frequencies of few turns divided, those of many kept."),
    factor,
    originalMaxPositions: z.number().int().positive(),
    betaFast: factor.describe("Turns in the original context from which on a frequency is kept."),
    betaSlow: factor.describe("Turns up to which a frequency is divided by the factor."),
    truncate: z.boolean().describe("The limits between these are whole numbers."),
    attentionFactor: factor.describe("Rotated queries and keys are multiplied by it."),
  }),
  z.object({
    kind: z.literal("longrope").describe("LongRoPE: each frequency divided by its own factor."),
    shortFactors: z
      .array(factor)
      .min(1)
      .describe("For texts up to the original context: the only ones read."),
    longFactors: z.array(factor).min(1).describe("For longer texts; kept for saving."),
    originalMaxPositions: z.number().int().positive(),
    extendedMaxPositions: z.number().int().positive().describe("What the model calls its longest context."),
    attentionFactor: factor.describe("Rotated queries and keys are multiplied by it."),
  }),
]);

/** Supported architectures, by config.json's model_type. */
const ARCHITECTURE_NAMES = [
  "llama",
  "mistral",
  "qwen2",
  "qwen3",
  "gemma",
  "gemma2",
  "gemma3_text",
  "phi3",
  "olmo2",
  "olmo3",
  "smollm3",
  "granite",
  "qwen3_moe",
  "mixtral",
  "gpt_oss",
  "gpt_neox",
  "gpt2",
] as const;

/**
 * A decoder-only transformer, in one vocabulary for every file format. Without an optional field, the model is as Llama
 * in that respect.
 */
export const modelConfigSchema = z.object({
  architecture: z
    .enum(ARCHITECTURE_NAMES)
    .describe("Decides the form of config.json and the weights' names."),
  partOf: z
    .string()
    .optional()
    .describe(
      "Class of the files that it was read from, of which it is the text model (Gemma 3 with images).",
    ),
  head: z
    .literal("score")
    .optional()
    .describe("A scalar head (sequence classification) instead of a language-model head."),
  vocabSize: z.number().int().positive(),
  hiddenSize: z.number().int().positive(),
  intermediateSize: z.number().int().positive(),
  layers: z.number().int().positive(),
  heads: z.number().int().positive(),
  kvHeads: z.number().int().positive(),
  headDim: z.number().int().positive(),
  maxPositions: z.number().int().positive().describe("Longest context the model was made for, in tokens."),

  embeddingScale: z
    .number()
    .positive()
    .optional()
    .describe("Embeddings are multiplied by it (Gemma, Granite)."),
  learnedPositions: z
    .boolean()
    .optional()
    .describe("A learned embedding of each position is added to the token's (GPT-2)."),
  tieWordEmbeddings: z.boolean().describe("The output head is the embedding matrix."),
  logitSoftCap: z.number().positive().optional().describe("Logits x become c tanh(x / c) (Gemma 2)."),
  logitDivisor: z.number().positive().optional().describe("Logits are divided by it (Granite)."),

  norm: z.enum(["rms", "layer"]).optional().describe("Layer norm subtracts the mean and has a bias."),
  rmsNormEps: z.number().positive().describe("Added to the norms' mean square, or variance in layer norms."),
  unitOffsetNorm: z.boolean().optional().describe("Norms multiply by 1 + weight (Gemma)."),
  blockNorms: z
    .enum(["pre", "post", "sandwich"])
    .optional()
    .describe("Norms before attention and MLP, after them (OLMo 2), or both (Gemma 2)."),
  parallelResidual: z
    .boolean()
    .optional()
    .describe("Attention and MLP read the same hidden state and are added to it together (GPT-NeoX)."),
  residualScale: z
    .number()
    .positive()
    .optional()
    .describe("What attention and MLP add to the hidden state is multiplied by it (Granite)."),

  fusedQkv: z.boolean().optional().describe("q, k and v are one linear layer, qkv_proj (Phi-3, GPT-2)."),
  qkvBias: z.boolean().describe("q, k and v projections have biases (Qwen2; Llama with attention_bias)."),
  outputBias: z
    .boolean()
    .describe("The attention's output projection has a bias (Llama with attention_bias)."),
  queryKeyNorm: z
    .enum(["head", "width"])
    .optional()
    .describe("Queries and keys are normed, each head by itself (Qwen3) or over all heads (OLMo 2)."),
  attentionScale: z
    .number()
    .positive()
    .optional()
    .describe("Factor of the products of queries and keys, instead of headDim^-1/2."),
  attentionSoftCap: z.number().positive().optional().describe("Scores x become c tanh(x / c) (Gemma 2)."),
  attentionSinks: z
    .boolean()
    .optional()
    .describe(
      "Each head has a score of its own that takes part in every softmax and adds nothing (gpt-oss).",
    ),
  slidingWindow: z.number().int().positive().optional().describe("Tokens each position may look back over."),
  windowedLayers: z
    .array(z.boolean())
    .optional()
    .describe("Which layers have the sliding window, one entry per layer; absent: all."),
  ropeTheta: z.number().positive().optional().describe("Absent: queries and keys are not rotated (GPT-2)."),
  ropeScaling: ropeScalingSchema.optional(),
  rotaryDim: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("Elements of a head that are rotated, from the first; absent: all."),
  unrotatedLayers: z
    .array(z.boolean())
    .optional()
    .describe("Which layers do not rotate queries and keys (SmolLM3); absent: none."),
  localRopeTheta: z
    .number()
    .positive()
    .optional()
    .describe("The base, without scaling, in layers with a sliding window (Gemma 3, Olmo 3)."),

  activation: z.enum(["silu", "gelu", "gelu_tanh"]).optional(),
  plainMlp: z.boolean().optional().describe("down(act(up(x))), without a gate (GPT-2, GPT-NeoX)."),
  fusedGateUp: z.boolean().optional().describe("gate and up are one linear layer, gate_up_proj (Phi-3)."),
  mlpBias: z.boolean(),
  experts: expertsSchema
    .optional()
    .describe("In place of an MLP, every block has a mixture of experts (Qwen3 MoE, Mixtral, gpt-oss)."),

  bosId: z.number().int().nonnegative().optional(),
  eosIds: z.array(z.number().int().nonnegative()).describe("Any of these ends a completion."),
  padId: z.number().int().nonnegative().optional(),
});

/** Shape and arithmetic of a transformer, the same whichever file it came from. */
export type ModelConfig = z.infer<typeof modelConfigSchema>;
export type RopeScaling = z.infer<typeof ropeScalingSchema>;

/** The longest context that a model can be given, in tokens, whatever it declares; undefined: any. */
export const longestContext = ({
  learnedPositions,
  maxPositions,
  ropeScaling,
}: ModelConfig): number | undefined => {
  if (ropeScaling?.kind === "longrope") return ropeScaling.originalMaxPositions;
  return learnedPositions ? maxPositions : undefined;
};

/** The sliding window of one layer, if it has one. */
export const windowOf = (
  { slidingWindow, windowedLayers }: ModelConfig,
  layer: number,
): number | undefined => ((windowedLayers?.[layer] ?? true) ? slidingWindow : undefined);

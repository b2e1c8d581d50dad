import { z } from "zod";

/** Frequency scaling of rotary embeddings as Llama 3.1 defines it (transformers, modeling_rope_utils.py). */
export const ropeScalingSchema = z.object({
  kind: z.literal("llama3").describe("Only Llama 3's scaling is implemented; 'default' means none."),
  factor: z.number().positive(),
  lowFreqFactor: z.number().positive(),
  highFreqFactor: z.number().positive(),
  originalMaxPositions: z.number().int().positive(),
});

/** A decoder-only transformer of the Llama family, in one vocabulary for every file format. */
export const modelConfigSchema = z.object({
  architecture: z
    .enum(["llama", "mistral", "qwen2"])
    .describe("Whose config.json and weight names are meant."),
  vocabSize: z.number().int().positive(),
  hiddenSize: z.number().int().positive(),
  intermediateSize: z.number().int().positive(),
  layers: z.number().int().positive(),
  heads: z.number().int().positive(),
  kvHeads: z.number().int().positive(),
  headDim: z.number().int().positive(),
  maxPositions: z.number().int().positive().describe("Longest context the model was made for, in tokens."),
  rmsNormEps: z.number().positive(),
  ropeTheta: z.number().positive(),
  ropeScaling: ropeScalingSchema.optional(),
  tieWordEmbeddings: z.boolean().describe("The output head is the embedding matrix."),
  qkvBias: z.boolean().describe("q, k and v projections have biases (Qwen2; Llama with attention_bias)."),
  outputBias: z
    .boolean()
    .describe("The attention's output projection has a bias (Llama with attention_bias)."),
  mlpBias: z.boolean(),
  slidingWindow: z.number().int().positive().optional().describe("Tokens each position may look back over."),
  bosId: z.number().int().nonnegative().optional(),
  eosIds: z.array(z.number().int().nonnegative()).describe("Any of these ends a completion."),
  padId: z.number().int().nonnegative().optional(),
});

export type ModelConfig = z.infer<typeof modelConfigSchema>;
export type RopeScaling = z.infer<typeof ropeScalingSchema>;

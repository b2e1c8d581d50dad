import type { ModelConfig } from "./config.js";

/**
 * Every weight a model of the Llama family has, under its Hugging Face name, with its shape.
 *
 * Linear weights are [outputs, inputs]. `lm_head.weight` is there only when the head is not tied to the embedding.
 */
export function expectedWeights(config: ModelConfig): Map<string, number[]> {
  const { hiddenSize, intermediateSize, vocabSize } = config;
  const queries = config.heads * config.headDim;
  const keys = config.kvHeads * config.headDim;
  const weights = new Map<string, number[]>();
  const linear = (name: string, outputs: number, inputs: number, bias: boolean) => {
    weights.set(`${name}.weight`, [outputs, inputs]);
    if (bias) weights.set(`${name}.bias`, [outputs]);
  };

  weights.set("model.embed_tokens.weight", [vocabSize, hiddenSize]);
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}`;
    weights.set(`${prefix}.input_layernorm.weight`, [hiddenSize]);
    linear(`${prefix}.self_attn.q_proj`, queries, hiddenSize, config.qkvBias);
    linear(`${prefix}.self_attn.k_proj`, keys, hiddenSize, config.qkvBias);
    linear(`${prefix}.self_attn.v_proj`, keys, hiddenSize, config.qkvBias);
    linear(`${prefix}.self_attn.o_proj`, hiddenSize, queries, config.outputBias);
    weights.set(`${prefix}.post_attention_layernorm.weight`, [hiddenSize]);
    linear(`${prefix}.mlp.gate_proj`, intermediateSize, hiddenSize, config.mlpBias);
    linear(`${prefix}.mlp.up_proj`, intermediateSize, hiddenSize, config.mlpBias);
    linear(`${prefix}.mlp.down_proj`, hiddenSize, intermediateSize, config.mlpBias);
  }
  weights.set("model.norm.weight", [hiddenSize]);
  if (!config.tieWordEmbeddings) weights.set("lm_head.weight", [vocabSize, hiddenSize]);
  return weights;
}

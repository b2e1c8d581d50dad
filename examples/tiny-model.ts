/**
 * A model for trying things out: a Llama of 30 thousand random weights with a tokenizer and a chat template, saved as a
 * Hugging Face folder. The examples take it where no model is named; they are the same with a real one.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportMerged, fullNetwork, type ModelConfig, randomWeights, saveRewardModel } from "plumbline/model";
import { openNetwork, tokenizerOf } from "plumbline/open";
import { OrtRuntime } from "plumbline/runtime";
import { tokenizerFromJson, trainByteLevelBpe } from "plumbline/text";

const TEXTS = [
  "What colour is the fox? The fox is red.",
  "Where does the owl live? The owl lives in the barn.",
  "What does the hen eat? The hen eats seeds and grass.",
];
const SPECIAL = ["<|end|>", "<|pad|>", "<|user|>", "<|assistant|>"];
const TEMPLATE =
  "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}<|end|>{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}";

/** @returns the folder of the model. */
export async function tinyModel(seed = 1): Promise<string> {
  const runtime = new OrtRuntime();
  const json = trainByteLevelBpe(TEXTS, { vocabSize: 300, specialTokens: SPECIAL });
  const tokenizer = tokenizerFromJson(json, {
    eos_token: "<|end|>",
    pad_token: "<|pad|>",
    chat_template: TEMPLATE,
  });
  const config: ModelConfig = {
    architecture: "llama",
    vocabSize: tokenizer.vocabSize,
    hiddenSize: 32,
    intermediateSize: 64,
    layers: 2,
    heads: 2,
    kvHeads: 1,
    headDim: 16,
    maxPositions: 128,
    rmsNormEps: 1e-5,
    ropeTheta: 10_000,
    tieWordEmbeddings: true,
    qkvBias: false,
    outputBias: false,
    mlpBias: false,
    eosIds: tokenizer.eosId === undefined ? [] : [tokenizer.eosId],
    padId: tokenizer.padId,
  };
  const dir = join(mkdtempSync(join(tmpdir(), "plumbline-")), "tiny");
  await exportMerged(
    dir,
    fullNetwork(runtime, config, randomWeights(runtime, config, seed), seed),
    tokenizer,
  );
  return dir;
}

/** @returns the folder of a reward model, untrained: the tiny model with a random head. */
export async function tinyRewardModel(): Promise<string> {
  const runtime = new OrtRuntime();
  const source = await tinyModel();
  const opened = await openNetwork(runtime, source);
  const network = fullNetwork(runtime, opened.config, opened.base, 0, "random");
  const dir = `${source}-reward`;
  const scale = { mean: 0, std: 1, maxLength: 64 };
  await saveRewardModel(dir, network, { base: source, ...scale, tokenizer: tokenizerOf(opened) });
  return dir;
}

// Writes a model of Qwen3 MoE's shape, reduced, with random weights, and demonstrations to train it on, for figures of
// time and memory:  node scripts/random-mixture.mjs OUT   (after npm run build)
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { frozenNetwork, randomWeights } from "../dist/model/create.js";
import { exportMerged } from "../dist/model/export.js";
import { createRuntime } from "../dist/open/open-network.js";
import { tokenizerFromJson, trainByteLevelBpe } from "../dist/text/index.js";

const CHAT =
  "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>\n' }}{% endfor %}" +
  "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}";
const [out] = process.argv.slice(2);
const bpe = trainByteLevelBpe(["user assistant the cat sat on a mat ".repeat(4)], {
  vocabSize: 272,
  specialTokens: ["<pad>", "<|im_start|>", "<|im_end|>"],
});
const tokenizer = tokenizerFromJson(bpe, {
  eos_token: "<|im_end|>",
  pad_token: "<pad>",
  chat_template: CHAT,
});
const config = {
  architecture: "qwen3_moe",
  vocabSize: 272,
  hiddenSize: 512,
  intermediateSize: 1536,
  layers: 8,
  heads: 8,
  kvHeads: 2,
  headDim: 64,
  maxPositions: 2048,
  rmsNormEps: 1e-6,
  ropeTheta: 1_000_000,
  tieWordEmbeddings: false,
  queryKeyNorm: "head",
  qkvBias: false,
  outputBias: false,
  mlpBias: false,
  experts: { count: 32, chosen: 8, width: 384, normalized: true },
  eosIds: [2],
  padId: 0,
};
const runtime = createRuntime();
mkdirSync(out, { recursive: true });
await exportMerged(
  join(out, "model"),
  frozenNetwork(runtime, config, randomWeights(runtime, config, 1)),
  tokenizer,
);
const rows = Array.from({ length: 12 }, (_, i) => ({
  messages: [
    { role: "user", content: `the cat ${i} `.repeat(8) },
    { role: "assistant", content: `sat on a mat ${i} `.repeat(4) },
  ],
}));
writeFileSync(join(out, "demos.jsonl"), rows.map((row) => `${JSON.stringify(row)}\n`).join(""));

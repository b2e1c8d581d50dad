/** Supervised fine-tuning of a LoRA adapter on demonstrations, step by step, and the adapter saved for PEFT. */
import { sft, sftSchema } from "plumbline/algorithms";
import { encodeDemonstrations, loadDemonstrations } from "plumbline/data";
import { exportAdapter, LINEAR_NAMES, loraNetwork, NetworkTrainer } from "plumbline/model";
import { createRuntime, openNetwork, tokenizerOf } from "plumbline/open";
import { dataFile } from "./data-file.js";
import { tinyModel } from "./tiny-model.js";

const runtime = createRuntime();
const model = process.argv[2] ?? (await tinyModel());
const opened = await openNetwork(runtime, model);
const rows = await loadDemonstrations(dataFile("demonstrations.jsonl"));
const examples = rows.flatMap((row) => encodeDemonstrations(tokenizerOf(opened), row));

const config = sftSchema.parse({ epochs: 20, batchSize: 4, learningRate: 1e-2 });
const lora = { r: 8, alpha: 16, targets: [...LINEAR_NAMES] };
const trainer = new NetworkTrainer(
  runtime,
  loraNetwork(runtime, opened.config, opened.base, lora, 0),
  config,
);
for await (const { step, steps, metrics } of sft(trainer, examples, opened.padId, config))
  if (step === 1 || step === steps) console.log(`step ${step}: loss ${metrics.loss?.toFixed(3)}`);
await exportAdapter(`${model}-adapter`, trainer.network, model);

/** A loss of your own: here, fine-tuning that also keeps the model's distributions broad (an entropy bonus). */
import { sftSchema } from "plumbline/algorithms";
import { encodeDemonstrations, loadDemonstrations } from "plumbline/data";
import {
  collate,
  fullNetwork,
  type Model,
  NetworkTrainer,
  scalar,
  type Traced,
  tokenReadings,
  tokensRead,
} from "plumbline/model";
import { createRuntime, openNetwork, tokenizerOf } from "plumbline/open";
import { add, mul, neg, sum } from "plumbline/tensor";
import { dataFile } from "./data-file.js";
import { tinyModel } from "./tiny-model.js";

const runtime = createRuntime();
const opened = await openNetwork(runtime, process.argv[2] ?? (await tinyModel()));
const rows = await loadDemonstrations(dataFile("demonstrations.jsonl"));
const batch = collate(
  rows.flatMap((row) => encodeDemonstrations(tokenizerOf(opened), row)),
  opened.padId,
);
const values = { ...tokensRead(batch), scale: scalar(1 / batch.count) };

/** -(log p + bonus entropy), the mean over the tokens read; all [M]. A misspelt input or setting does not compile. */
function loss(model: Model, x: Traced<typeof values>, { bonus }: { bonus: number }) {
  const { logProbs, entropies } = tokenReadings(model, x, { differentiable: true, also: ["entropies"] });
  const perToken = neg(add(logProbs, mul(entropies, bonus)));
  return { loss: mul(sum(mul(perToken, x.weights)), x.scale) };
}

const network = fullNetwork(runtime, opened.config, opened.base);
const trainer = new NetworkTrainer(runtime, network, sftSchema.parse({ maxGradNorm: 1 }));
for (let step = 1; step <= 20; step++) {
  const { loss: found } = await trainer.differentiate(loss, values, { bonus: 0.01 });
  await trainer.update(1e-2);
  if (step % 10 === 0) console.log(`step ${step}: loss ${Number(found[0]).toFixed(3)}`);
}

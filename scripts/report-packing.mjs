/**
 * How many positions batches have, including padding, with one text per row and with packed rows:
 *
 *   npm run build && node scripts/report-packing.mjs --model m.gguf --pairs hh.jsonl --demonstrations seed_tasks.jsonl
 *     [--max-length 128] [--batch-size 16] [--micro-batch-size 4] [--steps 4]
 *
 * Batches are those of the first epoch of `plumb reward`, `plumb ppo` (the pairs' prompts of at most half of max-length
 * tokens, with their chosen answers cut to a quarter of it instead of sampled ones) and `plumb sft` (twice max-length).
 * With --steps, that many steps of a reward model with LoRA are timed in both layouts, in turn, after one to warm up.
 */
import { parseArgs } from "node:util";
import { batchIndices } from "../dist/algorithms/order.js";
import { reward, rewardSchema } from "../dist/algorithms/reward.js";
import { openBase, trainableNetwork } from "../dist/train/base.js";
import { conversationKey, encodeDemonstrations, encodePreference, holdOut, loadDemonstrations, loadPreferences } from "../dist/data/index.js";
import { chunks, paddedLength, promptCompletion } from "../dist/model/batch.js";
import { layOut, layOutInRuns } from "../dist/model/lay-out.js";
import { openModel } from "../dist/model/load/index.js";
import { packSequences } from "../dist/model/packing.js";
import { commonBeginning } from "../dist/model/row-layout.js";
import { NetworkTrainer } from "../dist/model/runner.js";
import { OrtRuntime } from "../dist/runtime/ort/index.js";

const { values } = parseArgs({
  options: {
    model: { type: "string" },
    pairs: { type: "string" },
    demonstrations: { type: "string" },
    "max-length": { type: "string", default: "128" },
    "batch-size": { type: "string", default: "16" },
    "micro-batch-size": { type: "string", default: "4" },
    steps: { type: "string", default: "0" },
  },
});
const { model, pairs: pairsFile, demonstrations: demonstrationsFile } = values;
if (!model || !pairsFile || !demonstrationsFile) {
  console.error("usage: node scripts/report-packing.mjs --model M --pairs FILE --demonstrations FILE [--steps N]");
  process.exit(2);
}
const [maxLength, batchSize, microBatchSize, timedSteps] = ["max-length", "batch-size", "micro-batch-size", "steps"].map(
  (name) => Number(values[name]),
);

const files = await openModel(model);
await files.close();
const { tokenizer } = files;
const window = files.config.slidingWindow;
const pairs = holdOut(await loadPreferences(pairsFile), 0.2, ({ prompt, chosen }) => conversationKey(prompt, chosen)).train.map((row) => encodePreference(tokenizer, row));
const demonstrations = (await loadDemonstrations(demonstrationsFile)).flatMap((row) => encodeDemonstrations(tokenizer, row));

const unread = (ids) => ({ ids, lossMask: ids.map(() => false) });
const sum = (list) => list.reduce((a, b) => a + b, 0);
const length = ({ ids }) => ids.length;
const positionsOf = ({ rows, columns }) => rows * columns;
const percent = (x) => `${(100 * x).toFixed(1)}%`;
const thousands = (x) => Math.round(x).toLocaleString("en-GB");

const MODES = ["never", "auto", "always"];
const NAMES = { never: "a row each", auto: "auto", always: "packed" };
/** A line for each mode. `tokens` counts every text whole. */
function report(title, items, tokens, batchesOf) {
  for (const packing of MODES) {
    const batches = batchesOf(packing);
    const positions = sum(batches.map(positionsOf));
    const shapes = new Set(batches.map(({ rows, columns, targets, mask }) => `${rows} ${columns} ${targets.length} ${!mask}`));
    const computed = sum(batches.map(({ ids }) => ids.reduce((n, id) => n + (id === -1n ? 0 : 1), 0)));
    const cells = [
      title,
      NAMES[packing],
      thousands(tokens),
      thousands(computed),
      thousands(positions),
      percent(1 - computed / positions),
      (positions / items).toFixed(0),
      shapes.size,
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
console.log("| what | rows | tokens of the texts | tokens computed | positions | padding | positions each | shapes |");
console.log("|---|---|---|---|---|---|---|---|");

// Reward model: micro-batches of pairs.
const tail = (ids) => ids.slice(-maxLength);
const cutPairs = pairs.map(({ chosen, rejected }) => ({ chosen: tail(chosen), rejected: tail(rejected) }));
const longer = ({ chosen, rejected }) => Math.max(chosen.length, rejected.length);
const P = microBatchSize;
const rewardBatches = (packing) => {
  const steps = Math.floor(cutPairs.length / batchSize);
  return Array.from({ length: steps }, (_, step) => step).flatMap((step) => {
    const batch = batchIndices(cutPairs.length, batchSize, step, 0, "reward")
      .map((i) => cutPairs[i])
      .sort((a, b) => longer(b) - longer(a));
    return chunks(batch, P).map((part) =>
      layOut([...part.map((p) => unread(p.chosen)), ...part.map((p) => unread(p.rejected))], {
        padId: -1,
        rows: 2 * P,
        packing,
        window,
        groups: part.map((_, i) => [i, part.length + i]),
      }),
    );
  });
};
const trained = cutPairs.length - (cutPairs.length % batchSize);
const share = trained / cutPairs.length;
report("reward, pairs", trained, share * sum(cutPairs.map((p) => p.chosen.length + p.rejected.length)), rewardBatches);
const sides = cutPairs.flatMap(({ chosen, rejected }) => [unread(chosen), unread(rejected)]);
const inRuns = (sequences, rows) => (packing) =>
  [...layOutInRuns(sequences, { padId: -1, rows, packing, window })].map(({ batch }) => batch);
report("scoring pairs", cutPairs.length, sum(sides.map(length)), inRuns(sides, 2 * P));

// PPO: micro-batches of prompts with responses.
const rollouts = pairs
  .map(({ chosen, rejected }) => {
    const prompt = chosen.slice(0, commonBeginning(chosen, rejected));
    return promptCompletion(prompt, chosen.slice(prompt.length, prompt.length + maxLength / 4));
  })
  .filter(({ lossMask }) => lossMask.indexOf(true) > 0 && lossMask.indexOf(true) <= maxLength / 2);
report("ppo, responses", rollouts.length, sum(rollouts.map(length)), (packing) =>
  chunks(rollouts, 2 * batchSize).flatMap((batch) =>
    chunks([...batch].sort((a, b) => length(b) - length(a)), 2 * P).map((part) =>
      layOut(part, { padId: -1, rows: 2 * P, packing, window }),
    ),
  ),
);

// SFT: rows of one demonstration, or packed ones of the whole length.
const rowLength = 2 * maxLength;
const cut = demonstrations.map(({ ids, lossMask }) => ({ ids: ids.slice(0, rowLength), lossMask: lossMask.slice(0, rowLength) }));
const demoTokens = sum(cut.map(length));
const paddedSft = sum(
  chunks(cut, batchSize).flatMap((batch) =>
    chunks([...batch].sort((a, b) => length(b) - length(a)), P).map((part) => P * paddedLength(Math.max(...part.map(length)))),
  ),
);
const packedSft = packSequences(cut, rowLength).length * rowLength;
for (const [name, positions] of [["a row each", paddedSft], ["packed", packedSft]]) {
  const cells = ["sft", name, thousands(demoTokens), thousands(demoTokens), thousands(positions), percent(1 - demoTokens / positions), (positions / cut.length).toFixed(0), ""];
  console.log(`| ${cells.join(" | ")} |`);
}
report("scoring demonstrations", cut.length, demoTokens, inRuns(cut, 2 * P));

if (timedSteps > 0) {
  const runtime = new OrtRuntime();
  const base = await openBase(runtime, model, []);
  const settings = { batchSize, microBatchSize, maxLength, lora: {}, learningRate: 1e-4 };
  const runs = ["never", "auto"].map((packing) => {
    const config = rewardSchema.parse({ ...settings, packing });
    const trainer = new NetworkTrainer(runtime, trainableNetwork(runtime, base, config.lora, 0, "random"), config);
    return { packing, steps: reward(trainer, pairs, base.padId, config), seconds: [], losses: [] };
  });
  for (let step = 0; step <= timedSteps; step++) {
    for (const run of runs) {
      const cpu = process.cpuUsage();
      const { value } = await run.steps.next();
      const { user, system } = process.cpuUsage(cpu);
      if (step > 0) run.seconds.push((user + system) / 1e6);
      run.losses.push(value.metrics.loss);
    }
  }
  for (const { packing, seconds, losses } of runs)
    console.log(`${packing}: ${seconds.map((s) => s.toFixed(1)).join(" ")} processor seconds a step, losses ${losses.map((l) => l.toFixed(5)).join(" ")}`);
  console.log(`ratio of all: ${(sum(runs[1].seconds) / sum(runs[0].seconds)).toFixed(3)}`);
}

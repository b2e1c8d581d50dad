// Saves every tiny model of test/fixtures/models in every supported way, with our engine's results for each, for
// check_architectures.py:  node scripts/reference/save_architectures.mjs OUT [NAME ...]   (after npm run build)
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRuntime, openNetwork } from "../../dist/open/open-network.js";
import { collate } from "../../dist/model/batch.js";
import { fullNetwork, loraNetwork } from "../../dist/model/create.js";
import { hiddenStates, logits } from "../../dist/model/decoder.js";
import { exportAdapter, exportMerged } from "../../dist/model/export.js";
import { NetworkRunner } from "../../dist/model/runner.js";
import { sequenceScores } from "../../dist/model/score.js";
import { batchTokens } from "../../dist/model/values.js";
import { loraLinears } from "../../dist/model/weight-names.js";
import { RandomStream } from "../../dist/base/random.js";

const [out, ...names] = process.argv.slice(2);
const models = "test/fixtures/models";
const runtime = createRuntime();
const rows = [0, 1, 2].map((seed) => {
  const random = new RandomStream(seed, "round trip");
  return Array.from({ length: 24 }, () => 3 + random.int(60));
});

async function allLogits(network) {
  const sequences = rows.map((ids) => ({ ids, lossMask: ids.map(() => true) }));
  const { config } = network;
  const { all } = await new NetworkRunner(runtime, network).evaluate(
    (p, x) => ({ all: logits(p, config, hiddenStates(p, config, x.ids)) }),
    batchTokens(collate(sequences, 0, rows.length, 24)),
    {},
  );
  return Array.from(all);
}
const scores = (network) =>
  sequenceScores(
    new NetworkRunner(runtime, network),
    rows.map((ids) => ({ ids, lossMask: ids.map(() => false) })),
    { rows: 3, padId: 0 },
  );

async function withAdapter(config, weights, head) {
  const targets = loraLinears(config).map((linear) => linear.name);
  const network = loraNetwork(runtime, config, weights, { r: 3, alpha: 6, targets }, 1, head);
  for (const [name, buffer] of network.trainable.byName) {
    const size = buffer.shape.reduce((a, b) => a * b, 1);
    await buffer.write(new RandomStream(2, name).fillNormal(new Float32Array(size), 0.2));
  }
  return network;
}

const all = readdirSync(models).filter((name) => !name.endsWith("-reward"));
for (const name of names.length > 0 ? names : all) {
  const dir = join(out, name);
  const base = join(models, name);
  mkdirSync(dir, { recursive: true });
  const { network, config: opened, base: weights } = await openNetwork(runtime, base);
  const config = { ...opened, padId: opened.padId ?? 0 };
  const reward = fullNetwork(runtime, config, weights, 4, "random");
  const adapted = await withAdapter(config, weights, "none");
  const rewardAdapter = await withAdapter(config, weights, "random");

  await exportMerged(join(dir, "model"), network);
  await exportMerged(join(dir, "merged"), adapted);
  await exportAdapter(join(dir, "adapter"), adapted, base);
  await exportMerged(join(dir, "reward"), reward);
  await exportAdapter(join(dir, "reward-adapter"), rewardAdapter, base);
  const ours = {
    base,
    ids: rows,
    model: await allLogits(network),
    merged: await allLogits(adapted),
    adapter: await allLogits(adapted),
    reward: await scores(reward),
    "reward-adapter": await scores(rewardAdapter),
  };
  writeFileSync(join(dir, "ours.json"), JSON.stringify(ours));
}

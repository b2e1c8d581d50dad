import { mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import { theirExperts } from "../../src/model/adapter-experts.js";
import { collate, type Sequence } from "../../src/model/batch.js";
import { frozenNetwork } from "../../src/model/create.js";
import { exportAdapter, exportMerged } from "../../src/model/export.js";
import { openModel } from "../../src/model/load/index.js";
import type { LoraConfig, Network } from "../../src/model/network.js";
import { adapterNetwork } from "../../src/model/read-adapter.js";
import { readWeights } from "../../src/model/read-weights.js";
import { NetworkRunner, NetworkTrainer } from "../../src/model/runner.js";
import { sequenceLogProbs } from "../../src/model/score.js";
import { readAdapter, saveAdapter, stackAdapters } from "../../src/model/stack-adapters.js";
import { tokenReadings } from "../../src/model/token-readings.js";
import { tokensRead } from "../../src/model/values.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { readFloats } from "../../src/runtime/read.js";
import { mul, neg, sum } from "../../src/tensor/index.js";
import { relativeError } from "../evaluate.js";
import { adapterFolder, loadModel, PLAIN_ADAM, readFixture } from "../fixtures.js";

/** LoRA of experts made by peft, with what peft computes with it (scripts/reference/make_expert_adapters.py). */
interface Kind {
  base: string;
  inputIds: number[][];
  logProbs: number[][];
  gradients: Record<string, number[]>;
}
const { kinds } = readFixture<{ kinds: Record<string, Kind> }>("adapters/experts.json");
const TOLERANCE = 1e-4;
const runtime = new OrtRuntime({ threads: 1 });
const scratch = mkdtempSync(path.join(tmpdir(), "plumb-experts-"));
const folder = (name: string): string => adapterFolder(`experts/${name}`);
const sequencesOf = ({ inputIds }: Kind): Sequence[] =>
  inputIds.map((ids) => ({ ids, lossMask: ids.map((_, t) => t > 0) }));

async function logProbsOf(network: Network, kind: Kind): Promise<number[][]> {
  const runner = new NetworkRunner(runtime, network);
  const rows = await sequenceLogProbs(runner, sequencesOf(kind), { rows: 2, padId: 0 });
  return rows.map((row) => [...row]);
}

function expectAlike(found: number[][], want: number[][]): void {
  for (const [i, row] of want.entries())
    for (const [t, value] of row.entries()) expect(Math.abs(found[i][t] - value)).toBeLessThan(TOLERANCE);
}

async function adapted(name: string, dir = folder(name)): Promise<Network> {
  const { config, weights } = await loadModel(runtime, kinds[name].base);
  return adapterNetwork(runtime, config, weights, dir);
}

describe.each(Object.entries(kinds))("the adapter of experts %s", (name, kind) => {
  test("computes what peft computes", async () => {
    expectAlike(await logProbsOf(await adapted(name), kind), kind.logProbs);
  });

  test("merged and saved, and saved as an adapter again, it still does", async () => {
    const network = await adapted(name);
    const out = path.join(scratch, name);
    await exportMerged(out, network);
    const files = await openModel(out, "any");
    const weights = await readWeights(runtime, files.config, files.weights);
    await files.close();
    expectAlike(await logProbsOf(frozenNetwork(runtime, files.config, weights), kind), kind.logProbs);

    const again = path.join(scratch, `${name}-again`);
    await exportAdapter(again, network, kind.base);
    expectAlike(await logProbsOf(await adapted(name, again), kind), kind.logProbs);
  });
});

test.each(["mixtral", "qwen3-moe", "gpt-oss", "mixtral-router", "gpt-oss-router"])(
  "the gradients of %s are torch's",
  async (name) => {
    const network = await adapted(name);
    const trainer = new NetworkTrainer(runtime, network, PLAIN_ADAM);
    const batch = collate(sequencesOf(kinds[name]), 0);
    const count = kinds[name].logProbs.flat().length;
    await trainer.differentiate(
      (p, x) => {
        const { logProbs } = tokenReadings(p, x, { differentiable: true });
        return { loss: mul(neg(sum(mul(logProbs, x.weights))), 1 / count) };
      },
      tokensRead(batch),
      {},
    );
    const ours = new Map<string, { shape: number[]; data: Float32Array }>();
    for (const [weight, buffer] of trainer.gradients.byName)
      ours.set(weight, { shape: [...buffer.shape], data: await readFloats(buffer) });
    const found = theirExperts(network.config, network.lora as LoraConfig, ours);
    const wanted = Object.entries(kinds[name].gradients);
    expect(wanted.length).toBe(4);
    for (const [weight, values] of wanted)
      expect(relativeError(found.get(weight)?.data as Float32Array, values), weight).toBeLessThan(TOLERANCE);
  },
);

test("adapters that are stacked add up, expert by expert", async () => {
  const { config } = await loadModel(runtime, "gpt-oss");
  const once = await readAdapter(folder("gpt-oss"), config);
  const other = await readAdapter(folder("gpt-oss-router"), config);
  const dir = path.join(scratch, "stacked");
  await saveAdapter(dir, stackAdapters([once, other]), "gpt-oss");
  const saved = JSON.parse(await readFile(path.join(dir, "adapter_config.json"), "utf8"));
  expect(saved.target_parameters).toEqual([
    "mlp.experts.down_proj",
    "mlp.experts.gate_up_proj",
    "mlp.router.weight",
  ]);
  const first = await adapted("gpt-oss");
  const merged = path.join(scratch, "first");
  await exportMerged(merged, first);
  const files = await openModel(merged, "any");
  const weights = await readWeights(runtime, files.config, files.weights);
  await files.close();
  const second = await adapterNetwork(runtime, files.config, weights, folder("gpt-oss-router"));
  const kind = kinds["gpt-oss"];
  expectAlike(await logProbsOf(await adapted("gpt-oss", dir), kind), await logProbsOf(second, kind));
});

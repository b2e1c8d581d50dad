import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, test } from "vitest";
import type { Sequence } from "../../src/model/batch.js";
import { frozenNetwork } from "../../src/model/create.js";
import { exportMerged } from "../../src/model/export.js";
import { openModel } from "../../src/model/load/index.js";
import type { Network } from "../../src/model/network.js";
import { adapterNetwork } from "../../src/model/read-adapter.js";
import { readWeights } from "../../src/model/read-weights.js";
import { NetworkRunner } from "../../src/model/runner.js";
import { sequenceLogProbs, sequenceScores } from "../../src/model/score.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { adapterFolder, loadModel, readFixture } from "../fixtures.js";

/** Adapters of all kinds made by peft, with what peft computes with them (scripts/reference/make_adapters.py). */
interface Kind {
  base: string;
  inputIds: number[][];
  logProbs?: number[][];
  scores?: number[];
}
const { kinds } = readFixture<{ kinds: Record<string, Kind> }>("adapters/kinds.json");
const TOLERANCE = 1e-4;
const runtime = new OrtRuntime({ threads: 1 });
const scratch = mkdtempSync(path.join(tmpdir(), "plumb-kinds-"));

async function expectEqual(network: Network, { inputIds, logProbs, scores }: Kind): Promise<void> {
  const runner = new NetworkRunner(runtime, network);
  const sequences = inputIds.map((ids): Sequence => ({ ids, lossMask: ids.map((_, t) => t > 0) }));
  const batching = { rows: 2, padId: 0 };
  const found = scores
    ? [await sequenceScores(runner, sequences, batching)]
    : (await sequenceLogProbs(runner, sequences, batching)).map((row) => [...row]);
  const want = scores ? [scores] : (logProbs as number[][]);
  for (const [i, row] of want.entries())
    for (const [t, value] of row.entries()) expect(Math.abs(found[i][t] - value)).toBeLessThan(TOLERANCE);
}

describe.each(Object.entries(kinds))("the adapter %s", (name, kind) => {
  const dir = adapterFolder(`kinds/${name}`);
  const opened = async () => {
    const { config, weights } = await loadModel(runtime, kind.base);
    return { config, network: await adapterNetwork(runtime, config, weights, dir) };
  };

  test("computes what peft computes", async () => {
    await expectEqual((await opened()).network, kind);
  });

  test("merged and saved, it still does", async () => {
    const out = path.join(scratch, name);
    const { network } = await opened();
    await exportMerged(out, network);
    const files = await openModel(out, "any");
    const weights = await readWeights(runtime, files.config, files.weights);
    await files.close();
    await expectEqual(frozenNetwork(runtime, files.config, weights), kind);
  });
});

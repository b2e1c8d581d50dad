import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { adapterFolder, FIXTURES, readFixture } from "../../test/fixtures.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { trainByteLevelBpe } from "../text/bpe-trainer.js";
import { openRewardModel } from "./reward-model.js";
import { sequenceScores } from "./score.js";

/** Adapters of reward models as TRL's RewardTrainer saves them: SEQ_CLS, the head among modules_to_save. */
const runtime = new OrtRuntime({ threads: 1 });
const { kinds } = readFixture<{
  kinds: Record<string, { base: string; inputIds: number[][]; scores: number[] }>;
}>("adapters/kinds.json");
const scratch = mkdtempSync(path.join(tmpdir(), "plumb-reward-adapter-"));

/** A folder with the adapter and its base, which has a tokenizer. */
function folder(kind: string, base: string | null): string {
  const at = mkdtempSync(path.join(scratch, `${kind}-`));
  cpSync(adapterFolder(`kinds/${kind}`), path.join(at, "adapter"), { recursive: true });
  cpSync(path.join(FIXTURES, "models", kinds[kind].base), path.join(at, "base"), { recursive: true });
  const tokenizer = trainByteLevelBpe(["ab"], { vocabSize: 256, specialTokens: [] });
  writeFileSync(path.join(at, "base", "tokenizer.json"), JSON.stringify(tokenizer));
  const config = path.join(at, "adapter", "adapter_config.json");
  const json = { ...JSON.parse(readFileSync(config, "utf8")), base_model_name_or_path: base };
  writeFileSync(config, JSON.stringify(json));
  return at;
}

describe("the adapter of a reward model", () => {
  const kind = "reward";
  const { inputIds, scores } = kinds[kind];
  it.each([
    ["names its base by a path from its own folder", "../base", false],
    ["names a base that is elsewhere, and one is given", "/gone/base", true],
  ])("scores as peft does when it %s", async (_, base, given) => {
    const at = folder(kind, base);
    const model = given ? path.join(at, "base") : undefined;
    const opened = await openRewardModel(runtime, path.join(at, "adapter"), { ...(model && { model }) });
    expect([opened.mean, opened.std]).toEqual([0, 1]);
    const found = await sequenceScores(
      opened.runner,
      inputIds.map((ids) => ({ ids, lossMask: [] })),
      { rows: 2, padId: 0 },
    );
    for (const [i, score] of scores.entries()) expect(Math.abs(found[i] - score)).toBeLessThan(1e-4);
  });

  it.each([
    [null, /names no base/],
    ["/gone/base", /names the base "\/gone\/base", which is not here/],
  ])("with the base %j it says what to give", async (base, message) => {
    const dir = path.join(folder(kind, base), "adapter");
    await expect(openRewardModel(runtime, dir)).rejects.toThrow(message);
  });
});

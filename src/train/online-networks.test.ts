import { cpSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, it } from "vitest";
import { FIXTURES } from "../../test/fixtures.js";
import { openBaseModel } from "../open/open-network.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { trainByteLevelBpe } from "../text/bpe-trainer.js";
import type { TrainingBase } from "./base.js";
import { openRewardModels } from "./online-networks.js";

const runtime = new OrtRuntime({ threads: 1 });

it("refuses a reward model without a row for a token that the policy may sample", async () => {
  const dir = mkdtempSync(path.join(tmpdir(), "plumb-online-networks-"));
  const reward = path.join(dir, "reward");
  cpSync(path.join(FIXTURES, "models", "llama-reward"), reward, { recursive: true });
  const { config } = await openBaseModel(runtime, reward, [], { head: "any" });
  const rows = config.vocabSize;
  const json = trainByteLevelBpe(["ab"], { vocabSize: 257, specialTokens: ["<s>"] }) as {
    model: { vocab: Record<string, number> };
  };
  const kept = Object.entries(json.model.vocab).filter(([, id]) => id < rows);
  json.model.vocab = Object.fromEntries([...kept, ["more", rows]]);
  writeFileSync(path.join(reward, "tokenizer.json"), JSON.stringify(json));
  const { tokenizer } = await openBaseModel(runtime, reward, [], { head: "any", addedTokens: true });
  if (tokenizer === undefined) throw new Error("no tokenizer");
  const policy = (vocabSize: number): TrainingBase => ({
    config: { ...config, vocabSize },
    weights: new Map(),
    tokenizer,
    padId: 0,
    source: "elsewhere",
    sourceWeights: new Map(),
    adapters: [],
  });
  const notices = { warn() {} };
  expect(await openRewardModels(runtime, policy(rows), [reward], notices)).toHaveLength(1);
  await expect(openRewardModels(runtime, policy(rows + 1), [reward], notices)).rejects.toMatchObject({
    message: expect.stringContaining(
      `has ${rows} rows, none for the token "more" (${rows}), which the policy`,
    ),
    hint: expect.stringContaining("plumb convert --resize"),
  });
});

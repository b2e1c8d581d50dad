import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { adapterFolder, FIXTURES, loadModel, readFixture } from "../../test/fixtures.js";
import { checkModel } from "../doctor/model.js";
import { baseKey, openRewardModel } from "../model/reward-model.js";
import { OrtRuntime } from "../runtime/ort/index.js";
import { trainByteLevelBpe } from "../text/bpe-trainer.js";
import { openBaseModel, openNetwork } from "./open-network.js";

const runtime = new OrtRuntime({ threads: 1 });
const { kinds } = readFixture<{ kinds: Record<string, { base: string }> }>("adapters/kinds.json");
const scratch = mkdtempSync(path.join(tmpdir(), "plumb-adapter-notices-"));

/** An adapter with a key that peft does not have, and its base with a tokenizer. */
function folders(kind: string): { base: string; adapter: string } {
  const at = mkdtempSync(path.join(scratch, "case-"));
  const [base, adapter] = [path.join(at, "base"), path.join(at, "adapter")];
  cpSync(path.join(FIXTURES, "models", kinds[kind].base), base, { recursive: true });
  cpSync(adapterFolder(`kinds/${kind}`), adapter, { recursive: true });
  const tokenizer = trainByteLevelBpe(["ab"], { vocabSize: 256, specialTokens: [] });
  writeFileSync(path.join(base, "tokenizer.json"), JSON.stringify(tokenizer));
  const config = path.join(adapter, "adapter_config.json");
  const json = JSON.parse(readFileSync(config, "utf8"));
  writeFileSync(config, JSON.stringify({ ...json, base_model_name_or_path: base, use_tomorrow: null }));
  return { base, adapter };
}

function listener(): { told: string[]; warn: (message: string) => void } {
  const told: string[] = [];
  return { told, warn: (message) => void told.push(message) };
}

describe("what of an adapter is not used is said", () => {
  it("of a reward model", async () => {
    const notices = listener();
    await openRewardModel(runtime, folders("reward").adapter, { notices });
    expect(notices.told).toEqual([expect.stringContaining('"use_tomorrow"')]);
  });

  it("by the check of a model", async () => {
    const { base, adapter } = folders("all-linear");
    const notices = listener();
    const [found] = await checkModel(runtime, base, [adapter], notices);
    expect(found.status).toBe("ok");
    expect(notices.told).toEqual([expect.stringContaining('"use_tomorrow"')]);
  });
});

it("what of a model was guessed or left out is said", async () => {
  const model = await loadModel(runtime, "llama-tied");
  const shared = new Map([[baseKey("m"), { ...model, guessed: "its splits", leftOut: "a tower" }]]);
  const notices = listener();
  await openBaseModel(runtime, "m", [], { shared, notices });
  expect(notices.told).toEqual(["m: left out: a tower", "m: its splits"]);
});

describe("a reward model's adapter", () => {
  it("is refused where a language model is wanted, as its head would be lost", async () => {
    const { base, adapter } = folders("reward");
    for (const adapters of [[adapter], [adapter, folders("all-linear").adapter]]) {
      await expect(openBaseModel(runtime, base, adapters)).rejects.toThrow(
        /reward model, whose head would be lost/,
      );
    }
  });

  it("keeps its head where any model is wanted", async () => {
    const { base, adapter } = folders("reward");
    const { network } = await openNetwork(runtime, base, [adapter], { head: "any" });
    expect(network.trainable.byName.has("score.weight")).toBe(true);
  });
});

import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { usageError } from "../../base/usage-error.js";
import { adapterSetting, baseSettings, modelSetting } from "../../open/model-settings.js";
import { defineCommand } from "../command.js";
import type { Finding } from "../doctor/check.js";
import { checkInt8Base, checkInt8Support } from "../doctor/int8.js";
import {
  checkDisk,
  checkMemory,
  checkNode,
  checkRuntime,
  checkSpeed,
  checkThreads,
} from "../doctor/machine.js";
import { checkRecipe } from "../doctor/recipe.js";
import { truncateText } from "../text-width.js";

const schema = z.object({
  model: modelSetting.optional().describe("also check this model: a .gguf file, a folder or hf:owner/name"),
  adapter: adapterSetting,
  int8: z
    .boolean()
    .default(false)
    .describe("also bring the model's base to 8 bits and measure the error; takes a while"),
  data: z
    .array(z.string().min(1))
    .default([])
    .describe("dataset files that this is measured on; default: what the model samples"),
  baseError: baseSettings.baseError,
  recipe: z
    .string()
    .min(1)
    .optional()
    .describe(
      "also check this recipe: its settings, the files it names, the memory and time that it will take",
    ),
  runs: z.string().min(1).default("runs").describe("where runs are kept"),
});

export default defineCommand({
  description:
    "Checks that this machine can do the work: Node, the native library and its numbers, threads, memory, speed of " +
    "matrix products, 8-bit products, the disk; and, where given, a model and a recipe. Says what to do about what is wrong, and " +
    "exits with 1 when a check fails.",
  examples: [
    { command: "plumb doctor", does: "check the machine" },
    { command: "plumb doctor --model model.gguf", does: "and a model with its tokenizer" },
    { command: "plumb doctor --model model.gguf --int8 --data pairs.jsonl", does: "and what 8 bits cost it" },
    { command: "plumb doctor recipes/smollm2-hh.yaml --json", does: "and a recipe, as JSON" },
  ],
  schema,
  positional: "recipe",
  async run({ ui }, { model, adapter, int8, data, baseError, recipe, runs }) {
    if (int8 && model === undefined) throw usageError("--int8 needs a model", "Give --model.");
    if (data.length > 0 && !int8) throw usageError("--data is for --int8");
    const findings = [await checkNode()];
    const { finding, runtime } = await checkRuntime();
    findings.push(finding);
    if (runtime) findings.push(await checkThreads(runtime));
    findings.push(await checkMemory());
    if (runtime) findings.push(await checkSpeed(runtime), await checkInt8Support(runtime));
    findings.push(await checkDisk(runs));
    if (model !== undefined && runtime) {
      const { checkModel } = await import("../doctor/model.js");
      findings.push(...(await checkModel(runtime, model, adapter)));
      if (int8) findings.push(await checkInt8Base(runtime, { model, adapter, data, baseError }, ui));
    }
    if (recipe !== undefined) {
      const { commands } = await import("./index.js");
      findings.push(...(await checkRecipe(recipe, commands, runtime)));
    }
    const failed = findings.filter(({ status }) => status === "fail").map(({ check }) => check);
    await ui.result({ ok: failed.length === 0, findings }, () => report(findings));
    if (failed.length > 0) throw new PlumbError(`failed: ${failed.join(", ")}`);
  },
});

function report(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ check }) => check.length));
  return findings
    .flatMap(({ check, status, found, hint }) => [
      `${status.padEnd(4)}  ${check.padEnd(width)}  ${truncateText(found, 200)}`,
      ...(hint === undefined || status === "ok" ? [] : [`${" ".repeat(width + 8)}→ ${hint}`]),
    ])
    .join("\n");
}

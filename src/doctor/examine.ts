/** All checks of a machine, and of a model on it. */
import { z } from "zod";
import type { Notices } from "../base/host.js";
import { usageError } from "../base/usage-error.js";
import { adapterSetting, baseSettings, modelSetting } from "../open/model-settings.js";
import type { Runtime } from "../runtime/runtime.js";
import type { CheckResult } from "./check.js";
import { checkInt8Base, checkInt8Support } from "./int8.js";
import { checkDisk, checkMemory, checkNode, checkRuntime, checkSpeed, checkThreads } from "./machine.js";

/** What to check in addition to the machine. */
export const examinationSchema = z.object({
  model: modelSetting.optional().describe("also check this model: a .gguf file, a folder or hf:owner/name"),
  adapter: adapterSetting,
  int8: z
    .boolean()
    .default(false)
    .describe("also round the model's base to 8 bits and measure the error; takes a while"),
  data: z
    .array(z.string().min(1))
    .default([])
    .describe("dataset files to measure this on; default: text that the model samples"),
  baseError: baseSettings.baseError,
  runs: z.string().min(1).default("runs").describe("folder of all runs"),
});

/**
 * @returns the findings in order, and the runtime if it works.
 * @throws PlumbError if settings contradict each other; problems of the machine or the model are findings.
 */
export async function examine(
  { model, adapter, int8, data, baseError, runs }: z.output<typeof examinationSchema>,
  notices: Notices,
): Promise<{ findings: CheckResult[]; runtime?: Runtime }> {
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
    const { checkModel } = await import("./model.js");
    findings.push(...(await checkModel(runtime, model, adapter, notices)));
    if (int8) findings.push(await checkInt8Base(runtime, { model, adapter, data, baseError }, notices));
  }
  return { findings, ...(runtime && { runtime }) };
}

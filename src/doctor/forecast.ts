/** The memory and time that a recipe's training will take, as a finding. */
import { formatBytes } from "../base/format.js";
import type { Runtime } from "../runtime/runtime.js";
import { forecast } from "../train/forecast.js";
import { availableMemory } from "../train/memory-fit.js";
import type { MethodSettings } from "../train/method.js";
import { METHODS } from "../train/methods/index.js";
import type { CheckResult } from "./check.js";
import { productSpeed } from "./machine.js";

/** Share of a bare product's speed that a training step reaches; the rest goes to passes over activations. */
const SHARE_OF_PRODUCT_SPEED = 0.75;

export type Foreseen = keyof typeof METHODS;
export const isForeseen = (command: string): command is Foreseen => command in METHODS;

/** Forecasts the run of a command with these settings. @throws PlumbError if its model or data are missing. */
export async function foresee(
  command: Foreseen,
  config: MethodSettings,
  runtime: Runtime,
): Promise<Omit<CheckResult, "check">> {
  const method = await METHODS[command].load();
  const { base, peakBytes, steps, stepFlops } = await forecast(method as never, config as never);
  const gflops = (await productSpeed(runtime)) * SHARE_OF_PRODUCT_SPEED;
  const stepSeconds = stepFlops / gflops / 1e9;
  const exact = base === "int8" || config.base === undefined || config.base === "f32";
  const memory = `about ${formatBytes(peakBytes)} of memory${exact ? "" : " with a base in f32"}`;
  const time = `${steps} steps of ${formatSeconds(stepSeconds)}: about ${formatSeconds(steps * stepSeconds)}`;
  const free = availableMemory();
  const found = `${memory}, ${time}`;
  if (peakBytes <= free) return { status: "ok", found };
  const hint = `Only ${formatBytes(free)} are free: give a memoryBudget, shorten the texts or take a smaller model.`;
  return { status: "warn", found, hint };
}

/** 0.4 s, 35 s, 12 min, 2.5 h. */
function formatSeconds(seconds: number): string {
  if (seconds < 10) return `${seconds.toPrecision(2)} s`;
  if (seconds < 100) return `${Math.round(seconds)} s`;
  return seconds < 6000 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

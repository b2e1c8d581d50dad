/** Forecasts of a recipe's training: most memory and time, from its data and the shapes of its model. */
import type { PpoConfig } from "../../algorithms/ppo.js";
import { type RewardConfig, rewardSteps } from "../../algorithms/reward.js";
import { type SftConfig, sftSteps } from "../../algorithms/sft.js";
import {
  encodeDemonstration,
  encodePreference,
  holdOut,
  loadDemonstrations,
  loadPreferences,
  loadPrompts,
} from "../../data/index.js";
import { PlumbError } from "../../base/errors.js";
import { openModel } from "../../model/load/index.js";
import { packSequences } from "../../model/packing.js";
import { expectedWeights } from "../../model/weight-names.js";
import type { Runtime } from "../../runtime/runtime.js";
import type { Tokenizer } from "../../text/index.js";
import {
  dryReward,
  drySft,
  heaviestPpo,
  heaviestReward,
  heaviestSft,
  type ModelShape,
} from "../training/dry-run.js";
import { availableMemory, fitMemory, type MemorySettings } from "../training/memory-budget.js";
import { encodePrompts, type PromptLimits, splitPrompts } from "../training/prompts.js";
import { loadAll } from "../training/rows.js";
import type { Finding } from "./check.js";
import { formatBytes } from "../../base/format.js";
import { productSpeed } from "./machine.js";

interface Section extends MemorySettings {
  model: string;
  base?: "f32" | "int8" | "auto" | undefined;
  data: string[];
  limit?: number;
}
type SftSection = Section & Omit<SftConfig, "recompute"> & { holdOut: number };
type RewardSection = Section & Omit<RewardConfig, "recompute"> & { holdOut: number };
type PpoSection = Section & Omit<PpoConfig, "recompute"> & PromptLimits & { evalPrompts: number };

/** What a section's training takes. */
interface Forecast {
  /** Most memory of the process, bytes. */
  peakBytes: number;
  steps: number;
  /** Floating-point operations of matrix products in a step. */
  stepFlops: number;
}

/** Share of a bare product's speed that a training step reaches; the rest is passes over activations. */
const SHARE_OF_PRODUCT_SPEED = 0.75;
/** Steps that the mean operations of a step are counted over. */
const STEPS_COUNTED = 8;

const silent = { info: () => {}, warn: () => {} };

async function sftForecast(config: SftSection, model: ModelShape, tokenizer: Tokenizer): Promise<Forecast> {
  const rows = holdOut(await loadAll(config.data, loadDemonstrations, config.limit), config.holdOut).train;
  const examples = rows
    .map((row) => encodeDemonstration(tokenizer, row))
    .map(({ ids, read }) => ({ ids: ids.slice(0, config.maxLength), read: read.slice(0, config.maxLength) }))
    .filter(({ read }) => read.some((one, t) => one && t > 0));
  const fitted = await fitMemory(config, (trial) => heaviestSft(model, examples, trial), silent);
  const { peakBytes } = await heaviestSft(model, examples, fitted);
  const steps = sftSteps(
    config.packing ? packSequences(examples, config.maxLength).length : examples.length,
    fitted,
  );
  const some = Math.min(steps, STEPS_COUNTED);
  return { peakBytes, steps, stepFlops: (await drySft(model, examples, fitted, some)).flops / some };
}

async function rewardForecast(
  config: RewardSection,
  model: ModelShape,
  tokenizer: Tokenizer,
): Promise<Forecast> {
  const rows = holdOut(await loadAll(config.data, loadPreferences, config.limit), config.holdOut).train;
  const pairs = rows.map((row) => encodePreference(tokenizer, row));
  const fitted = await fitMemory(config, (trial) => heaviestReward(model, pairs, trial), silent);
  const { peakBytes } = await heaviestReward(model, pairs, fitted);
  const steps = rewardSteps(pairs.length, fitted);
  const some = Math.min(steps, STEPS_COUNTED);
  return { peakBytes, steps, stepFlops: (await dryReward(model, pairs, fitted, some)).flops / some };
}

async function ppoForecast(config: PpoSection, model: ModelShape, tokenizer: Tokenizer): Promise<Forecast> {
  const rows = await loadAll(config.data, loadPrompts, config.limit);
  const { prompts } = encodePrompts(tokenizer, rows, model.config.maxPositions, config);
  const { train } = splitPrompts(prompts, config.evalPrompts);
  const fitted = await fitMemory(config, (trial) => heaviestPpo(model, train, trial), silent);
  const heaviest = await heaviestPpo(model, train, fitted);
  // The heaviest iteration has the longest prompts only.
  const lengths = train.map(({ ids }) => ids.length + config.maxNewTokens);
  const longest = lengths.sort((a, b) => b - a).slice(0, config.batchSize);
  const share = mean(lengths) / mean(longest);
  const sampling = config.batchSize * mean(lengths) * 2 * matrixElements(model);
  return {
    peakBytes: heaviest.peakBytes,
    steps: config.iterations,
    stepFlops: heaviest.flops * share + sampling,
  };
}

const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

const matrixElements = ({ weights }: ModelShape): number =>
  [...weights.values()].reduce((n, { shape }) => n + (shape.length === 2 ? shape[0] * shape[1] : 0), 0);

const FORECASTS = { sft: sftForecast, reward: rewardForecast, ppo: ppoForecast };
export type Foreseen = keyof typeof FORECASTS;
export const isForeseen = (command: string): command is Foreseen => command in FORECASTS;

/** Foresees the run of a command with these settings. @throws PlumbError where its model or data are not there. */
export async function forecast(
  command: Foreseen,
  config: Section,
  runtime: Runtime,
): Promise<Omit<Finding, "check">> {
  const opened = await openModel(config.model);
  await opened.close();
  const { tokenizer } = opened;
  if (!tokenizer) throw new PlumbError(`${config.model} has no tokenizer`);
  const shapes = [...expectedWeights(opened.config)].map(
    ([name, shape]) => [name, { dtype: "f32", shape }] as const,
  );
  const model = {
    config: opened.config,
    weights: new Map(shapes),
    padId: tokenizer.padId ?? opened.config.padId ?? 0,
  };
  const maxLength = Math.min(
    (config as SftSection).maxLength ?? Number.POSITIVE_INFINITY,
    opened.config.maxPositions,
  );
  const of = FORECASTS[command] as (c: Section, m: ModelShape, t: Tokenizer) => Promise<Forecast>;
  const { peakBytes, steps, stepFlops } = await of({ ...config, maxLength } as Section, model, tokenizer);
  const gflops = (await productSpeed(runtime)) * SHARE_OF_PRODUCT_SPEED;
  const stepSeconds = stepFlops / gflops / 1e9;
  const memory = `about ${formatBytes(peakBytes)} of memory${config.base === undefined || config.base === "f32" ? "" : " with a base in f32"}`;
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

/** Writes a model, with adapters folded in, as a Hugging Face folder in floats or in 8 bits. */

import { existsSync, readdirSync, statSync } from "node:fs";
import { z } from "zod";
import { parseByteSize } from "../base/byte-size.js";
import { elementCount } from "../base/element-count.js";
import { PlumbError } from "../base/errors.js";
import { inGroup } from "../base/setting-groups.js";
import { usageError } from "../base/usage-error.js";
import type { ModelConfig } from "../model/config.js";
import { exportMerged } from "../model/export.js";
import { describeInt8, type StoredInt8 } from "../model/int8/stored.js";
import { adaptersTokenizer, withAdaptersEnds } from "../model/load/index.js";
import { parameterCount } from "../model/network.js";
import { saveInt8 } from "../model/save-int8.js";
import { expectedWeights } from "../model/weight-names.js";
import { beyondLimits, describeError, rounding, withinLimits } from "./base-precision.js";
import { textsOfFiles } from "./calibration-texts.js";
import type { WorkHost } from "./host.js";
import { adapterSetting, baseSettings, modelSetting, resizeSetting } from "./model-settings.js";
import { mergeAdapter, networkOf, openBaseModel, tokenizerOf, withEnds } from "./open-network.js";
import { resized } from "./resize.js";

/** Settings of a conversion. */
export const conversionSchema = z.object({
  model: modelSetting,
  adapter: adapterSetting,
  out: z.string().min(1).describe("the folder to write; it must be empty or missing"),
  dtype: z.enum(["f32", "bf16", "f16"]).default("f32").describe("type of the weights written"),
  quantize: z
    .enum(["int8"])
    .optional()
    .describe("write the products' weights and the embedding in 8 bits, which only Plumbline reads"),
  ...inGroup("files", {
    data: z
      .array(z.string().min(1))
      .default([])
      .describe("dataset files in any format to calibrate 8 bits on; default: text that the model samples"),
    limit: z.number().int().positive().default(256).describe("only the first rows of each file"),
  }),
  resize: resizeSetting,
  baseError: baseSettings.baseError,
  maxShardSize: z
    .string()
    .default("5GB")
    .describe(
      "most bytes of weights in one file, such as 500MB or 2GiB; a larger model is written as shards",
    ),
});

/** Settings of `plumb convert` with their defaults filled in. */
export type ConversionConfig = z.output<typeof conversionSchema>;

const DTYPES = { f32: "F32", bf16: "BF16", f16: "F16" } as const;

/** What was written. */
export interface Converted
  extends Pick<ModelConfig, "architecture" | "layers" | "vocabSize" | "maxPositions"> {
  dtype: string;
  parameters: number;
  /** For an 8-bit base: its error, the text it was measured on, and how many products have 16-bit activations. */
  int8?: Pick<StoredInt8, "error" | "calibration"> & { products16: number };
}

/**
 * Writes the folder `out`, complete or not at all.
 *
 * @throws PlumbError if `out` is not empty, or 8 bits exceed the limit on the error.
 */
export async function convert(config: ConversionConfig, host: WorkHost): Promise<Converted> {
  const { out, quantize, dtype, data } = config;
  if (quantize && dtype !== "f32") throw usageError("give either --quantize or --dtype");
  if (!quantize && data.length > 0) throw usageError("--data is for --quantize int8");
  const maxShardBytes = parseByteSize(config.maxShardSize);
  if (existsSync(out) && (!statSync(out).isDirectory() || readdirSync(out).length > 0)) {
    throw new PlumbError(`${out} exists already`, { hint: "Give --out another name, or remove it first." });
  }
  return (quantize ? convertToInt8 : convertFloats)(config, maxShardBytes, host);
}

async function convertFloats(
  { model, adapter, out, dtype, resize: addedTokens }: ConversionConfig,
  maxShardBytes: number,
  host: WorkHost,
): Promise<Converted> {
  const { runtime } = host;
  const opened = await openBaseModel(runtime, model, adapter, { head: "any", notices: host, addedTokens });
  if (opened.int8) throw inInt8Already(model);
  const sized = addedTokens
    ? await resized(runtime, { ...opened, weights: opened.base }, host)
    : { ...opened, weights: opened.base };
  const { network, config, tokenizer } = networkOf(runtime, { ...sized, base: sized.weights });
  if (tokenizer === undefined) host.warn(`${model} has no tokenizer; the folder will have none`);
  const reward = network.trainable.byName.has("score.weight") || config.head === "score";
  if (reward) host.info("a reward model, for sequence classification; its scores are not normalised");
  host.signal.throwIfAborted();
  await exportMerged(out, network, tokenizer, DTYPES[dtype], maxShardBytes);
  return converted(dtype, config, parameterCount(network).frozen);
}

async function convertToInt8(
  { model, adapter, out, data, limit, baseError, resize: addedTokens }: ConversionConfig,
  maxShardBytes: number,
  host: WorkHost,
): Promise<Converted> {
  const { runtime, signal } = host;
  const opened = await openBaseModel(runtime, model, [], { head: "any", notices: host, addedTokens });
  if (opened.int8) throw inInt8Already(model);
  let merged = { config: opened.config, weights: opened.base };
  for (const dir of adapter)
    merged = await mergeAdapter(runtime, merged, dir, { inPlace: true, notices: host });
  const fitting = addedTokens ? { ...merged.config, vocabSize: Infinity } : merged.config;
  const tokenizer = await adaptersTokenizer(opened.tokenizer, adapter, fitting, host);
  const { padId, source } = opened;
  const ended = withEnds(await withAdaptersEnds(merged.config, adapter), tokenizer);
  const whole = { ...merged, config: ended, tokenizer, source };
  const { config, weights } = addedTokens ? await resized(runtime, whole, host) : whole;
  if (tokenizer === undefined) host.warn(`${model} has no tokenizer; the folder will have none`);
  const texts = async () =>
    data.length > 0
      ? textsOfFiles(data, tokenizerOf({ source, ...(tokenizer && { tokenizer }) }), limit)
      : [];
  const parts = { config, weights, padId, source, ...(tokenizer && { tokenizer }) };
  const rounded = await rounding(runtime, parts, texts, { limit: baseError, use: "storage" }, host);
  const { error, int16 } = rounded;
  const limits = { limit: baseError, cosine: true };
  if (!withinLimits(error, limits)) throw beyondLimits(error, limits, "Raise --base-error, or give --data.");
  host.info(`base in 8 bits: ${describeError(error)}; ${int16.length} products with 16-bit activations`);
  signal.throwIfAborted();
  const description = describeInt8(rounded, rounded.source, baseError);
  await saveInt8(out, config, rounded.weights, description, tokenizer, maxShardBytes);
  const parameters = [...expectedWeights(config).values()].reduce((n, shape) => n + elementCount(shape), 0);
  const int8 = { error: description.error, calibration: description.calibration, products16: int16.length };
  return { ...converted("int8", config, parameters), int8 };
}

const inInt8Already = (model: string): PlumbError =>
  new PlumbError(`${model} is stored in 8 bits already and cannot be converted again`, {
    hint: "Give the model that it was converted from.",
  });

const converted = (
  dtype: string,
  { architecture, layers, vocabSize, maxPositions }: ModelConfig,
  parameters: number,
): Converted => ({ dtype, architecture, parameters, layers, vocabSize, maxPositions });

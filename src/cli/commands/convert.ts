import { existsSync, readdirSync, statSync } from "node:fs";
import { z } from "zod";
import { parseByteSize } from "../../base/byte-size.js";
import { PlumbError } from "../../base/errors.js";
import { formatCount } from "../../base/format.js";
import { usageError } from "../../base/usage-error.js";
import type { ModelConfig } from "../../model/config.js";
import { exportMerged } from "../../model/export.js";
import { describeInt8 } from "../../model/int8/stored.js";
import { openPeftAdapter } from "../../model/load/index.js";
import { parameterCount } from "../../model/network.js";
import { saveInt8 } from "../../model/save-int8.js";
import { expectedWeights } from "../../model/weight-names.js";
import { beyondLimits, describeError, rounding, withinLimits } from "../../open/base-precision.js";
import { textsOfFiles } from "../../open/calibration-texts.js";
import { adapterSetting, baseSettings, modelSetting } from "../../open/model-settings.js";
import {
  createRuntime,
  mergeAdapter,
  openBaseModel,
  openNetwork,
  tokenizerOf,
} from "../../open/open-network.js";
import { type CommandContext, defineCommand } from "../command.js";

const schema = z.object({
  model: modelSetting,
  adapter: adapterSetting,
  out: z.string().min(1).describe("the folder to write; it must not hold anything yet"),
  dtype: z.enum(["f32", "bf16", "f16"]).default("f32").describe("type of the weights written"),
  quantize: z
    .enum(["int8"])
    .optional()
    .describe("write the products' weights and the embedding in 8 bits, for Plumbline alone"),
  data: z
    .array(z.string().min(1))
    .default([])
    .describe("text to calibrate 8 bits on, dataset files of any format; default: what the model samples"),
  limit: z.number().int().positive().default(256).describe("only the first rows of each of them"),
  baseError: baseSettings.baseError,
  maxShardSize: z
    .string()
    .default("5GB")
    .describe(
      "most bytes of weights in one file, such as 500MB or 2GiB; a larger model is written as shards",
    ),
});

type Config = z.output<typeof schema>;

const DTYPES = { f32: "F32", bf16: "BF16", f16: "F16" } as const;

export default defineCommand({
  description:
    "Saves a model as a Hugging Face folder that transformers, vLLM and Plumbline open: a GGUF file with its weights " +
    "dequantised and its tokenizer, or a model with adapters folded into it; a reward model as one for sequence " +
    "classification. The folder appears whole or not at all.\n\n" +
    "With --quantize int8 the folder takes about a quarter of the bytes. It is calibrated on --data, or on text that the " +
    "model samples, its error is measured on other text, and nothing is written where that is more than --base-error. " +
    "Every command opens such a folder; adapters are trained on it with sft, reward and ppo. Give the original model to " +
    "train all weights.",
  examples: [
    {
      command: "plumb convert --model model.gguf --out model",
      does: "a GGUF file as a folder of safetensors",
    },
    {
      command: "plumb convert --model DIR --adapter runs/ppo/policy --out tuned --dtype bf16",
      does: "a model with its adapter merged, at half the size",
    },
    {
      command: "plumb convert --model model.gguf --quantize int8 --data pairs.jsonl --out model-int8",
      does: "in 8 bits, calibrated on the text that it will see",
    },
  ],
  schema,
  async run(context, config) {
    const { out, quantize, dtype, data } = config;
    if (quantize && dtype !== "f32") throw usageError("give either --quantize or --dtype");
    if (!quantize && data.length > 0) throw usageError("--data is for --quantize int8");
    const maxShardBytes = parseByteSize(config.maxShardSize);
    if (existsSync(out) && (!statSync(out).isDirectory() || readdirSync(out).length > 0)) {
      throw new PlumbError(`${out} is there already`, {
        hint: "Give --out another name, or remove it first.",
      });
    }
    await (quantize ? convertToInt8 : convertFloats)(context, config, maxShardBytes);
  },
});

async function convertFloats(
  { ui, signal }: CommandContext,
  { model, adapter, out, dtype }: Config,
  maxShardBytes: number,
): Promise<void> {
  const { network, config, tokenizer, int8 } = await openNetwork(createRuntime(), model, adapter, {
    head: "any",
  });
  if (int8) throw inInt8Already(model);
  if (tokenizer === undefined) ui.warn(`${model} has no tokenizer; the folder will have none`);
  const reward = network.trainable.byName.has("score.weight") || config.head === "score";
  if (reward) ui.info("a reward model, for sequence classification; its scores are not normalised");
  signal.throwIfAborted();
  await exportMerged(out, network, tokenizer, DTYPES[dtype], maxShardBytes);
  await ui.result(...written(out, dtype, config, parameterCount(network).frozen));
}

async function convertToInt8(
  { ui, signal }: CommandContext,
  { model, adapter, out, data, limit, baseError }: Config,
  maxShardBytes: number,
): Promise<void> {
  const runtime = createRuntime();
  for (const dir of adapter) await refuseHead(dir);
  const opened = await openBaseModel(runtime, model, adapter.slice(0, -1), { head: "any" });
  if (opened.int8) throw inInt8Already(model);
  const { config, tokenizer, padId, source } = opened;
  const last = adapter.at(-1);
  const weights =
    last === undefined ? opened.base : await mergeAdapter(runtime, config, opened.base, last, true);
  if (tokenizer === undefined) ui.warn(`${model} has no tokenizer; the folder will have none`);
  const texts = async () => (data.length > 0 ? textsOfFiles(data, tokenizerOf(opened), limit) : []);
  const parts = { config, weights, padId, source, ...(tokenizer && { tokenizer }) };
  const rounded = await rounding(runtime, parts, texts, { limit: baseError, use: "storage" }, ui);
  const { error, fine } = rounded;
  const limits = { limit: baseError, cosine: true };
  if (!withinLimits(error, limits)) throw beyondLimits(error, limits, "Raise --base-error, or give --data.");
  ui.info(`base in 8 bits: ${describeError(error)}; ${fine.length} products with 16-bit activations`);
  signal.throwIfAborted();
  const description = describeInt8(rounded, rounded.source, baseError);
  await saveInt8(out, config, rounded.weights, description, tokenizer, maxShardBytes);
  const parameters = [...expectedWeights(config).values()].reduce((n, shape) => n + sizeOf(shape), 0);
  const [result, text] = written(out, "int8", config, parameters);
  const int8 = { error: description.error, calibration: description.calibration, products16: fine.length };
  await ui.result({ ...result, int8 }, text);
}

/** @throws PlumbError where an adapter has a scalar head, which folding it in would lose. */
async function refuseHead(dir: string): Promise<void> {
  const { weights } = await openPeftAdapter(dir);
  const head = weights.has("score.weight");
  await weights.close();
  if (!head) return;
  throw new PlumbError(`${dir} is the adapter of a reward model`, {
    hint: "Convert it without --quantize first, then that folder with --quantize int8.",
  });
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

const inInt8Already = (model: string): PlumbError =>
  new PlumbError(`${model} is stored in 8 bits already, which is not converted again`, {
    hint: "Give the model that it was converted from.",
  });

function written(
  out: string,
  dtype: string,
  { architecture, layers, vocabSize, maxPositions }: ModelConfig,
  parameters: number,
): [result: object, text: () => string] {
  return [
    { out, dtype, architecture, parameters, layers, vocabSize, maxPositions },
    () =>
      `wrote ${out}: ${architecture}, ${layers} layers, ${formatCount(parameters)} parameters in ${dtype}`,
  ];
}

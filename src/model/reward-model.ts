/**
 * Reward models as folders: `reward.json` next to a PEFT adapter with its head (over the base that reward.json names),
 * or next to a whole Hugging Face model for sequence classification. Such a model without reward.json is a reward model
 * too.
 */
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { isAbsolute, join, relative, resolve } from "node:path";
import { z } from "zod";
import { writeFolderAtomically } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import type { Notices } from "../base/host.js";
import type { Runtime } from "../runtime/runtime.js";
import {
  type AfterTurn,
  afterTurn,
  DEFAULT_TEMPLATE_DATE,
  type Tokenizer,
  withChatSettings,
} from "../text/index.js";
import type { ModelConfig } from "./config.js";
import { frozenNetwork } from "./create.js";
import { exportMerged } from "./export.js";
import { openSafetensors } from "./formats/safetensors.js";
import { quantizeBase } from "./int8/build.js";
import { isInt8 } from "./int8/gradients.js";
import type { StoredInt8 } from "./int8/stored.js";
import { adaptersTokenizer, type ModelFiles, openModel, readAdapterConfig } from "./load/index.js";
import { flatParameters, type Network, type Weights } from "./network.js";
import { adapterNetwork } from "./read-adapter.js";
import { readModelWeights } from "./read-weights.js";
import { NetworkRunner } from "./runner.js";
import { type AdapterTensors, adapterTensors, saveAdapter } from "./stack-adapters.js";

const FORMAT = 1;
const HEAD = "score.weight";
/** File of the head if config.json describes a language model. */
const HEAD_FILE = "score.safetensors";
/** Limits of the text: more than any base is calibrated on. */
const MAX_ROWS = 1024;
const MAX_ROW = 65_536; // characters

const rewardFileSchema = z.object({
  format: z.literal(FORMAT).describe("Version of this file."),
  kind: z.enum(["adapter", "full"]).describe("An adapter over `base`, or a whole model in this folder."),
  base: z.string().min(1).describe("The base model; a relative path starts from this folder."),
  mean: z.number().describe("Mean of the raw rewards of reference samples."),
  std: z.number().positive().describe("Standard deviation of these; rewards are (raw - mean) / std."),
  maxLength: z.number().int().positive().describe("Tokens it was trained to read, from the end."),
  chat: z
    .object({ variables: z.record(z.string(), z.json()), date: z.iso.date() })
    .optional()
    .describe("What the base's chat template was told in training."),
  int8: z
    .object({
      limit: z.number().positive(),
      rows: z
        .array(
          z
            .string()
            .max(MAX_ROW)
            .regex(/^\d+( \d+)*$/),
        )
        .min(1)
        .max(MAX_ROWS)
        .transform((rows) => rows.map((row) => row.split(" ").map(Number))),
    })
    .optional()
    .describe(
      "How to quantise the base to 8 bits as in training: largest KL per token, and text as token ids.",
    ),
});

/** Parameters with which the same 8-bit base of a model can be made again. */
export interface Int8Recipe {
  /** Largest KL per token. */
  limit: number;
  /** Token ids of the text it was calibrated on. */
  rows: readonly (readonly number[])[];
}

/** The normalisation of raw scores to rewards, and the length of the texts in training. */
export interface RewardScale {
  mean: number;
  std: number;
  maxLength: number;
}

/** What is saved with a reward model, so that it can be opened by its folder alone. */
export interface SavedReward extends RewardScale {
  /** The base model, as the user gave it. */
  base: string;
  /** Saved with a whole model. */
  tokenizer?: Tokenizer;
  /** Saved with an adapter: one that came with an earlier adapter, and not with the base. */
  broughtTokenizer?: Tokenizer | undefined;
  /** The adapter to save instead of the network's own, if that is stacked on earlier ones. */
  adapter?: AdapterTensors;
  /** How its base was quantised, if it was in 8 bits during training. */
  int8?: Int8Recipe | undefined;
}

/** A model in memory that several networks use as their base. */
export interface SharedBase {
  config: ModelConfig;
  weights: Weights;
  tokenizer?: Tokenizer;
  /** Description of the weights, if they are stored in 8 bits. */
  int8?: StoredInt8;
  /** What of its files was left out, or guessed, in words. */
  leftOut?: string;
  guessed?: string;
}

/** Reads an opened model into memory. */
export async function sharedBase(runtime: Runtime, files: ModelFiles): Promise<SharedBase> {
  const { config, tokenizer, int8, leftOut, guessed } = files;
  const weights = await readModelWeights(runtime, files);
  return {
    ...{ config, weights },
    ...(tokenizer && { tokenizer }),
    ...(int8 && { int8: int8.description }),
    ...(leftOut !== undefined && { leftOut }),
    ...(guessed !== undefined && { guessed }),
  };
}

/**
 * Quantises the language model under a reward model's adapter to 8 bits, or returns it unchanged.
 *
 * @param source the model as the user gave it.
 * @param trained how the base was quantised in training, if it was in 8 bits.
 */
export type ChooseBase = (
  base: SharedBase,
  source: string,
  trained: Int8Recipe | undefined,
) => Promise<Weights>;

/** A network whose head scores texts, with the scale that turns its scores into rewards. */
export interface RewardModel extends RewardScale {
  /**
   * What its author's pipeline has after the token that ends an answer, up to where the score is read: a model from
   * elsewhere reads the whole text of its chat template. Ours are read where a sampled response ends.
   */
  after?: AfterTurn | undefined;
  runner: NetworkRunner;
  config: ModelConfig;
  tokenizer: Tokenizer;
}

/** The tokens of an answered conversation up to where the reward model is read; they end with the answer's last. */
export const readThrough = (
  { after }: Pick<RewardModel, "after">,
  ids: readonly number[],
): readonly number[] => (after !== undefined && ids.at(-1) === after.id ? [...ids, ...after.ids] : ids);

/** Key of a model in memory: the same for different paths to one model. */
export const baseKey = (source: string): string => (source.startsWith("hf:") ? source : resolve(source));

/** Saves a trained reward model; the folder appears whole or not at all. */
export async function saveRewardModel(dir: string, network: Network, saved: SavedReward): Promise<void> {
  const { base, mean, std, maxLength, tokenizer, int8 } = saved;
  const { variables = {}, date = DEFAULT_TEMPLATE_DATE } = tokenizer?.chat ?? {};
  const isTold = Object.keys(variables).length > 0 || date !== DEFAULT_TEMPLATE_DATE;
  const chat = isTold ? { chat: { variables, date } } : {};
  const portable = base.startsWith("hf:") || isAbsolute(base) ? base : relative(resolve(dir), resolve(base));
  const kind = network.lora ? "adapter" : "full";
  const file = {
    format: FORMAT,
    kind,
    base: portable,
    mean,
    std,
    maxLength,
    ...chat,
    ...(int8 && { int8 }),
  } as const;
  await writeFolderAtomically(dir, async (tmp) => {
    if (network.lora) {
      const tensors = saved.adapter ?? (await adapterTensors(network));
      await saveAdapter(tmp, tensors, base, saved.broughtTokenizer?.files);
    } else {
      if (!network.trainable.byName.has(HEAD)) throw new Error("a reward model without a head");
      await exportMerged(tmp, network, tokenizer);
    }
    await writeFile(join(tmp, "reward.json"), `${JSON.stringify(file, oneLineRows, 2)}\n`);
  });
}

/** Writes each row of token ids on one line, instead of one line per id. */
const oneLineRows = (key: string, value: unknown): unknown =>
  key === "rows" ? (value as number[][]).map((row) => row.join(" ")) : value;

/** How a reward model is opened; every option may be left out. */
export interface RewardOptions {
  /** Models already in memory, by `baseKey`; one that is opened is added. */
  shared?: Map<string, SharedBase> | undefined;
  /** Default: an adapter that was trained on a base in 8 bits gets the same base. */
  choose?: ChooseBase | undefined;
  /** The base of an adapter, instead of the one that its folder names. */
  model?: string | undefined;
  /** Told what of an adapter is not used. */
  notices?: Pick<Notices, "warn"> | undefined;
}

/**
 * Opens a reward model.
 *
 * @param dir a folder that `saveRewardModel` wrote; or, with scores that are used as they are (mean 0, standard
 * deviation 1), a model for sequence classification with one label, which may be on the hub, or the adapter of one, as
 * TRL's RewardTrainer saves it.
 * @throws PlumbError if a file is missing, invalid, or does not match the others.
 */
export async function openRewardModel(
  runtime: Runtime,
  dir: string,
  { shared = new Map(), choose = asTrainedOn(runtime), model, notices }: RewardOptions = {},
): Promise<RewardModel> {
  const file = await readRewardFile(dir);
  const { kind, source } = await sourceOf(dir, file, model);
  const opened = shared.get(baseKey(source)) ?? (await openBase(runtime, source, kind));
  shared.set(baseKey(source), opened);
  const { config } = opened;
  const weights = await choose(opened, source, file?.int8);
  if (kind === "full") checkHead(config, source);
  const network =
    kind === "adapter"
      ? await adapterNetwork(runtime, config, weights, dir, notices)
      : config.head === "score"
        ? frozenNetwork(runtime, config, weights)
        : await withHead(runtime, config, weights, dir);
  if (!network.trainable.byName.has(HEAD) && !network.frozen.has(HEAD)) {
    throw new PlumbError(`${dir}: the adapter has no score head, so it is not a reward model`);
  }
  const { config: adapted } = network;
  const own = await adaptersTokenizer(opened.tokenizer, kind === "adapter" ? [dir] : [], adapted, notices);
  if (!own) throw new PlumbError(`${source} has no tokenizer, so nothing can be scored with ${dir}`);
  const tokenizer = file?.chat ? withChatSettings(own, file.chat, dir) : own;
  const { mean, std, maxLength } = file ?? { mean: 0, std: 1, maxLength: config.maxPositions };
  const after = file === undefined && tokenizer.chatTemplate !== undefined ? afterTurn(tokenizer) : undefined;
  return {
    runner: new NetworkRunner(runtime, network),
    mean,
    std,
    maxLength,
    config: adapted,
    tokenizer,
    after,
  };
}

const asTrainedOn =
  (runtime: Runtime): ChooseBase =>
  (base, _source, trained) =>
    asTrained(runtime, base, trained);

/**
 * What a folder of a reward model is, and the model that it is or is trained on. @throws PlumbError if none is named.
 */
async function sourceOf(
  dir: string,
  file: z.infer<typeof rewardFileSchema> | undefined,
  model: string | undefined,
): Promise<{ kind: "adapter" | "full"; source: string }> {
  const whole = file ? file.kind === "full" : dir.startsWith("hf:") || existsSync(join(dir, "config.json"));
  if (whole) return { kind: "full", source: dir };
  if (model !== undefined) return { kind: "adapter", source: model };
  if (file) {
    const { base } = file;
    return { kind: "adapter", source: base.startsWith("hf:") || isAbsolute(base) ? base : join(dir, base) };
  }
  const { base_model_name_or_path: base, revision } = (await readAdapterConfig(dir)).config;
  const found = base && [join(dir, base), base].find((path) => existsSync(path));
  if (found) return { kind: "adapter", source: found };
  if (base && /^[\w.-]+\/[\w.-]+$/.test(base))
    return { kind: "adapter", source: `hf:${base}${revision ? `@${revision}` : ""}` };
  const named = base ? `names the base ${JSON.stringify(base)}, which is not here` : "names no base";
  throw new PlumbError(`${dir} is the adapter of a reward model and ${named}`, {
    hint: 'Give its base as --model, or write its path as "base_model_name_or_path" into adapter_config.json.',
  });
}

/**
 * The base that an adapter was trained on: quantised to 8 bits if it was then and is not yet.
 *
 * @throws PlumbError if the text for calibration has tokens that this model lacks.
 */
export async function asTrained(
  runtime: Runtime,
  { config, weights }: SharedBase,
  trained: Int8Recipe | undefined,
): Promise<Weights> {
  if (!trained || isInt8(weights)) return weights;
  const stranger = trained.rows.flat().find((id) => id >= config.vocabSize);
  if (stranger !== undefined) {
    throw new PlumbError(
      `reward.json names the token ${stranger}, but its base model has only ${config.vocabSize}`,
      { hint: "The reward model belongs to another base model." },
    );
  }
  return (
    await quantizeBase(runtime, config, weights, trained.rows, { limit: trained.limit, use: "inference" })
  ).weights;
}

async function openBase(runtime: Runtime, source: string, kind: "adapter" | "full"): Promise<SharedBase> {
  const files = await openModel(source, "any");
  try {
    if (kind === "full") checkHead(files.config, source);
    return await sharedBase(runtime, files);
  } finally {
    await files.close();
  }
}

/** @throws PlumbError if a whole model has no scalar head. */
function checkHead(config: ModelConfig, source: string): void {
  if (config.head === "score" || existsSync(join(source, HEAD_FILE))) return;
  throw new PlumbError(`${source} is not a reward model: it has no reward.json, and is a language model`, {
    hint: "Give the folder that `plumb reward` wrote, or a model for sequence classification with one label.",
  });
}

/** Adds the head of an old folder, in which heads were not saved with the other weights. */
async function withHead(runtime: Runtime, config: ModelConfig, base: Weights, dir: string): Promise<Network> {
  const path = join(dir, HEAD_FILE);
  const file = await openSafetensors(path);
  try {
    const expected = [1, config.hiddenSize];
    if (!file.has(HEAD) || file.shape(HEAD).join() !== expected.join()) {
      throw new PlumbError(`${path}: expected ${HEAD} of shape [${expected.join(", ")}]`);
    }
    const head = runtime.adopt("f32", expected, await file.read(HEAD), HEAD);
    return { config, frozen: new Map([...base, [HEAD, head]]), trainable: flatParameters(runtime, []) };
  } finally {
    await file.close();
  }
}

/**
 * Reads reward.json; undefined for a whole model or a PEFT adapter without one. @throws PlumbError if it is missing
 * otherwise, or invalid.
 */
async function readRewardFile(dir: string): Promise<z.infer<typeof rewardFileSchema> | undefined> {
  const path = join(dir, "reward.json");
  const elsewhere = ["config.json", "adapter_config.json"].some((name) => existsSync(join(dir, name)));
  if (dir.startsWith("hf:") || (!existsSync(path) && elsewhere)) return undefined;
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new PlumbError(`${dir} is not a reward model: it has no reward.json`, {
      hint: "Give the folder that `plumb reward` wrote, such as runs/reward/model.",
      cause: error,
    });
  }
  try {
    return rewardFileSchema.parse(JSON.parse(text));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const why = issue ? `"${issue.path.join(".")}": ${issue.message}` : (error as Error).message;
    throw new PlumbError(`${path} is not valid: ${why}`, { cause: error });
  }
}

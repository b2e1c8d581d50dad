/** The base that a command uses: the weights as they are stored, or rounded to 8 bits. */
import { PlumbError } from "../base/errors.js";
import { formatNumber } from "../base/format.js";
import type { Notices } from "../base/host.js";
import { sampledTexts } from "../generate/index.js";
import type { ModelConfig } from "../model/config.js";
import { type BaseUse, calibrationTokens, quantizeBase } from "../model/int8/build.js";
import { withGradients } from "../model/int8/gradients.js";
import { int8Support } from "../model/int8/processor.js";
import type { QuantizedBase } from "../model/int8/quantized-base.js";
import type { StoredInt8 } from "../model/int8/stored.js";
import type { Weights } from "../model/network.js";
import { asTrained, type ChooseBase, type Int8Recipe, type SharedBase } from "../model/reward-model.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { networkOf, type OpenedModel, type OpenedNetwork } from "./open-network.js";

/** Least cosine between the gradients of an adapter on the exact and on the rounded base. */
export const MIN_COSINE = 0.98;

/**
 * The precision of the frozen base, and how far one in 8 bits may be off: `baseError` is the largest KL divergence
 * per token, in nats.
 */
export interface BaseSettings {
  /** Undefined: as the weights are stored. */
  base?: "f32" | "int8" | "auto" | undefined;
  baseError: number;
}

/** A model whose weights may be rounded. */
interface RoundableBase {
  config: ModelConfig;
  weights: Weights;
  tokenizer?: Tokenizer;
  padId: number;
  source: string;
  /** How the weights are stored in 8 bits, if they are. */
  int8?: StoredInt8 | undefined;
}

/** The base in the run's result. */
export interface BaseReport {
  kind: "f32" | "int8";
  /** Figures of the 8-bit base, also if it was measured and not used. */
  int8?: QuantizedBase["error"] & { products16: number };
}

interface ChosenWeights {
  weights: Weights;
  report: BaseReport;
  /** How to make the same 8-bit base from the same model again. */
  recipe?: Int8Recipe;
}

/** Token ids to calibrate on; empty if there is no text. */
export type Texts = () => Promise<readonly (readonly number[])[]>;

/**
 * The weights that the settings ask for, made from a model's. Without text to calibrate on, the model samples its own.
 *
 * @throws PlumbError if 8 bits were asked for and exceed the limit, or f32 was asked for of a model stored in 8 bits.
 */
export async function chosenWeights(
  runtime: Runtime,
  model: RoundableBase,
  { base: kind, baseError }: BaseSettings,
  use: Exclude<BaseUse, "storage">,
  texts: Texts,
  notices: Notices,
): Promise<ChosenWeights> {
  if (model.int8) return storedWeights(runtime, model, model.int8, kind, use, notices);
  const exact: ChosenWeights = { weights: model.weights, report: { kind: "f32" } };
  if (kind === undefined || kind === "f32") return exact;
  const { fit, found } = await int8Support(runtime);
  if (!fit && kind === "auto") {
    notices.info(`base in f32: this processor is not made for products of 8 bits (${found})`);
    return exact;
  }
  if (!fit) notices.warn(`this processor is not made for products of 8 bits (${found}): slow, perhaps wrong`);
  const given = await texts();
  if (kind === "auto" && !hasText(given) && !canSample(model.config)) {
    notices.info("base in f32: there is no text to calibrate 8 bits on, and the model cannot sample any");
    return exact;
  }
  const limits = { limit: baseError, cosine: use === "training" };
  const rounded = await rounding(runtime, model, async () => given, { limit: baseError, use }, notices);
  const { weights, error, int16, rows } = rounded;
  const int8 = { ...error, products16: int16.length };
  const figures = describeError(error);
  if (withinLimits(error, limits)) {
    notices.info(`base in 8 bits: ${figures}; ${int16.length} products with 16-bit activations`);
    return { weights, report: { kind: "int8", int8 }, recipe: { limit: baseError, rows } };
  }
  if (kind === "int8") throw beyondLimits(error, limits, "Take --base f32 or auto, or raise --base-error.");
  notices.info(`base in f32: in 8 bits it would have ${figures}; ${describeLimits(limits)}`);
  return { ...exact, report: { kind: "f32", int8 } };
}

/** The network of an inference command over the base that its settings ask for. */
export async function chosenNetwork(
  runtime: Runtime,
  opened: OpenedModel,
  settings: BaseSettings,
  texts: Texts,
  notices: Notices,
): Promise<OpenedNetwork> {
  const model = { ...opened, weights: opened.base };
  const { weights: base } = await chosenWeights(runtime, model, settings, "inference", texts, notices);
  return networkOf(runtime, { ...opened, base });
}

/**
 * The base of a reward model's adapter: the same 8-bit base that it was trained on, unless f32 is asked for; otherwise
 * what the settings ask for.
 *
 * @param texts texts to calibrate a base on that is rounded to 8 bits.
 */
export const rewardBase =
  (
    runtime: Runtime,
    settings: BaseSettings,
    texts: (base: SharedBase) => Texts,
    notices: Notices,
  ): ChooseBase =>
  async (base, source, trained) => {
    if (trained && !base.int8 && settings.base !== "f32") {
      notices.info("rounding the base to the 8 bits that the reward model was trained on ...");
      return asTrained(runtime, base, trained);
    }
    const model = { ...base, source, padId: base.tokenizer?.padId ?? base.config.padId ?? 0 };
    return (await chosenWeights(runtime, model, settings, "inference", texts(base), notices)).weights;
  };

/**
 * For commands with several networks: networks that share a base also share its 8-bit form, which is made only once.
 */
export function oneChoice(runtime: Runtime, settings: BaseSettings, notices: Notices) {
  const made = new Map<Weights, Promise<Weights>>();
  const once = (base: Weights, make: () => Promise<Weights>): Promise<Weights> => {
    const found = made.get(base) ?? make();
    made.set(base, found);
    return found;
  };
  return {
    network: async (opened: OpenedModel, texts: Texts): Promise<OpenedNetwork> => {
      const model = { ...opened, weights: opened.base };
      const base = await once(opened.base, async () => {
        const { weights } = await chosenWeights(runtime, model, settings, "inference", texts, notices);
        return weights;
      });
      return networkOf(runtime, { ...opened, base });
    },
    rewardBase: (texts: (base: SharedBase) => Texts): ChooseBase => {
      const choose = rewardBase(runtime, settings, texts, notices);
      return (base, source, trained) =>
        trained && !base.int8 && settings.base !== "f32"
          ? choose(base, source, trained)
          : once(base.weights, () => choose(base, source, undefined));
    },
  };
}

/** Rounds a base to 8 bits, calibrated on the texts given or, without any, on texts that the model samples. */
export async function rounding(
  runtime: Runtime,
  model: RoundableBase,
  texts: Texts,
  options: { limit: number; use: BaseUse },
  notices: Notices,
): Promise<QuantizedBase & { source: "data" | "samples" }> {
  const { config, weights } = model;
  const given = await texts();
  const source = hasText(given) ? "data" : "samples";
  notices.info(
    source === "data"
      ? "rounding the base to 8 bits and measuring the error ..."
      : "rounding the base to 8 bits on text that it samples itself, and measuring the error ...",
  );
  const rows = source === "data" ? given : await ownTexts(runtime, model);
  return { ...(await quantizeBase(runtime, config, weights, rows, options)), source };
}

const hasText = (texts: readonly (readonly number[])[]): boolean => texts.some((ids) => ids.length > 0);

const canSample = (config: ModelConfig): boolean => config.head !== "score";

/** Texts sampled by the model, for when no others are given. */
function ownTexts(runtime: Runtime, model: RoundableBase): Promise<number[][]> {
  const { config, weights, tokenizer, padId } = model;
  if (config.head === "score") {
    throw new PlumbError(`${model.source} has a scalar head, so it cannot sample text to calibrate on`, {
      hint: "Give text: --data FILE, or an --input that is a file.",
    });
  }
  return sampledTexts(runtime, config, weights, tokenizer?.eosId ?? padId, calibrationTokens(config));
}

async function storedWeights(
  runtime: Runtime,
  { config, weights, source }: RoundableBase,
  stored: StoredInt8,
  kind: BaseSettings["base"],
  use: "inference" | "training",
  notices: Notices,
): Promise<ChosenWeights> {
  if (kind === "f32") {
    throw new PlumbError(`${source} is stored in 8 bits, so its base cannot be in f32`, {
      hint: "Give the model that it was converted from, or leave --base out.",
    });
  }
  const { fit, found } = await int8Support(runtime);
  if (!fit) notices.warn(`this processor is not made for products of 8 bits (${found}): slow, perhaps wrong`);
  const {
    tokens,
    kl_per_token: klPerToken,
    same_top: sameTop,
    gradient_cosine: gradientCosine,
  } = stored.error;
  const error = { tokens, klPerToken, sameTop, gradientCosine };
  const products16 = stored.activations_16_bit.length;
  return {
    weights: use === "training" ? await withGradients(runtime, config, weights) : weights,
    report: { kind: "int8", int8: { ...error, products16 } },
  };
}

interface Limits {
  /** Most KL per token. */
  limit: number;
  /** Whether the gradient cosine is limited too. */
  cosine: boolean;
}

export const withinLimits = (
  { klPerToken, gradientCosine = 1 }: QuantizedBase["error"],
  limits: Limits,
): boolean => klPerToken <= limits.limit && (!limits.cosine || gradientCosine >= MIN_COSINE);

export const describeError = ({ klPerToken, gradientCosine }: QuantizedBase["error"]): string =>
  `KL ${formatNumber(klPerToken)} nats per token${gradientCosine === undefined ? "" : `, gradient cosine ${formatNumber(gradientCosine)}`}`;

const describeLimits = ({ limit, cosine }: Limits): string =>
  cosine ? `at most ${limit} and at least ${MIN_COSINE} are required` : `at most ${limit} is required`;

export const beyondLimits = (error: QuantizedBase["error"], limits: Limits, hint: string): PlumbError =>
  new PlumbError(`the base in 8 bits would have ${describeError(error)}; ${describeLimits(limits)}`, {
    hint,
  });

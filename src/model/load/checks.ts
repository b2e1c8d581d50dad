/** Checks of a model before it is used, whatever file it came from. */
import { PlumbError } from "../../base/errors.js";
import type { Tokenizer } from "../../text/tokenizer.js";
import { MAX_LAYERS, type ModelConfig, modelConfigSchema } from "../config.js";
import type { WeightSource } from "../formats/weights.js";
import { expectedWeights } from "../weight-names.js";

/** @throws PlumbError, which names the field, if one is out of range. */
export function checkedConfig(config: ModelConfig, source: string): ModelConfig {
  const parsed = modelConfigSchema.safeParse(config);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new PlumbError(`${source}: the model's ${issue.path.join(".")} is not valid: ${issue.message}.`);
  }
  const { layers, headDim, heads, kvHeads, ropeTheta, rotaryDim = headDim } = parsed.data;
  if (layers > MAX_LAYERS)
    throw new PlumbError(`${source}: the model has ${layers} layers; at most ${MAX_LAYERS} are supported.`);
  if (ropeTheta !== undefined && (rotaryDim % 2 !== 0 || rotaryDim > headDim)) {
    throw new PlumbError(
      `${source}: the heads' size is ${headDim}, of which ${rotaryDim} are rotated; rotary embeddings need an even number.`,
    );
  }
  if (heads % kvHeads !== 0) {
    throw new PlumbError(
      `${source}: ${heads} query heads cannot share ${kvHeads} key heads; expected a multiple.`,
    );
  }
  const { experts } = parsed.data;
  if (experts !== undefined && experts.chosen > experts.count) {
    throw new PlumbError(
      `${source}: ${experts.chosen} experts cannot be chosen of the ${experts.count} that each layer has.`,
    );
  }
  return parsed.data;
}

/** @throws PlumbError, which names the first weight that is missing or whose shape differs from the configuration's. */
export function checkWeights(
  config: ModelConfig,
  weights: Pick<WeightSource, "has" | "shape">,
  source: string,
): void {
  for (const [name, expected] of expectedWeights(config)) {
    if (!weights.has(name)) {
      throw new PlumbError(`${source}: the weight ${name} is missing.`, {
        hint: `Expected one of shape [${expected.join(", ")}]; the file may be incomplete or of another architecture.`,
      });
    }
    const shape = weights.shape(name);
    if (shape.length !== expected.length || shape.some((size, i) => size !== expected[i])) {
      throw new PlumbError(
        `${source}: the weight ${name} has the shape [${shape.join(", ")}]; the configuration says [${expected.join(", ")}].`,
      );
    }
  }
}

/**
 * Checks the ids of a tokenizer and a configuration against a model's rows. Tokens without a row are refused in texts
 * (`withinRows`), which few files have; special ones that a configuration names, at once.
 *
 * @param addedTokens whether tokens may be without a row as yet.
 * @throws PlumbError if the configuration has ids for which the model has no row, or most tokens have none.
 */
export function checkTokenizer(
  config: ModelConfig,
  tokenizer: Tokenizer | undefined,
  source: string,
  addedTokens = false,
): void {
  const ids = tokenizer?.vocabSize ?? 0;
  if (tokenizer !== undefined && ids > 2 * config.vocabSize) {
    throw new PlumbError(
      `${source}: the tokenizer has ids up to ${tokenizer.vocabSize - 1} (vocabulary ${tokenizer.vocabSize}), but the model has only ${config.vocabSize} rows.`,
      { hint: "The tokenizer belongs to another model." },
    );
  }
  const wrong = [...config.eosIds, config.bosId ?? 0, config.padId ?? 0].find((id) => id >= config.vocabSize);
  if (wrong === undefined || (addedTokens && wrong < ids)) return;
  throw new PlumbError(
    `${source}: the configuration names the token ${wrong}, but the model has only ${config.vocabSize} rows.`,
    wrong < ids ? { hint: ADD_ROWS } : {},
  );
}

const ADD_ROWS =
  "The token was added to the tokenizer and never to the model: plumb convert --resize adds its row.";

/**
 * A tokenizer for a model that has fewer rows than the tokenizer has ids: a text with one of the tokens that have no row
 * is refused, and padding is a token that has one.
 */
export function withinRows(
  { vocabSize: rows }: ModelConfig,
  tokenizer: Tokenizer,
  source: string,
): Tokenizer {
  if (tokenizer.vocabSize <= rows) return tokenizer;
  const { eosId, bosId, padId, ...rest } = tokenizer;
  const has = (id: number | undefined): id is number => id !== undefined && id < rows;
  return {
    ...rest,
    ...(has(eosId) && { eosId }),
    ...(has(bosId) && { bosId }),
    padId: has(padId) ? padId : 0,
    encode(text, options) {
      const ids = tokenizer.encode(text, options);
      const beyond = ids.find((id) => id >= rows);
      if (beyond === undefined) return ids;
      throw new PlumbError(
        `${source}: the text has the token ${JSON.stringify(tokenizer.tokenOf(beyond))} (${beyond}), for which the model has no row: it has ${rows}`,
        { hint: `${ADD_ROWS} Or leave it out of the text.` },
      );
    },
  };
}

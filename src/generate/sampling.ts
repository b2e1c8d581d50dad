import { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { inGroup } from "../base/setting-groups.js";

const settings = inGroup("sampling", {
  maxNewTokens: z.number().int().positive().default(128).describe("Most tokens sampled for one prompt."),
  temperature: z
    .number()
    .min(0)
    .max(10)
    .default(1)
    .describe("Logits are divided by it; 0 takes the most likely token."),
  topK: z.number().int().min(0).default(0).describe("Only the k most likely tokens; 0: all."),
  topP: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe("Only the most likely tokens that together reach this probability."),
  minP: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe("Only tokens whose probability is at least this share of the highest."),
  repetitionPenalty: z
    .number()
    .positive()
    .default(1)
    .describe("Above 1, makes tokens that have occurred less likely (CTRL)."),
  stop: z
    .array(z.string().min(1))
    .max(16)
    .default([])
    .describe("Strings that end a completion; they are cut off."),
  seed: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .default(0)
    .describe("Determines every random draw."),
});
export const samplingSchema = z.object(settings);
/** How tokens are drawn, with the defaults filled in; `samplingSchema` says what each setting means and its range. */
export type SamplingConfig = z.infer<typeof samplingSchema>;

/** The model's own distribution, at any temperature: no filters, no penalty, no stop strings. */
export const UNFILTERED = { topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, stop: [] };

/** Whether the next token depends on more than temperature: its logits must then be filtered on the host. */
export const filtersLogits = (c: SamplingConfig): boolean =>
  c.topK > 0 || c.topP < 1 || c.minP > 0 || c.repetitionPenalty !== 1;

/**
 * Samples one token from logits on the host.
 *
 * Order: repetition penalty (Keskar et al. 2019: positive logits divided, negative multiplied), temperature, top-k,
 * top-p (Holtzman et al. 2020: the smallest set that reaches p), min-p (Nguyen et al. 2024). The log-probability
 * returned is that of the token after penalty and temperature, before the filters.
 *
 * @param logits [V], not changed. @param seen tokens in the prompt and completion so far. @param uniform in [0, 1).
 * @throws PlumbError if logits are not finite.
 */
export function sampleToken(
  logits: Float32Array,
  config: SamplingConfig,
  seen: ReadonlySet<number>,
  uniform: number,
): { token: number; logProb: number } {
  const { temperature, topK, topP, minP, repetitionPenalty } = config;
  const scale = temperature === 0 ? 1 : 1 / temperature;
  const scores = Float64Array.from(logits);
  if (repetitionPenalty !== 1) {
    for (const id of seen) scores[id] *= scores[id] > 0 ? 1 / repetitionPenalty : repetitionPenalty;
  }
  let best = 0;
  for (let i = 0; i < scores.length; i++) {
    scores[i] *= scale;
    if (scores[i] > scores[best]) best = i;
  }
  const top = scores[best];
  let normalizer = 0;
  for (const score of scores) normalizer += Math.exp(score - top);
  const logNormalizer = top + Math.log(normalizer);
  if (!Number.isFinite(logNormalizer)) {
    throw new PlumbError("the model's logits are not finite", { hint: "check its weights" });
  }
  if (temperature === 0) return { token: best, logProb: scores[best] - logNormalizer };

  let candidates = Array.from(scores, (_, i) => i);
  if (topK > 0 || topP < 1) {
    candidates.sort((a, b) => scores[b] - scores[a] || a - b);
    if (topK > 0) candidates = candidates.slice(0, topK);
    let mass = 0;
    const wanted = topP * candidates.reduce((sum, i) => sum + Math.exp(scores[i] - logNormalizer), 0);
    const enough = candidates.findIndex((i) => (mass += Math.exp(scores[i] - logNormalizer)) >= wanted);
    if (enough >= 0) candidates = candidates.slice(0, enough + 1);
  }
  if (minP > 0) candidates = candidates.filter((i) => scores[i] >= top + Math.log(minP));
  let left = uniform * candidates.reduce((sum, i) => sum + Math.exp(scores[i] - top), 0);
  let token = candidates[candidates.length - 1];
  for (const i of candidates) {
    left -= Math.exp(scores[i] - top);
    if (left < 0) {
      token = i;
      break;
    }
  }
  return { token, logProb: scores[token] - logNormalizer };
}

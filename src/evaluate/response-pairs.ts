/** Pairs of a policy's responses for people to compare. */
import { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { rowError } from "../base/location.js";
import { inGroup } from "../base/setting-groups.js";
import { loadPrompts } from "../data/load.js";
import type { Demonstration, PromptRow } from "../data/rows.js";
import { encodeDemonstration } from "../data/tokenize.js";
import { pairItems, type SampledPrompt } from "../feedback/exchange/pair-items.js";
import { samplingSchema } from "../generate/index.js";
import { openRewardModel, readThrough } from "../model/reward-model.js";
import type { WorkHost } from "../open/host.js";
import { adapterSetting, chatSettings, modelSetting } from "../open/model-settings.js";
import { type OpenedNetwork, openNetwork } from "../open/open-network.js";
import { rewardScores } from "../open/reward-scores.js";
import type { TaskItem } from "../votes/tasks/index.js";
import { sampleAnswers } from "./answers.js";

const path = z.string().min(1);
export const responsePairsSchema = z.object({
  model: modelSetting,
  adapter: adapterSetting,
  ...chatSettings,
  prompts: path.describe("dataset file with prompts"),
  pairsPerPrompt: z
    .number()
    .int()
    .min(1)
    .max(45)
    .default(1)
    .describe("pairs of different responses to each prompt"),
  elsewhere: z
    .number()
    .min(0)
    .max(1)
    .default(0)
    .describe(
      "share of the pairs in which one side is a response to another prompt: a reward model that never saw such answers " +
        "compared may prefer them to a refusal",
    ),
  hotTemperature: z
    .number()
    .positive()
    .max(10)
    .optional()
    .describe("the last response to each prompt is sampled at this temperature, to show rarer mistakes"),
  ...inGroup("files", {
    rewardModel: path
      .optional()
      .describe(
        "a reward model that scores the responses, for active selection; raters never see the scores",
      ),
    limit: z.number().int().positive().optional().describe("only the first prompts"),
  }),
  ...inGroup("memory", {
    batchSize: z.number().int().min(1).max(1024).default(32).describe("rows per forward pass"),
  }),
  ...samplingSchema.pick({ maxNewTokens: true, temperature: true, seed: true }).shape,
});
/** Settings of sampling pairs of responses with their defaults filled in. */
export type ResponsePairsConfig = z.output<typeof responsePairsSchema>;

/** Most rounds of sampling again after two responses to a prompt were equal. */
export const ROUNDS = 4;

/**
 * Items that compare different responses to each prompt. The same seed gives the same items.
 *
 * @returns missing: the number of wanted pairs for which the policy gave too few different responses.
 * @throws PlumbError at temperature 0, where all responses to a prompt are equal.
 */
export async function responsePairs(
  config: ResponsePairsConfig,
  host: WorkHost,
): Promise<{ items: TaskItem[]; prompts: number; missing: number }> {
  const { pairsPerPrompt, limit, seed, model, elsewhere } = config;
  if (config.temperature === 0)
    throw new PlumbError("at temperature 0 all responses to a prompt are equal", {
      hint: "Give a higher --temperature.",
    });
  const prompts = await loadPrompts(config.prompts, {
    warn: host.warn,
    ...(limit !== undefined && { limit }),
  });
  const offering = prompts.find(({ tools }) => tools !== undefined);
  if (offering !== undefined)
    throw rowError(
      offering.where,
      'field "tools": functions and calls cannot be shown to people who compare',
    );
  const { runtime } = host;
  const opened = await openNetwork(runtime, model, config.adapter, { chat: config, notices: host });
  const sampled = await distinctResponses(host, opened, prompts, config);
  if (config.rewardModel !== undefined) await addScores(host, config.rewardModel, sampled, config.batchSize);
  const items = pairItems(sampled, { pairsPerPrompt, seed, source: model, elsewhere });
  return { items, prompts: prompts.length, missing: pairsPerPrompt * prompts.length - items.length };
}

/** Different responses to each prompt, as many as its pairs need, or fewer if the model gives no more. */
async function distinctResponses(
  host: WorkHost,
  opened: OpenedNetwork,
  prompts: readonly PromptRow[],
  { pairsPerPrompt, maxNewTokens, temperature, hotTemperature, seed, batchSize }: ResponsePairsConfig,
): Promise<SampledPrompt[]> {
  const { runtime, signal } = host;
  const needed = Math.ceil((1 + Math.sqrt(1 + 8 * pairsPerPrompt)) / 2);
  const sampled = prompts.map(({ prompt }): SampledPrompt => ({ prompt, responses: [] }));
  for (let round = 0; round <= ROUNDS; round++) {
    const wanted = sampled.flatMap((one, i) => new Array<number>(needed - one.responses.length).fill(i));
    if (wanted.length === 0) break;
    const progress = host.progress({
      label: round === 0 ? "responses" : `again, ${round}`,
      total: wanted.length,
      unit: "responses",
    });
    // The last response that a prompt needs is the hotter one. Each sampling has its own seed, because the same draws
    // would give the same texts.
    const isLast = wanted.map((i, at) => wanted[at + 1] !== i);
    const parts =
      hotTemperature === undefined
        ? [{ at: [...wanted.keys()], temperature }]
        : [
            { at: [...wanted.keys()].filter((at) => !isLast[at]), temperature },
            { at: [...wanted.keys()].filter((at) => isLast[at]), temperature: hotTemperature },
          ];
    let done = 0;
    for (const [p, part] of parts.entries()) {
      const own = (seed + round + p * (ROUNDS + 1)) % 2 ** 32;
      const config = samplingSchema.parse({ maxNewTokens, temperature: part.temperature, seed: own });
      const asked = part.at.map((at) => prompts[wanted[at]]);
      const onProgress = (n: number) => progress.update(done + n);
      const sampling = { config, batchSize, signal, onProgress, warn: round === 0 ? host.warn : () => {} };
      const answers = await sampleAnswers(runtime, opened, asked, sampling);
      done += part.at.length;
      for (const [k, at] of part.at.entries()) {
        const { text } = answers[k];
        const { responses } = sampled[wanted[at]];
        if (text.trim() !== "" && !responses.some((other) => other.text === text)) responses.push({ text });
      }
    }
    progress.end();
  }
  return sampled;
}

async function addScores(
  host: WorkHost,
  path: string,
  sampled: readonly SampledPrompt[],
  batchSize: number,
): Promise<void> {
  const opened = await openRewardModel(host.runtime, path, { notices: host });
  const where = { file: "responses", unit: "row", number: 1 } as const;
  const responses = sampled.flatMap(({ prompt, responses }) =>
    responses.map((response) => ({ prompt, response })),
  );
  const texts = responses.map(({ prompt, response: { text } }) => {
    const row: Demonstration =
      typeof prompt === "string"
        ? { kind: "completion", prompt, completion: text, where }
        : { kind: "completion", prompt, completion: [{ role: "assistant", content: text }], where };
    return readThrough(opened, encodeDemonstration(opened.tokenizer, row).ids);
  });
  const scores = await rewardScores(opened, texts, batchSize);
  for (const [i, { response }] of responses.entries()) response.score = scores[i];
}

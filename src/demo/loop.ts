/**
 * The whole loop in the built-in world, from nothing to an evaluated policy: language model, supervised fine-tuning,
 * preferences of simulated raters, reward model, PPO, and what it is worth beside simpler ways, by the gold utility. Raters
 * see the gold utility through their own noise and biases; no model is trained on it.
 */
import type { Runtime } from "../runtime/runtime.js";
import { heldOutAlarms } from "./alarm.js";
import { collectPreferences } from "./collect.js";
import type { DemoConfig } from "./config.js";
import { evaluateBefore, evaluatePolicies, POLICY_NAMES, summaryOf } from "./evaluation.js";
import type { DemoEvent } from "./events.js";
import { HeldOut } from "./held-out.js";
import { optimise } from "./optimise.js";
import { checkReward } from "./reward-check.js";
import { trainByRejection, trainLanguageModel, trainRewardModel } from "./training.js";

/**
 * Runs the loop; yields after every step of every phase.
 *
 * @param database SQLite file for the votes; made.
 */
export async function* demo(
  runtime: Runtime,
  config: DemoConfig,
  database: string,
): AsyncGenerator<DemoEvent> {
  // 1. A language model, fine-tuned on demonstrations of mixed quality.
  const { tokenizer, reference } = yield* trainLanguageModel(runtime, config);

  // 2. Pairs of its responses, compared by simulated raters; while they finish, the model is measured as it is.
  const heldOut = new HeldOut(runtime, tokenizer, reference, config);
  const collected = yield* collectPreferences(runtime, reference, tokenizer, config, database, () =>
    evaluateBefore(heldOut, reference, config),
  );
  const { pairs, preferences, votes, heldOutPairs, meanwhile: before } = collected;

  // 3. A reward model of the aggregated preferences, and what it has learned.
  const rewarded = yield* trainRewardModel(runtime, reference, tokenizer, pairs, preferences, config);
  const { microBatchSize: rows, packing, maxLength } = config.reward;
  const batching = { rows, padId: tokenizer.padId, packing };
  const rewardModel = await checkReward(
    rewarded.scorer,
    heldOutPairs,
    config.split,
    tokenizer,
    batching,
    maxLength,
  );

  // 4. The simplest use of the reward model: the best of several samples to each prompt as demonstrations.
  const rejection = yield* trainByRejection(runtime, reference, tokenizer, pairs, rewarded, config);

  // 5. PPO against the reward model from there, tethered to the SFT model.
  const start = config.ppoFrom === "rejection" ? rejection : reference;
  const { policy, alarms, kl } = yield* optimise(runtime, { reference, start }, tokenizer, rewarded, config);

  // 6. The policies on held-out prompts.
  const runners = { rejection, policy, rewardModel: rewarded.scorer };
  const evaluation = yield* evaluatePolicies(heldOut, tokenizer, before, runners, config);
  const { sftBest, ppoBest } = POLICY_NAMES;
  alarms.push(...heldOutAlarms(summaryOf(evaluation, sftBest), summaryOf(evaluation, ppoBest)));
  const models = { sft: reference.network, reward: rewarded.scorer.network, policy: policy.network };
  yield { kind: "models", models: { tokenizer, ...models, normalization: rewarded.scale } };
  yield {
    kind: "result",
    result: {
      ...{
        seed: config.seed,
        split: config.split,
        raters: config.raters,
        votes,
        rewardModel,
        alarms,
        evaluation,
      },
      kl: { lastIteration: kl, budget: config.ppo.klBudget },
    },
  };
}

/**
 * The whole loop in the built-in world, from scratch to an evaluated policy: language model, supervised fine-tuning,
 * preferences of simulated raters, reward model, PPO, and a comparison with simpler methods by the gold utility. Raters
 * see the gold utility through their own noise and biases; no model is trained on it.
 *
 * Each part is a stage (src/pipeline) whose result is stored: runs share the results that they have in common, and an
 * interrupted run resumes.
 */
import { type Pipeline, type Replayed, together } from "../pipeline/index.js";
import type { Runtime } from "../runtime/runtime.js";
import { heldOutAlarms } from "./alarm.js";
import type { DemoConfig } from "./config.js";
import { POLICY_NAMES, summaryOf } from "./evaluation.js";
import type { DemoEvent } from "./events.js";
import { planDemo } from "./stages/index.js";

/**
 * Runs the loop; yields after every step of every phase.
 *
 * @param database SQLite file for the votes; an existing one is replaced.
 * @param pipeline stores the results of stages and finds them again.
 */
export async function* demo(
  runtime: Runtime,
  config: DemoConfig,
  database: string,
  pipeline: Pipeline<DemoEvent>,
): AsyncGenerator<Replayed<DemoEvent>> {
  const stages = planDemo(runtime, config, database, pipeline);
  const { batches, sampled, collected, heldOut, before } = stages;

  // 1. A language model, fine-tuned on demonstrations of mixed quality.
  yield* stages.pretrain.run();
  yield* stages.sft.run();

  // 2. Pairs of its responses, compared by simulated raters while the next are sampled. While the raters finish, the
  //    SFT model is evaluated.
  const sampling = sampled.run();
  const others = async function* (): AsyncGenerator<Replayed<DemoEvent>> {
    yield* sampling;
    batches.end(await sampled.value());
    yield* heldOut.run();
    yield* before.run();
  };
  try {
    yield* together<Replayed<DemoEvent>>(collected.run(), others());
  } finally {
    batches.fail(new Error("the sampling of pairs was stopped"));
  }

  // 3. A reward model of the aggregated preferences, and a check of what it has learned.
  yield* stages.reward.run();
  yield* stages.check.run();

  // 4. The simplest use of the reward model: fine-tuning on the best of several samples to each prompt.
  yield* stages.rejection.run();

  // 5. PPO against the reward model from there, tethered to the SFT model.
  yield* stages.ppo.run();

  // 6. Other methods, where asked for: from the same votes, or against the same reward model.
  for (const { stage } of stages.methods) yield* stage.run();

  // 7. Evaluation of the policies on held-out prompts.
  yield* stages.evaluated.run();

  // 8. The result.
  const { tokenizer, reference } = await stages.sft.value();
  const { scorer, scale } = await stages.reward.value();
  const { policy, alarms, kl } = await stages.ppo.value();
  const models = { sft: reference.network, reward: scorer.network, policy: policy.network };
  yield { kind: "models", models: { tokenizer, ...models, normalization: scale } };
  const evaluation = await stages.evaluated.value();
  const { sftBest, ppoBest } = POLICY_NAMES;
  const atTheEnd = heldOutAlarms(summaryOf(evaluation, sftBest), summaryOf(evaluation, ppoBest));
  const { seed, split, raters } = config;
  const { votes } = await collected.value();
  yield {
    kind: "result",
    result: {
      ...{ seed, split, raters, votes, rewardModel: await stages.check.value() },
      ...{ alarms: [...alarms, ...atTheEnd], evaluation },
      kl: { lastIteration: kl, budget: config.ppo.klBudget },
    },
  };
}

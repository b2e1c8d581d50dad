/** The stage of the demo that optimises: PPO against the reward model from a policy to start with, tethered to the SFT model, under watch. */
import { ppo } from "../algorithms/ppo.js";
import { modelReward, type RewardSource } from "../algorithms/reward-sources.js";
import { RandomStream } from "../base/random.js";
import { Generator } from "../generate/index.js";
import { fullNetwork } from "../model/create.js";
import { type NetworkRunner, NetworkTrainer } from "../model/runner.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { prompts, promptWithText } from "../worlds/assistant/index.js";
import { type Alarm, BehaviourWatch } from "./alarm.js";
import { drawPrompts } from "./candidates.js";
import type { DemoConfig } from "./config.js";
import type { DemoEvent } from "./events.js";
import { promptIds } from "./language-model.js";
import { measureCheckpoint } from "./over-optimization.js";
import { stepOf } from "./phases.js";
import { type TrainedReward, weightsOf } from "./training.js";

export interface Optimised {
  policy: NetworkRunner;
  alarms: Alarm[];
  /** KL per response in the last iteration. */
  kl: number;
}

export async function* optimise(
  runtime: Runtime,
  { reference, start }: { reference: NetworkRunner; start: NetworkRunner },
  tokenizer: Tokenizer,
  rewarded: TrainedReward,
  config: DemoConfig,
): AsyncGenerator<DemoEvent, Optimised> {
  const { seed } = config;
  const { padId } = tokenizer;
  const { microBatchSize: rows, packing, iterations, batchSize } = config.ppo;
  const { scorer, scale } = rewarded;
  const copyOf = ({ network }: NetworkRunner) =>
    new NetworkTrainer(runtime, fullNetwork(runtime, network.config, weightsOf(network)), config.ppo);
  const [policy, value] = [copyOf(start), copyOf(scorer)];
  const generator = new Generator(runtime, policy.network, padId, tokenizer);
  const drawn = drawPrompts(
    prompts("train"),
    config.ppoTopics,
    iterations * batchSize,
    new RandomStream(seed, "demo/optimise/prompts"),
  );
  const asked = drawn.map(({ text }) => ({ ids: promptIds(tokenizer, text), text }));

  // The reward model's scores, and what the watch makes of the same responses.
  const watch = new BehaviourWatch();
  const alarms: Alarm[] = [];
  const model = modelReward("reward_model", 1, scorer, scale, { rows, padId, packing });
  const watched: RewardSource = {
    ...model,
    score: async (batch, completions) => {
      const scored = await model.score(batch, completions);
      const responses = batch.map(({ text }, i) => ({
        ...{ prompt: promptWithText(text), text: completions[i].text ?? "" },
      }));
      alarms.push(...watch.observe(responses, scored));
      return scored;
    },
  };

  const setup = { policy, reference, value, generator, rewards: [watched], prompts: asked, padId };
  const { temperature } = config;
  const checkpoint = async (iteration: number): Promise<DemoEvent> => ({
    kind: "checkpoint",
    checkpoint: await measureCheckpoint(
      iteration,
      { policy, generator, reference },
      tokenizer,
      rewarded,
      config,
    ),
  });
  if (config.evaluateEvery > 0) yield await checkpoint(0);
  let [kl, told] = [0, 0];
  for await (const step of ppo(
    setup,
    { ...config.ppo, temperature, seed },
    { iteration: 0, beta: config.ppo.klCoefficient },
  )) {
    kl = step.metrics["objective/kl"];
    yield stepOf("ppo", step);
    for (const alarm of alarms.slice(told)) yield { kind: "alarm", alarm };
    told = alarms.length;
    if (config.evaluateEvery > 0 && step.step % config.evaluateEvery === 0) yield await checkpoint(step.step);
  }
  return { policy, alarms, kl };
}

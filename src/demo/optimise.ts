/**
 * The demo's PPO stage: a starting policy is optimised against the reward model, tethered to the SFT model and watched
 * for alarms.
 */
import { z } from "zod";
import { ppo } from "../algorithms/ppo.js";
import { modelReward, type RewardSource } from "../algorithms/reward-sources.js";
import type { PromptTokens } from "../algorithms/rollout.js";
import { RandomStream } from "../base/random.js";
import { Generator } from "../generate/index.js";
import { fullNetwork } from "../model/create.js";
import { type NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { restoreTrainer, trainerTensors } from "../model/trainer-state.js";
import { type StageWork, UNSAVED } from "../pipeline/index.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { prompts, promptWithText } from "../worlds/assistant/index.js";
import { type Alarm, alarmSchema, BehaviourWatch } from "./alarm.js";
import { drawPrompts } from "./candidates.js";
import { type DemoConfig, wholeModel } from "./config.js";
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

/** Settings of the demo on which the stage depends; split and samplesPerPrompt only if evaluateEvery is above 0. */
type OptimiseSettings = Pick<
  DemoConfig,
  "seed" | "ppo" | "ppoTopics" | "temperature" | "evaluateEvery" | "split" | "samplesPerPrompt"
>;

const stateSchema = z.object({
  iteration: z.number().int().nonnegative(),
  beta: z.number(),
  updates: z.object({ policy: z.number().int().nonnegative(), value: z.number().int().nonnegative() }),
  kl: z.number(),
  watch: z.json(),
  alarms: z.array(alarmSchema),
});

/** Training prompts for an online method, as tokens, drawn by their topics. */
export function trainingPrompts(
  tokenizer: Tokenizer,
  { seed, ppoTopics }: Pick<DemoConfig, "seed" | "ppoTopics">,
  count: number,
): PromptTokens[] {
  const random = new RandomStream(seed, "demo/optimise/prompts");
  const drawn = drawPrompts(prompts("train"), ppoTopics, count, random);
  return drawn.map(({ text }) => ({ ids: promptIds(tokenizer, text), text }));
}

export async function* optimise(
  runtime: Runtime,
  { reference, start }: { reference: NetworkRunner; start: NetworkRunner },
  tokenizer: Tokenizer,
  rewarded: TrainedReward,
  config: OptimiseSettings,
  work: StageWork = UNSAVED,
): AsyncGenerator<DemoEvent, Optimised> {
  const { padId } = tokenizer;
  const { microBatchSize: rows, packing, iterations, batchSize } = config.ppo;
  const { scorer, scale } = rewarded;
  const copyOf = ({ network }: NetworkRunner) =>
    new NetworkTrainer(runtime, fullNetwork(runtime, network.config, weightsOf(network)), config.ppo);
  const [policy, value] = [copyOf(start), copyOf(scorer)];
  const generator = new Generator(runtime, policy.network, padId, tokenizer);
  const asked = trainingPrompts(tokenizer, config, iterations * batchSize);

  // Resume from what an interrupted run saved.
  const saved = work.saved && stateSchema.parse(work.saved.state);
  if (work.saved && saved) {
    await restoreTrainer("policy", policy, work.saved.tensors, saved.updates.policy);
    await restoreTrainer("value", value, work.saved.tensors, saved.updates.value);
  }

  // The reward model scores responses, and the watch observes the same responses.
  const watch = saved ? BehaviourWatch.from(saved.watch) : new BehaviourWatch();
  const alarms: Alarm[] = saved?.alarms ?? [];
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
  // PPO; checkpoints are possible only between two iterations.
  const state = { iteration: saved?.iteration ?? 0, beta: saved?.beta ?? config.ppo.klCoefficient };
  let kl = saved?.kl ?? 0;
  let between = true;
  work.checkpointBy(async () => {
    if (!between) return undefined;
    const updates = { policy: policy.optimizer.steps, value: value.optimizer.steps };
    return {
      tensors: new Map([
        ...(await trainerTensors("policy", policy)),
        ...(await trainerTensors("value", value)),
      ]),
      state: JSON.parse(JSON.stringify({ ...state, updates, kl, watch: watch.state(), alarms })),
    };
  });
  if (config.evaluateEvery > 0 && !saved) yield await checkpoint(0);
  let told = alarms.length;
  for await (const step of ppo(setup, { ...config.ppo, temperature, ...wholeModel(config) }, state)) {
    kl = step.metrics["objective/kl"];
    const events: DemoEvent[] = [stepOf("ppo", step)];
    for (const alarm of alarms.slice(told)) events.push({ kind: "alarm", alarm });
    told = alarms.length;
    if (config.evaluateEvery > 0 && step.step % config.evaluateEvery === 0)
      events.push(await checkpoint(step.step));
    for (const [i, event] of events.entries()) {
      between = i === events.length - 1 && step.stopped === undefined;
      yield event;
    }
  }
  return { policy, alarms, kl };
}

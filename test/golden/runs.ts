/** Tiny runs of every algorithm on fixed data, whose metrics are kept in JSON files beside this one. */
import type { AnswerPair } from "../../src/algorithms/answers.js";
import { type DpoConfig, dpo, dpoSchema, pairLogProbs } from "../../src/algorithms/dpo.js";
import { type GrpoConfig, type GrpoState, grpo, grpoSchema } from "../../src/algorithms/grpo.js";
import { type KtoConfig, kto, ktoSchema, ktoSteps, labelledSequence, mismatched } from "../../src/algorithms/kto.js";
import { onlineDpo, onlineDpoSchema } from "../../src/algorithms/online-dpo.js";
import { orpo, orpoSchema } from "../../src/algorithms/orpo.js";
import { memoryOf } from "../buffers.js";
import { type PpoConfig, type PpoState, ppo, ppoSchema } from "../../src/algorithms/ppo.js";
import type { Step } from "../../src/algorithms/step.js";
import { type ReinforceSetup, reinforce, reinforceSchema } from "../../src/algorithms/reinforce.js";
import { rejectionSampling, rejectionSchema } from "../../src/algorithms/rejection-sampling.js";
import { reward, rewardSchema, type TokenPair } from "../../src/algorithms/reward.js";
import { functionReward, type RewardInput } from "../../src/algorithms/reward-sources.js";
import { type RlooSetup, rloo, rlooSchema } from "../../src/algorithms/rloo.js";
import { sft, sftSchema } from "../../src/algorithms/sft.js";
import type { TensorRecord } from "../../src/artifacts/index.js";
import { Generator } from "../../src/generate/index.js";
import { sequenceLogProbs } from "../../src/model/score.js";
import { chunks, promptCompletion, type Sequence } from "../../src/model/batch.js";
import { frozenNetwork } from "../../src/model/create.js";
import type { Packing } from "../../src/model/lay-out.js";
import { NetworkRunner, NetworkTrainer } from "../../src/model/runner.js";
import { restoreTrainer, trainerTensors } from "../../src/model/trainer-state.js";
import { RandomStream } from "../../src/base/random.js";
import { OrtRuntime } from "../../src/runtime/ort/index.js";
import { letters, PAD, randomIds, smallConfig, smallFull, smallLora, smallWeights } from "../tiny-network.js";

const runtime = new OrtRuntime({ threads: 1 });
const ADAM = { beta1: 0.9, beta2: 0.999, eps: 1e-8, weightDecay: 0.01, maxGradNorm: 1 };
type Metrics = Record<string, number>;

/** Metrics of each step, and the parameters at the end. */
export interface Run {
  steps: Metrics[];
  parameters: Buffer;
}
const bytesOf = (...trainers: NetworkTrainer[]): Buffer =>
  Buffer.concat(trainers.map(({ network }) => Buffer.from(Float32Array.from(memoryOf(network.trainable.flat)).buffer)));

/** Trainers, and what restores them: everything a checkpoint holds. */
interface Halt {
  after: number;
  tensors: Map<string, TensorRecord>;
  updates: number[];
}
const copied = (tensors: Map<string, TensorRecord>): Map<string, TensorRecord> =>
  new Map([...tensors].map(([name, t]) => [name, { ...t, data: t.data.slice() } as TensorRecord]));

/** Runs to the end or, with `halt`, in two parts: the second starts anew from what the first one left. */
async function inParts(
  make: () => Record<string, NetworkTrainer>,
  halt: number | undefined,
  run: (trainers: Record<string, NetworkTrainer>, from: number, until: number) => Promise<Metrics[]>,
): Promise<Run> {
  let trainers = make();
  const steps = await run(trainers, 0, halt ?? Number.POSITIVE_INFINITY);
  if (halt !== undefined) {
    const saved: Halt = { after: halt, tensors: new Map(), updates: [] };
    for (const [name, trainer] of Object.entries(trainers)) {
      saved.updates.push(trainer.optimizer.steps);
      for (const [key, tensor] of copied(await trainerTensors(name, trainer))) saved.tensors.set(key, tensor);
    }
    trainers = make();
    for (const [i, [name, trainer]] of Object.entries(trainers).entries())
      await restoreTrainer(name, trainer, saved.tensors, saved.updates[i]);
    steps.push(...(await run(trainers, saved.after, Number.POSITIVE_INFINITY)));
  }
  return { steps, parameters: bytesOf(...Object.values(trainers)) };
}

async function taken(steps: AsyncGenerator<{ step: number; metrics: Metrics }>, until: number): Promise<Metrics[]> {
  const out: Metrics[] = [];
  for await (const { step, metrics } of steps) {
    out.push(metrics);
    if (step >= until) break;
  }
  return out;
}

export function sftRun(halt?: number): Promise<Run> {
  const r = new RandomStream(21, "golden/sft");
  const data = Array.from({ length: 20 }, (): Sequence => promptCompletion(randomIds(r, 2 + r.int(5)), [...randomIds(r, 1 + r.int(7)), 2]));
  const config = sftSchema.parse({ batchSize: 6, microBatchSize: 4, epochs: 2, learningRate: 3e-3, schedule: "cosine", warmupRatio: 0.2, seed: 3 });
  const make = () => ({ policy: new NetworkTrainer(runtime, smallFull(runtime), ADAM) });
  return inParts(make, halt, ({ policy }, from, until) => taken(sft(policy, data, PAD, config, from), until));
}

/** `packing`: the other layouts must come to the same metrics. */
export function rewardRun(halt?: number, packing: Packing = "never"): Promise<Run> {
  const r = new RandomStream(22, "golden/reward");
  const pairs = Array.from({ length: 18 }, (): TokenPair => {
    const prompt = randomIds(r, 3);
    return { chosen: [...prompt, ...randomIds(r, 2 + r.int(6)), 40], rejected: [...prompt, ...randomIds(r, 2 + r.int(6))], margin: 0.2 * r.uniform() };
  });
  const config = rewardSchema.parse({ batchSize: 5, microBatchSize: 2, epochs: 2, learningRate: 1e-2, centering: 0.01, noise: 0.05, packing, seed: 4 });
  const make = () => {
    return { reward: new NetworkTrainer(runtime, smallLora(runtime, smallWeights(runtime, smallConfig()), "random"), ADAM) };
  };
  return inParts(make, halt, (trainers, from, until) => taken(reward(trainers.reward, pairs, PAD, config, from), until));
}

export const PPO: PpoConfig = ppoSchema.parse({
  iterations: 5,
  batchSize: 16,
  miniBatches: 2,
  epochs: 3,
  microBatchSize: 6,
  maxNewTokens: 10,
  temperature: 0.9,
  learningRate: 2e-3,
  valueLearningRate: 5e-3,
  adaptiveKlTarget: 3,
  klHorizon: 100,
  warmupRatio: 0,
  missingEosPenalty: 0.5,
  packing: "never",
  seed: 9,
});

/** PPO that is paid for vowels; `onStep` sees each iteration, `changes` alter the configuration. */
export function ppoRun(halt?: number, changes: Partial<PpoConfig> = {}, onStep?: (step: Step) => void): Promise<Run> {
  const r = new RandomStream(23, "golden/ppo");
  const prompts = Array.from({ length: 24 }, () => randomIds(r, 1 + r.int(6))).map((ids) => ({ ids, text: letters.decode(ids) }));
  const vowels = functionReward("vowels", 1, (inputs) => inputs.map(({ response }) => response.replace(/[^aeiou]/g, "").length));
  const config = { ...PPO, ...changes };
  const base = smallWeights(runtime, smallConfig());
  const make = () => ({
    policy: new NetworkTrainer(runtime, smallLora(runtime, base), ADAM),
    value: new NetworkTrainer(runtime, smallLora(runtime, base, "zero"), ADAM),
  });
  const state: PpoState = { iteration: 0, beta: config.klCoefficient };
  return inParts(make, halt, async ({ policy, value }, _from, until) => {
    const generator = new Generator(runtime, policy.network, PAD, letters);
    const reference = new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), base));
    const steps = ppo({ policy, reference, value, generator, rewards: [vowels], prompts, padId: PAD }, config, state);
    const out: Metrics[] = [];
    for await (const step of steps) {
      onStep?.(step);
      out.push(step.metrics);
      if (step.step >= until) break;
    }
    return out;
  });
}

export const GRPO: GrpoConfig = grpoSchema.parse({
  ...{ iterations: 5, batchSize: 16, groupSize: 4, miniBatches: 2, epochs: 2, microBatchSize: 6, maxNewTokens: 10 },
  ...{ temperature: 0.9, learningRate: 2e-3, epsilonHigh: 0.28, lossType: "dapo", maxSamplings: 3, overlongBuffer: 4 },
  ...{ packing: "never", seed: 9 },
});

/** GRPO that is paid for an early vowel, which leaves some groups without a difference; otherwise as `ppoRun`. */
export function grpoRun(halt?: number, changes: Partial<GrpoConfig> = {}): Promise<Run> {
  const r = new RandomStream(24, "golden/grpo");
  const prompts = Array.from({ length: 10 }, () => randomIds(r, 1 + r.int(6))).map((ids) => ({ ids, text: letters.decode(ids) }));
  const vowels = functionReward("vowels", 1, (inputs) => inputs.map(({ response }) => (/^.{0,1}[aeiou]/.test(response) ? 1 : 0)));
  const config = { ...GRPO, ...changes };
  const base = smallWeights(runtime, smallConfig());
  const state: GrpoState = { iteration: 0, batches: 0 };
  return inParts(
    () => ({ policy: new NetworkTrainer(runtime, smallLora(runtime, base), ADAM) }),
    halt,
    ({ policy }, _from, until) => {
      const generator = new Generator(runtime, policy.network, PAD, letters);
      const reference = new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), base));
      return taken(grpo({ policy, reference, generator, rewards: [vowels], prompts, padId: PAD }, config, state), until);
    },
  );
}

/** Settings of the methods that compare responses, without those of one alone. */
const GROUPS = {
  ...{ iterations: 4, batchSize: 16, groupSize: 4, miniBatches: 2, epochs: 2, microBatchSize: 6, maxNewTokens: 10 },
  ...{ temperature: 0.9, learningRate: 8e-3, packing: "never", seed: 9 },
} as const;
type GroupSetup = RlooSetup & ReinforceSetup;

/**
 * A method that is paid for an early vowel, and cannot score what begins with an x. @param start the method from a number of
 * iterations on.
 */
function groupRun(halt: number | undefined, start: (setup: GroupSetup, from: number) => AsyncGenerator<Step>): Promise<Run> {
  const r = new RandomStream(27, "golden/groups");
  const prompts = Array.from({ length: 10 }, () => randomIds(r, 1 + r.int(6))).map((ids) => ({ ids, text: letters.decode(ids) }));
  const score = ({ response }: RewardInput) => (response.startsWith("x") ? null : /^.{0,1}[aeiou]/.test(response) ? 1 : 0);
  const vowels = functionReward("vowels", 1, (inputs) => inputs.map(score));
  const base = smallWeights(runtime, smallConfig());
  return inParts(
    () => ({ policy: new NetworkTrainer(runtime, smallLora(runtime, base), ADAM) }),
    halt,
    ({ policy }, from, until) => {
      const generator = new Generator(runtime, policy.network, PAD, letters);
      const reference = new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), base));
      return taken(start({ policy, reference, generator, rewards: [vowels], prompts, padId: PAD }, from), until);
    },
  );
}

export const rlooRun = (halt?: number, packing: Packing = "never"): Promise<Run> =>
  groupRun(halt, (setup, from) => rloo(setup, rlooSchema.parse({ ...GROUPS, epsilonHigh: 0.28, packing }), from));
export const reinforceRun = (halt?: number, packing: Packing = "never"): Promise<Run> =>
  groupRun(halt, (setup, from) => reinforce(setup, reinforceSchema.parse({ ...GROUPS, baseline: "group", gamma: 0.95, packing }), from));
export const rejectionRun = (halt?: number, packing: Packing = "never"): Promise<Run> =>
  groupRun(halt, (setup, from) => rejectionSampling(setup, rejectionSchema.parse({ ...GROUPS, packing }), from));

export const onlineDpoRun = (halt?: number, packing: Packing = "never"): Promise<Run> =>
  groupRun(halt, (setup, from) => onlineDpo(setup, onlineDpoSchema.parse({ ...GROUPS, packing }), from));

/** Eighteen pairs, of different lengths, half of them with a noise rate of their own. */
function answerPairs(name: string): AnswerPair[] {
  const r = new RandomStream(25, name);
  return Array.from({ length: 18 }, (_, i): AnswerPair => {
    const prompt = randomIds(r, 2 + r.int(4));
    const side = (end: number[]) => promptCompletion(prompt, [...randomIds(r, 1 + r.int(7)), ...end]);
    return { chosen: side([40, 2]), rejected: side([2]), ...(i % 2 === 0 && { noise: 0.3 * r.uniform() }) };
  });
}
const DIRECT = { batchSize: 5, microBatchSize: 2, epochs: 2, learningRate: 5e-3, packing: "never", seed: 4 } as const;

/** A model that the policy did not start from: where it did, which of two answers is ahead at first is rounding. */
const otherRunner = (): NetworkRunner =>
  new NetworkRunner(runtime, frozenNetwork(runtime, smallConfig(), smallWeights(runtime, smallConfig(), 2)));

/** Robust DPO, whose SFT term reads the chosen answers. */
export async function dpoRun(halt?: number, packing: Packing = "never"): Promise<Run> {
  const config: DpoConfig = dpoSchema.parse({ ...DIRECT, lossType: "robust", labelSmoothing: 0.1, sftWeight: 0.2, packing });
  const base = smallWeights(runtime, smallConfig());
  const pairs = answerPairs("golden/dpo");
  const known = await pairLogProbs(otherRunner(), pairs, PAD, config);
  const compared = pairs.map((pair, i) => ({ ...pair, reference: known[i] }));
  const make = () => ({ policy: new NetworkTrainer(runtime, smallLora(runtime, base), ADAM) });
  return inParts(make, halt, ({ policy }, from, until) => taken(dpo({ policy, pairs: compared, padId: PAD }, config, from), until));
}

export async function ktoRun(halt?: number, packing: Packing = "never"): Promise<Run> {
  const config: KtoConfig = ktoSchema.parse({ ...DIRECT, beta: 0.5, undesirableWeight: 1.2, packing });
  const base = smallWeights(runtime, smallConfig());
  const r = new RandomStream(26, "golden/kto");
  const answers = Array.from({ length: 16 }, (_, i) => ({ prompt: randomIds(r, 2 + r.int(4)), completion: [...randomIds(r, 1 + r.int(7)), 2], label: i % 3 > 0 }));
  const own = answers.map((one) => labelledSequence(one.prompt, one.completion, config.maxLength));
  const others = Array.from({ length: ktoSteps(answers.length, config) }, (_, step) => mismatched(answers, step, config));
  const known = await sequenceLogProbs(otherRunner(), [...own, ...others.flat()], { rows: 4, padId: PAD, packing });
  const reference = { answers: known.slice(0, own.length), mismatched: chunks(known.slice(own.length), config.batchSize) };
  const make = () => ({ policy: new NetworkTrainer(runtime, smallLora(runtime, base), ADAM) });
  return inParts(make, halt, ({ policy }, from, until) => taken(kto({ policy, answers, reference, padId: PAD }, config, from), until));
}

export function orpoRun(halt?: number, packing: Packing = "never"): Promise<Run> {
  const config = orpoSchema.parse({ ...DIRECT, beta: 0.5, promptLoss: true, packing });
  const pairs = answerPairs("golden/orpo");
  const make = () => ({ policy: new NetworkTrainer(runtime, smallFull(runtime), ADAM) });
  return inParts(make, halt, ({ policy }, from, until) => taken(orpo({ policy, pairs, padId: PAD }, config, from), until));
}

/** Every run: its title, the name of its stored metrics, and itself, in two parts with `halt`. */
export const RUNS: [string, string, (halt?: number) => Promise<Run>][] = [
  ["sft", "sft", sftRun],
  ["reward", "reward", rewardRun],
  ["ppo", "ppo", ppoRun],
  ["grpo", "grpo", grpoRun],
  ["rloo", "rloo", rlooRun],
  ["reinforce", "reinforce", reinforceRun],
  ["rejection sampling", "rejection-sampling", rejectionRun],
  ["online DPO", "online-dpo", onlineDpoRun],
  ["dpo", "dpo", dpoRun],
  ["kto", "kto", ktoRun],
  ["orpo", "orpo", orpoRun],
  ["reward, packed", "reward", (halt) => rewardRun(halt, "always")],
  ["ppo, packed", "ppo", (halt) => ppoRun(halt, { packing: "always" })],
  ["grpo, packed", "grpo", (halt) => grpoRun(halt, { packing: "always" })],
  ["rloo, packed", "rloo", (halt) => rlooRun(halt, "always")],
  ["dpo, packed", "dpo", (halt) => dpoRun(halt, "always")],
  ["kto, packed", "kto", (halt) => ktoRun(halt, "always")],
];

/**
 * The whole loop in the built-in world, from nothing to an evaluated policy: language model, supervised fine-tuning,
 * preferences of simulated raters, reward model, PPO, evaluation by the gold utility that no model ever saw.
 */
import { type PpoStep, ppo } from "../algorithms/ppo.js";
import { normalization, reward, scorePairs } from "../algorithms/reward.js";
import { modelReward } from "../algorithms/reward-sources.js";
import { sft } from "../algorithms/sft.js";
import { Generator } from "../generate/index.js";
import { fullNetwork, randomWeights, type Weights } from "../model/create.js";
import type { Network } from "../model/network.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import type { Runtime } from "../runtime/runtime.js";
import { type Interval, mean, wilsonInterval } from "../statistics/estimates.js";
import type { Tokenizer } from "../text/index.js";
import {
  corpus,
  demonstrations,
  noiseCeiling,
  type Prompt,
  prompts,
  RATER_POOLS,
  raterPool,
} from "../worlds/assistant/index.js";
import type { DemoConfig } from "./config.js";
import { type GoldSamples, type GoldSummary, goldWinRate, sampleGold, summarizeGold } from "./gold.js";
import {
  dialogueSequence,
  documentSequence,
  promptIds,
  worldModelConfig,
  worldTokenizer,
} from "./language-model.js";
import {
  differs,
  goldAgreement,
  type JudgedPair,
  judgePairs,
  type SampledPair,
  samplePairs,
  trainingPairs,
} from "./preferences.js";
import { DEMO_POOLS } from "./rating/pools.js";
import type { RatingOutcome } from "./rating/session.js";
import { VotesSummary } from "./rating/summary.js";
import { RatingThread } from "./rating/thread.js";

export const PHASES = ["pretrain", "sft", "preferences", "reward", "ppo", "evaluate"] as const;
export type Phase = (typeof PHASES)[number];

export type DemoEvent =
  | {
      kind: "step";
      phase: Phase;
      step: number;
      steps: number;
      metrics: Record<string, number>;
      tokens: number;
    }
  | { kind: "gold"; iteration: number; proxy: number; kl: number; gold: GoldSummary }
  | { kind: "models"; models: DemoModels }
  | { kind: "samples"; sft: GoldSamples[]; ppo: GoldSamples[] }
  | { kind: "result"; result: DemoResult };

/** What the demo leaves behind. */
export interface DemoModels {
  tokenizer: Tokenizer;
  sft: Network;
  reward: Network;
  normalization: { mean: number; std: number };
  policy: Network;
}

export interface DemoResult {
  seed: number;
  raters: string;
  votes: VotesSummary;
  winRate: {
    estimate: number;
    low: number;
    high: number;
    wins: number;
    ties: number;
    losses: number;
    prompts: number;
  };
  sft: GoldSummary;
  ppo: GoldSummary;
  rewardModel: {
    /** Share of honest raters' votes on held-out pairs that it predicts. */
    accuracy: Interval & { n: number };
    /** Share of held-out pairs, of those that the gold utility tells apart, whose better side it scores higher. */
    goldPairs: Interval & { n: number };
    /** Share of those votes that one who knows the gold utility predicts. */
    goldAccuracy: number;
    /** And one who knows the probability with which honest raters prefer either side: none can do better. */
    noiseCeiling: number;
  };
  kl: { perResponse: number; budget: number | null };
}

/** Pairs that raters get together. */
const PAIRS_TOGETHER = 1500;
/** How often it is told how far the raters are. */
const PROGRESS_MILLISECONDS = 250;

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
  const { seed } = config;
  const trainPrompts = prompts("train");
  const heldOut = prompts("heldout");

  // 1. A language model, from nothing: tokenizer, then next-token prediction on the world's text.
  const texts = corpus(seed, config.corpusTokens, config.world.corpus);
  const shown = demonstrations(seed, config.demonstrations, config.world.demonstrations);
  const spoken = shown.map((d) => `${d.prompt.text} ${d.completion}`);
  const tokenizer = worldTokenizer([...texts.slice(0, 4000), ...spoken], config.model.vocabSize);
  const modelConfig = worldModelConfig(config.model, tokenizer);
  const { padId } = tokenizer;
  const base = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, modelConfig, randomWeights(runtime, modelConfig, seed)),
    config.pretrain,
  );
  const documents = texts.map((text) => documentSequence(tokenizer, text));
  for await (const step of sft(base, documents, padId, { ...config.pretrain, seed })) {
    yield { kind: "step", phase: "pretrain", ...step };
  }

  // 2. Supervised fine-tuning on demonstrations of mixed quality.
  const tuned = new NetworkTrainer(runtime, base.network, config.sft);
  const dialogues = shown.map((d) => dialogueSequence(tokenizer, d.prompt.text, d.completion));
  for await (const step of sft(tuned, dialogues, padId, { ...config.sft, seed })) {
    yield { kind: "step", phase: "sft", ...step };
  }
  const reference = new NetworkRunner(runtime, frozenCopy(runtime, tuned.network));
  const sampler = new Generator(runtime, reference.network, padId, tokenizer);

  // 3. Pairs of its responses, compared by simulated raters while the next ones are sampled.
  const { maxNewTokens } = config.ppo;
  const pool = DEMO_POOLS[config.raters];
  const { votesPerPair, aggregate: method } = config;
  const rating = new RatingThread({ database, pool, votesPerPair, method, seed });
  const judged: SampledPair[] = [];
  let heldOutPairs: JudgedPair[];
  let votes: VotesSummary;
  let preferences: RatingOutcome["preferences"];
  try {
    const batches = Math.ceil(config.pairs / PAIRS_TOGETHER);
    const progress = (step: number, metrics = {}): DemoEvent => ({
      ...{ kind: "step", phase: "preferences", step, steps: 2 * batches, metrics, tokens: 0 },
    });
    yield progress(0);
    const sampling = { maxNewTokens, seed, batch: PAIRS_TOGETHER };
    const { pairs: count, pairKinds: kinds, distractors } = config;
    const plan = { ...sampling, count, kinds, distractors, split: "train" } as const;
    let sampled = 0;
    for await (const batch of samplePairs(sampler, tokenizer, trainPrompts, plan)) {
      const different = batch.filter(differs);
      rating.rate(different.map((pair) => textsOf(pair)));
      judged.push(...different);
      yield progress(++sampled);
    }
    heldOutPairs = await sampleHeldOut(sampler, tokenizer, heldOut, config);
    const finished = rating.finish();
    for (let waiting = true; waiting; ) {
      const pause = new Promise<true>((resolve) => setTimeout(resolve, PROGRESS_MILLISECONDS, true));
      waiting = await Promise.race([finished.then(() => false), pause]);
      yield progress(batches + Math.floor((batches * rating.rated) / Math.max(1, judged.length)));
    }
    const outcome = await finished;
    preferences = outcome.preferences;
    votes = VotesSummary.parse({
      ...{ pairs: judged.length, votes: outcome.votes, method, raters: outcome.raters },
      labels: goldAgreement(judged, (i) => preferences[i].probability > 0.5),
    });
    yield progress(2 * batches, { pairs: judged.length, votes: outcome.votes });
  } finally {
    await rating.stop();
  }

  // 4. A reward model on top of the SFT model; normalised on the SFT model's own responses.
  const scorer = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, modelConfig, reference.network.frozen, seed, "random"),
    config.reward,
  );
  for await (const step of reward(scorer, trainingPairs(judged, preferences, tokenizer), padId, {
    ...config.reward,
    seed,
  })) {
    yield { kind: "step", phase: "reward", ...step };
  }
  const batching = { rows: config.reward.microBatchSize, padId, packing: config.reward.packing };
  const answered = judged.slice(0, 512).map(({ prompt, left, right }) => {
    const before = promptIds(tokenizer, prompt.text);
    return { chosen: [...before, ...left.ids], rejected: [...before, ...right.ids] };
  });
  const reached = await scorePairs(scorer, answered, batching, config.reward.maxLength);
  const scale = normalization(reached.flatMap(({ chosen, rejected }) => [chosen, rejected]));
  const rewardModel = await judgeRewardModel(scorer, heldOutPairs, tokenizer, config);

  // 5. PPO against the reward model, tethered to the SFT model.
  const policy = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, modelConfig, reference.network.frozen),
    config.ppo,
  );
  const value = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, modelConfig, weightsOf(scorer.network)),
    config.ppo,
  );
  const generator = new Generator(runtime, policy.network, padId, tokenizer);
  const asked = trainPrompts.map((prompt) => ({ ids: promptIds(tokenizer, prompt.text), text: prompt.text }));
  const { microBatchSize: rows, packing } = config.ppo;
  const rewards = [modelReward("reward_model", 1, scorer, scale, { rows, padId, packing })];
  const setup = { policy, reference, value, generator, rewards, prompts: asked, padId };
  const evaluation = {
    samplesPerPrompt: config.samplesPerPrompt,
    maxNewTokens,
    temperature: config.ppo.temperature,
    seed: seed + 1,
  };
  let last: PpoStep | undefined;
  for await (const step of ppo(
    setup,
    { ...config.ppo, seed },
    { iteration: 0, beta: config.ppo.klCoefficient },
  )) {
    last = step;
    yield { kind: "step", phase: "ppo", ...step };
    if (config.evaluateEvery === 0) continue;
    const { "objective/scores": proxy, "objective/kl": kl } = step.metrics;
    const judged = async (from: Generator) =>
      summarizeGold(await sampleGold(from, tokenizer, heldOut, { ...evaluation, samplesPerPrompt: 1 }));
    // The first iteration's responses are still those of the SFT model.
    if (step.step === 1) yield { kind: "gold", iteration: 0, proxy, kl, gold: await judged(sampler) };
    if (step.step % config.evaluateEvery === 0)
      yield { kind: "gold", iteration: step.step, proxy, kl, gold: await judged(generator) };
  }

  // 6. Both policies on held-out prompts, judged by the gold utility.
  const before = await sampleGold(sampler, tokenizer, heldOut, evaluation);
  yield { kind: "step", phase: "evaluate", step: 1, steps: 2, metrics: {}, tokens: 0 };
  const after = await sampleGold(generator, tokenizer, heldOut, evaluation);
  yield { kind: "step", phase: "evaluate", step: 2, steps: 2, metrics: {}, tokens: 0 };
  yield {
    kind: "models",
    models: {
      tokenizer,
      sft: reference.network,
      reward: scorer.network,
      normalization: scale,
      policy: policy.network,
    },
  };
  yield { kind: "samples", sft: before, ppo: after };
  yield {
    kind: "result",
    result: {
      seed,
      raters: config.raters,
      votes,
      winRate: { ...goldWinRate(after, before), prompts: heldOut.length },
      sft: summarizeGold(before),
      ppo: summarizeGold(after),
      rewardModel,
      kl: { perResponse: last?.metrics["objective/kl"] ?? 0, budget: config.ppo.klBudget },
    },
  };
}

/** A network's parameters as weights that another network may start from. */
const weightsOf = (network: Network): Weights => network.trainable.byName;

/** The network as it is now, frozen. */
function frozenCopy(runtime: Runtime, network: Network): Network {
  const frozen = new Map(
    [...network.trainable.byName].map(
      ([name, b]) => [name, runtime.buffer("f32", b.shape, b.data())] as const,
    ),
  );
  return {
    config: network.config,
    frozen,
    trainable: { ...network.trainable, byName: new Map(), specs: [], decayed: 0 },
  };
}

const textsOf = ({ prompt, left, right }: SampledPair) => ({
  ...{ prompt: prompt.text, left: left.text ?? "", right: right.text ?? "" },
});

/** Pairs for judging the reward model, with the votes of honest raters: kept from the store, and from its raters. */
async function sampleHeldOut(
  sampler: Generator,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  { heldOutPairs: count, heldOutVotes, raters, seed, ppo: { maxNewTokens } }: DemoConfig,
): Promise<JudgedPair[]> {
  const plan = { count, distractors: 0, maxNewTokens, seed, split: "heldout", batch: count } as const;
  const pairs: SampledPair[] = [];
  for await (const batch of samplePairs(sampler, tokenizer, prompts, plan))
    pairs.push(...batch.filter(differs));
  return judgePairs(pairs, raterPool(RATER_POOLS[DEMO_POOLS[raters].people], seed), heldOutVotes, seed);
}

/** What the reward model predicts on held-out pairs: single votes, against what the raters' noise allows, and gold. */
async function judgeRewardModel(
  scorer: NetworkRunner,
  pairs: readonly JudgedPair[],
  tokenizer: Tokenizer,
  config: DemoConfig,
): Promise<DemoResult["rewardModel"]> {
  const sides = pairs.map(({ prompt, left, right }) => {
    const before = promptIds(tokenizer, prompt.text);
    return { chosen: [...before, ...left.ids], rejected: [...before, ...right.ids] };
  });
  const { microBatchSize: rows, packing } = config.reward;
  const batching = { rows, padId: tokenizer.padId, packing };
  const scores = await scorePairs(scorer, sides, batching, config.reward.maxLength);
  const votes = pairs.flatMap((pair) => pair.votes);
  let right = 0;
  pairs.forEach((pair, i) => {
    const leftWins = scores[i].chosen > scores[i].rejected;
    right += leftWins ? pair.leftVotes : pair.votes.length - pair.leftVotes;
  });
  const goldPairs = goldAgreement(pairs, (i) => scores[i].chosen > scores[i].rejected);
  const ceiling = mean(pairs.map(({ poolLeft }) => Math.max(poolLeft, 1 - poolLeft)));
  return {
    accuracy: { ...wilsonInterval(right, votes.length), n: votes.length },
    goldPairs,
    goldAccuracy: noiseCeiling(votes).goldExpected,
    noiseCeiling: ceiling,
  };
}

/** The stages of the demo that train: a language model and its fine-tuning, a reward model, a policy chosen by it. */
import { normalization, reward, scorePairs } from "../algorithms/reward.js";
import { sft } from "../algorithms/sft.js";
import { fullNetwork, randomWeights } from "../model/create.js";
import type { Network, Weights } from "../model/network.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { corpus, demonstrations, type Prompt } from "../worlds/assistant/index.js";
import { bestOf, scores } from "./baselines.js";
import type { CandidatePair, Response } from "./candidates.js";
import type { DemoConfig } from "./config.js";
import { dialogueSequence, documentSequence, worldModelConfig, worldTokenizer } from "./language-model.js";
import { type StepEvent, stepOf } from "./phases.js";
import { tokenPair, trainingPairs } from "./preferences.js";
import type { RatingOutcome } from "./rating/session.js";

/** A language model from nothing: tokenizer, next-token prediction on the world's text, then demonstrations. */
export async function* trainLanguageModel(
  runtime: Runtime,
  config: DemoConfig,
): AsyncGenerator<StepEvent, { tokenizer: Tokenizer; reference: NetworkRunner }> {
  const { seed } = config;
  const texts = corpus(seed, config.corpusTokens, config.world.corpus);
  const shown = demonstrations(seed, config.demonstrations, config.world.demonstrations);
  const spoken = shown.map(({ prompt, completion }) => `${prompt.text} ${completion}`);
  const tokenizer = worldTokenizer([...texts.slice(0, 4000), ...spoken], config.model.vocabSize);
  const modelConfig = worldModelConfig(config.model, tokenizer);
  const { padId } = tokenizer;
  const start = fullNetwork(runtime, modelConfig, randomWeights(runtime, modelConfig, seed));
  const base = new NetworkTrainer(runtime, start, config.pretrain);
  const documents = texts.map((text) => documentSequence(tokenizer, text));
  for await (const step of sft(base, documents, padId, { ...config.pretrain, seed }))
    yield stepOf("pretrain", step);

  const tuned = new NetworkTrainer(runtime, base.network, config.sft);
  const dialogues = shown.map(({ prompt, completion }) =>
    dialogueSequence(tokenizer, prompt.text, completion),
  );
  for await (const step of sft(tuned, dialogues, padId, { ...config.sft, seed })) yield stepOf("sft", step);
  return { tokenizer, reference: new NetworkRunner(runtime, frozenCopy(runtime, tuned.network)) };
}

/** Responses of the SFT model whose rewards get mean 0 and deviation 1. */
const NORMALIZED_ON = 512;

export interface TrainedReward {
  scorer: NetworkTrainer;
  /** Shift and scale that give the SFT model's own responses mean 0 and deviation 1. */
  scale: { mean: number; std: number };
}

/** A reward model on top of the SFT model. */
export async function* trainRewardModel(
  runtime: Runtime,
  reference: NetworkRunner,
  tokenizer: Tokenizer,
  pairs: readonly CandidatePair[],
  preferences: RatingOutcome["preferences"],
  config: DemoConfig,
): AsyncGenerator<StepEvent, TrainedReward> {
  const { padId } = tokenizer;
  const { microBatchSize: rows, packing, maxLength } = config.reward;
  const scorer = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, reference.network.config, weightsOf(reference.network), config.seed, "random"),
    config.reward,
  );
  const compared = trainingPairs(pairs, preferences, tokenizer);
  for await (const step of reward(scorer, compared, padId, { ...config.reward, seed: config.seed }))
    yield stepOf("reward", step);
  const own = pairs.filter(({ left, right }) => left.ownSample && right.ownSample).slice(0, NORMALIZED_ON);
  const scored = await scorePairs(
    scorer,
    own.map((pair) => tokenPair(pair, tokenizer)),
    { rows, padId, packing },
    maxLength,
  );
  return { scorer, scale: normalization(scored.flatMap(({ chosen, rejected }) => [chosen, rejected])) };
}

/** Samples of the SFT model to each training prompt, of which rejection sampling learns the best. */
const REJECTION_SAMPLES = 8;
/** Training prompts of which it learns. */
const REJECTION_PROMPTS = 1000;

/**
 * Rejection sampling (best of n, then fine-tuning; Dong et al. 2023, RAFT): of the responses that were sampled for the
 * pairs anyway, the reward model's favourite to each training prompt is a demonstration.
 */
export async function* trainByRejection(
  runtime: Runtime,
  reference: NetworkRunner,
  tokenizer: Tokenizer,
  pairs: readonly CandidatePair[],
  { scorer }: TrainedReward,
  config: DemoConfig,
): AsyncGenerator<StepEvent, NetworkRunner> {
  const { padId } = tokenizer;
  const { microBatchSize: rows, packing } = config.reward;
  const sampled = ownSamples(pairs)
    .slice(0, REJECTION_PROMPTS)
    .map(({ prompt, responses }) => ({
      ...{ prompt, responses: responses.slice(0, REJECTION_SAMPLES) },
    }));
  const scored = await scores(scorer, tokenizer, sampled, { rows, padId, packing });
  const best = sampled.map(({ prompt, responses }, i) => ({
    ...{ prompt, response: responses[bestOf(scored[i])] },
  }));
  const tuned = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, reference.network.config, weightsOf(reference.network)),
    config.rejection,
  );
  const dialogues = best.map(({ prompt, response }) =>
    dialogueSequence(tokenizer, prompt.text, response.text),
  );
  for await (const step of sft(tuned, dialogues, padId, { ...config.rejection, seed: config.seed }))
    yield stepOf("rejection", step);
  return tuned;
}

/** The different responses that the policy sampled to each prompt, in the order of the pairs. */
function ownSamples(pairs: readonly CandidatePair[]): { prompt: Prompt; responses: Response[] }[] {
  const byPrompt = new Map<Prompt, Map<string, Response>>();
  for (const { prompt, left, right } of pairs) {
    const own = byPrompt.get(prompt) ?? new Map<string, Response>();
    byPrompt.set(prompt, own);
    for (const response of [left, right]) if (response.ownSample) own.set(response.text, response);
  }
  return [...byPrompt]
    .map(([prompt, responses]) => ({ prompt, responses: [...responses.values()] }))
    .filter(({ responses }) => responses.length > 0);
}

/** A network's parameters, frozen and trainable, as weights that another network may start from. */
export const weightsOf = ({ frozen, trainable }: Network): Weights =>
  new Map([...frozen, ...trainable.byName]);

/** The network as it is now, frozen. */
function frozenCopy(runtime: Runtime, network: Network): Network {
  const copied = [...weightsOf(network)].map(
    ([name, b]) => [name, runtime.buffer("f32", b.shape, b)] as const,
  );
  const trainable = { ...network.trainable, byName: new Map(), specs: [], decayed: 0 };
  return { config: network.config, frozen: new Map(copied), trainable };
}

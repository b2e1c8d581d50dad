/** The demo's training: a language model, its fine-tuning, a reward model, and a policy by rejection sampling. */
import { normalization, reward, scorePairs } from "../algorithms/reward.js";
import { sft } from "../algorithms/sft.js";
import { fullNetwork, randomWeights } from "../model/create.js";
import type { Network, Weights } from "../model/network.js";
import { NetworkRunner, NetworkTrainer } from "../model/runner.js";
import { type StageWork, UNSAVED } from "../pipeline/index.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { corpus, type Demonstration, demonstrations, type Prompt } from "../worlds/assistant/index.js";
import { bestOf, scores } from "./baselines.js";
import type { CandidatePair, Response } from "./candidates.js";
import { type DemoConfig, wholeModel } from "./config.js";
import { dialogueSequence, documentSequence, worldModelConfig, worldTokenizer } from "./language-model.js";
import type { StepEvent } from "./phases.js";
import { tokenPair, trainingPairs } from "./preferences.js";
import type { RatingOutcome } from "./rating/session.js";
import { resumableSteps } from "./resumable.js";

export interface LanguageModel {
  tokenizer: Tokenizer;
  network: Network;
}

type DemonstrationSettings = Pick<DemoConfig, "seed" | "demonstrations"> & {
  world: Pick<DemoConfig["world"], "demonstrations">;
};

const made = new WeakMap<object, { seed: number; rows: Demonstration[] }>();

/** The demonstrations for these settings, made once: pre-training's tokenizer and fine-tuning read the same ones. */
function shownIn({ seed, demonstrations: count, world }: DemonstrationSettings): Demonstration[] {
  const known = made.get(world.demonstrations);
  if (known?.seed === seed && known.rows.length === count) return known.rows;
  const rows = demonstrations(seed, count, world.demonstrations);
  made.set(world.demonstrations, { seed, rows });
  return rows;
}

/** Trains a language model from scratch: a tokenizer, then next-token prediction on the world's text. */
export async function* pretrain(
  runtime: Runtime,
  config: DemonstrationSettings & Pick<DemoConfig, "corpusTokens" | "world" | "model" | "pretrain">,
  work: StageWork = UNSAVED,
): AsyncGenerator<StepEvent, LanguageModel> {
  const { seed } = config;
  const texts = corpus(seed, config.corpusTokens, config.world.corpus);
  const spoken = shownIn(config).map(({ prompt, completion }) => `${prompt.text} ${completion}`);
  const tokenizer = worldTokenizer([...texts.slice(0, 4000), ...spoken], config.model.vocabSize);
  const modelConfig = worldModelConfig(config.model, tokenizer);
  const start = fullNetwork(runtime, modelConfig, randomWeights(runtime, modelConfig, seed));
  const base = new NetworkTrainer(runtime, start, config.pretrain);
  const documents = texts.map((text) => documentSequence(tokenizer, text));
  yield* resumableSteps("pretrain", base, work, (done) =>
    sft(base, documents, tokenizer.padId, { ...config.pretrain, ...wholeModel(config) }, done),
  );
  return { tokenizer, network: base.network };
}

/** Supervised fine-tuning of a language model on demonstrations; the model it starts from is not changed. */
export async function* fineTune(
  runtime: Runtime,
  { tokenizer, network }: LanguageModel,
  config: DemonstrationSettings & Pick<DemoConfig, "sft">,
  work: StageWork = UNSAVED,
): AsyncGenerator<StepEvent, NetworkRunner> {
  const tuned = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, network.config, weightsOf(network)),
    config.sft,
  );
  const dialogues = shownIn(config).map(({ prompt, completion }) =>
    dialogueSequence(tokenizer, prompt.text, completion),
  );
  yield* resumableSteps("sft", tuned, work, (done) =>
    sft(tuned, dialogues, tokenizer.padId, { ...config.sft, ...wholeModel(config) }, done),
  );
  return new NetworkRunner(runtime, frozenCopy(runtime, tuned.network));
}

/** Most pairs of the SFT model's responses whose rewards get mean 0 and deviation 1. */
const NORMALIZED_ON = 512;

export interface TrainedReward {
  scorer: NetworkRunner;
  /** Shift and scale that give the SFT model's own responses mean 0 and deviation 1. */
  scale: { mean: number; std: number };
}

/** Trains a reward model that starts from the SFT model. */
export async function* trainRewardModel(
  runtime: Runtime,
  reference: NetworkRunner,
  tokenizer: Tokenizer,
  pairs: readonly CandidatePair[],
  preferences: RatingOutcome["preferences"],
  config: Pick<DemoConfig, "seed" | "reward">,
  work: StageWork = UNSAVED,
): AsyncGenerator<StepEvent, TrainedReward> {
  const { padId } = tokenizer;
  const { microBatchSize: rows, packing, maxLength } = config.reward;
  const scorer = new NetworkTrainer(
    runtime,
    fullNetwork(runtime, reference.network.config, weightsOf(reference.network), config.seed, "random"),
    config.reward,
  );
  const compared = trainingPairs({ pairs, preferences }, tokenizer);
  yield* resumableSteps("reward", scorer, work, (done) =>
    reward(scorer, compared, padId, { ...config.reward, ...wholeModel(config) }, done),
  );
  // Every pair has a sample of the policy's own; where none has two, the one of each has to do.
  const both = pairs.filter(({ left, right }) => left.ownSample && right.ownSample);
  const own = (both.length > 0 ? both : pairs).slice(0, NORMALIZED_ON);
  const scored = await scorePairs(
    scorer,
    own.map((pair) => tokenPair(pair, tokenizer)),
    { rows, padId, packing },
    maxLength,
  );
  const rewards = scored.flatMap(({ chosen, rejected }, i) => [
    ...(own[i].left.ownSample ? [chosen] : []),
    ...(own[i].right.ownSample ? [rejected] : []),
  ]);
  return { scorer, scale: normalization(rewards) };
}

/** Most samples of the SFT model per training prompt, from which rejection sampling takes the best. */
const REJECTION_SAMPLES = 8;
/** Most training prompts that it learns from. */
const REJECTION_PROMPTS = 1000;

/**
 * Rejection sampling (best of n, then fine-tuning; Dong et al. 2023, RAFT): among the responses that were already
 * sampled for the pairs, the reward model's favourite for each training prompt becomes a demonstration.
 */
export async function* trainByRejection(
  runtime: Runtime,
  reference: NetworkRunner,
  tokenizer: Tokenizer,
  pairs: readonly CandidatePair[],
  { scorer }: Pick<TrainedReward, "scorer">,
  config: Pick<DemoConfig, "seed" | "rejection"> & {
    reward: Pick<DemoConfig["reward"], "microBatchSize" | "packing">;
  },
  work: StageWork = UNSAVED,
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
  yield* resumableSteps("rejection", tuned, work, (done) =>
    sft(tuned, dialogues, padId, { ...config.rejection, ...wholeModel(config) }, done),
  );
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

/** A network's parameters, frozen and trainable, as weights that another network can start from. */
export const weightsOf = ({ frozen, trainable }: Network): Weights =>
  new Map([...frozen, ...trainable.byName]);

/** A frozen copy of the network as it is now. */
function frozenCopy(runtime: Runtime, network: Network): Network {
  const copied = [...weightsOf(network)].map(
    ([name, b]) => [name, runtime.buffer("f32", b.shape, b)] as const,
  );
  const trainable = { ...network.trainable, byName: new Map(), specs: [], decayed: 0 };
  return { config: network.config, frozen: new Map(copied), trainable };
}

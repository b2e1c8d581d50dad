/** The pairs that the demo samples: those that raters compare, and those on held-out prompts. */
import type { Generator } from "../generate/index.js";
import type { Tokenizer } from "../text/index.js";
import { prompts, RATER_POOLS, type RaterPoolName, raterPool } from "../worlds/assistant/index.js";
import { type CandidatePair, type CandidatePlan, candidatePairs } from "./candidates.js";
import type { DemoConfig } from "./config.js";
import { type JudgedPair, judgePairs } from "./preferences.js";

/** Both sides are samples of the policy, to evaluate the reward model on. */
const own = { sample: 1 };
const SAMPLES_ONLY = { facts: own, everyday: own, reworded: own, alarming: own, harmful: own };
/** Pairs per batch for the raters. */
export const PAIRS_TOGETHER = 1500;

/** Settings of the demo on which the sampling of pairs depends. */
type PairSettings = Pick<DemoConfig, "seed" | "topics" | "temperature" | "hotTemperature"> & {
  world: Pick<DemoConfig["world"], "demonstrations">;
  ppo: Pick<DemoConfig["ppo"], "maxNewTokens">;
};

const samplingOf = ({ seed, topics, temperature, hotTemperature, world, ppo }: PairSettings) => ({
  ...{ seed, topics, temperature, hotTemperature, written: world.demonstrations },
  maxNewTokens: ppo.maxNewTokens,
});

/** The pairs that raters compare, in the batches that they get. */
export function sampleCandidates(
  sampler: Generator,
  tokenizer: Tokenizer,
  config: PairSettings & Pick<DemoConfig, "pairs" | "pairSources">,
): AsyncGenerator<CandidatePair[]> {
  const plan: CandidatePlan = {
    ...samplingOf(config),
    ...{ sources: config.pairSources, count: config.pairs, name: "train", batch: PAIRS_TOGETHER },
  };
  return candidatePairs(sampler, tokenizer, prompts("train"), plan);
}

/** Pairs on held-out prompts with votes of honest raters; neither reaches the store or its raters. */
export async function sampleHeldOutPairs(
  sampler: Generator,
  tokenizer: Tokenizer,
  config: PairSettings &
    Pick<DemoConfig, "heldOutPairs" | "heldOutVotes" | "split"> & { people: RaterPoolName },
): Promise<JudgedPair[]> {
  const { seed, heldOutPairs: count, heldOutVotes } = config;
  const plan: CandidatePlan = {
    ...samplingOf(config),
    ...{ sources: SAMPLES_ONLY, count, name: "heldout", batch: count },
  };
  const people = raterPool(RATER_POOLS[config.people], seed);
  const judged: JudgedPair[] = [];
  for await (const batch of candidatePairs(sampler, tokenizer, prompts(config.split), plan))
    judged.push(...judgePairs(batch, people, heldOutVotes, seed));
  return judged;
}

/** The stage of the demo that collects preferences: pairs are sampled while simulated raters compare the last ones. */
import { Generator } from "../generate/index.js";
import type { NetworkRunner } from "../model/runner.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { prompts, RATER_POOLS, raterPool } from "../worlds/assistant/index.js";
import { type CandidatePair, type CandidatePlan, candidatePairs } from "./candidates.js";
import type { DemoConfig } from "./config.js";
import { type StepEvent, stepOf } from "./phases.js";
import { goldAgreement, type JudgedPair, judgePairs } from "./preferences.js";
import { DEMO_POOLS } from "./rating/pools.js";
import type { RatingOutcome } from "./rating/session.js";
import { VotesSummary } from "./rating/summary.js";
import { RatingThread } from "./rating/thread.js";

/** Both sides from the policy: what the reward model is judged on. */
const own = { sample: 1 };
const SAMPLES_ONLY = { facts: own, everyday: own, alarming: own, harmful: own };
/** Pairs that raters get together. */
const PAIRS_TOGETHER = 1500;
/** How often it is said how far the raters are. */
const PROGRESS_MILLISECONDS = 250;

export interface Collected<T> {
  pairs: CandidatePair[];
  preferences: RatingOutcome["preferences"];
  votes: VotesSummary;
  /** Pairs on held-out prompts, with votes of honest raters: kept from the store, and from its raters. */
  heldOutPairs: JudgedPair[];
  /** What was done while the raters finished. */
  meanwhile: T;
}

/**
 * @param database SQLite file for the votes; made.
 * @param meanwhile work that needs the model and no votes; raters are slower than sampling, and leave it a processor.
 */
export async function* collectPreferences<T>(
  runtime: Runtime,
  reference: NetworkRunner,
  tokenizer: Tokenizer,
  config: DemoConfig,
  database: string,
  meanwhile: () => Promise<T>,
): AsyncGenerator<StepEvent, Collected<T>> {
  const {
    seed,
    votesPerPair,
    aggregate: method,
    topics,
    pairSources: sources,
    temperature,
    hotTemperature,
  } = config;
  const { maxNewTokens } = config.ppo;
  const pool = DEMO_POOLS[config.raters];
  const sampler = new Generator(runtime, reference.network, tokenizer.padId, tokenizer);
  const written = config.world.demonstrations;
  const sampling = { topics, temperature, hotTemperature, written, maxNewTokens, seed };
  const rating = new RatingThread({ database, pool, votesPerPair, method, seed });
  const batches = Math.ceil(config.pairs / PAIRS_TOGETHER);
  const progress = (step: number, metrics = {}): StepEvent =>
    stepOf("preferences", { step, steps: 2 * batches, metrics, tokens: 0 });
  const pairs: CandidatePair[] = [];
  try {
    yield progress(0);
    const train: CandidatePlan = {
      ...{ ...sampling, sources, count: config.pairs, name: "train", batch: PAIRS_TOGETHER },
    };
    let sampled = 0;
    for await (const batch of candidatePairs(sampler, tokenizer, prompts("train"), train)) {
      rating.rate(
        batch.map(({ prompt, left, right }) => ({ prompt: prompt.text, left: left.text, right: right.text })),
      );
      pairs.push(...batch);
      yield progress(++sampled);
    }
    const count = config.heldOutPairs;
    const apart: CandidatePlan = {
      ...sampling,
      sources: SAMPLES_ONLY,
      count,
      name: "heldout",
      batch: count,
    };
    const heldOutPairs: JudgedPair[] = [];
    const people = raterPool(RATER_POOLS[pool.people], seed);
    for await (const batch of candidatePairs(sampler, tokenizer, prompts(config.split), apart))
      heldOutPairs.push(...judgePairs(batch, people, config.heldOutVotes, seed));
    const finished = Promise.all([rating.finish(), meanwhile()]);
    for (let waiting = true; waiting; ) {
      const pause = new Promise<true>((resolve) => setTimeout(resolve, PROGRESS_MILLISECONDS, true));
      waiting = await Promise.race([finished.then(() => false), pause]);
      yield progress(batches + Math.floor(((batches - 1) * rating.rated) / Math.max(1, pairs.length)));
    }
    const [outcome, done] = await finished;
    const { preferences } = outcome;
    const left = new Set(preferences.flatMap(({ pair, better }) => (better === "left" ? [pair] : [])));
    const votes = VotesSummary.parse({
      ...{ pairs: pairs.length, votes: outcome.votes, method, raters: outcome.raters },
      labels: goldAgreement(pairs, (i) => left.has(i)),
    });
    yield progress(2 * batches, { pairs: pairs.length, votes: outcome.votes });
    return { pairs, preferences, votes, heldOutPairs, meanwhile: done };
  } finally {
    await rating.stop();
  }
}

/** Collects preferences: pairs are sampled while simulated raters compare earlier ones. */
import type { CandidatePair } from "./candidates.js";
import type { DemoConfig } from "./config.js";
import { type StepEvent, stepOf } from "./phases.js";
import { goldAgreement } from "./preferences.js";
import { DEMO_POOLS } from "./rating/pools.js";
import type { RatingOutcome } from "./rating/session.js";
import { VotesSummary } from "./rating/summary.js";
import { RatingThread } from "./rating/thread.js";
import { PAIRS_TOGETHER } from "./sampled-pairs.js";

/** Milliseconds between reports of the raters' progress. */
const PROGRESS_MILLISECONDS = 250;

export interface Collected {
  preferences: RatingOutcome["preferences"];
  votes: VotesSummary;
}

/**
 * Has raters compare the pairs of batches as they arrive, and aggregates the votes.
 *
 * @param database SQLite file for the votes; it is created.
 */
export async function* collectPreferences(
  batches: AsyncIterable<CandidatePair[]>,
  config: Pick<DemoConfig, "seed" | "pairs" | "raters" | "votesPerPair" | "aggregate">,
  database: string,
): AsyncGenerator<StepEvent, Collected> {
  const { seed, votesPerPair, aggregate: method } = config;
  const rating = new RatingThread({ database, pool: DEMO_POOLS[config.raters], votesPerPair, method, seed });
  const count = Math.ceil(config.pairs / PAIRS_TOGETHER);
  const progress = (step: number, metrics = {}): StepEvent =>
    stepOf("preferences", { step, steps: 2 * count, metrics, tokens: 0 });
  const pairs: CandidatePair[] = [];
  try {
    yield progress(0);
    let sampled = 0;
    for await (const batch of batches) {
      rating.rate(
        batch.map(({ prompt, left, right }) => ({ prompt: prompt.text, left: left.text, right: right.text })),
      );
      pairs.push(...batch);
      yield progress(++sampled);
    }
    const finished = rating.finish();
    for (let waiting = true; waiting; ) {
      const pause = new Promise<true>((resolve) => setTimeout(resolve, PROGRESS_MILLISECONDS, true));
      waiting = await Promise.race([finished.then(() => false), pause]);
      yield progress(count + Math.floor(((count - 1) * rating.rated) / Math.max(1, pairs.length)));
    }
    const { preferences, votes: cast, raters } = await finished;
    const left = new Set(preferences.flatMap(({ pair, better }) => (better === "left" ? [pair] : [])));
    const votes = VotesSummary.parse({
      ...{ pairs: pairs.length, votes: cast, method, raters },
      labels: goldAgreement(pairs, (i) => left.has(i)),
    });
    yield progress(2 * count, { pairs: pairs.length, votes: cast });
    return { preferences, votes };
  } finally {
    await rating.stop();
  }
}

import type { TokenPair } from "../algorithms/reward.js";
import type { Completion, Generator } from "../generate/index.js";
import { RandomStream } from "../random.js";
import { type Interval, mean, wilsonInterval } from "../statistics/estimates.js";
import type { Tokenizer } from "../text/index.js";
import {
  type CastVote,
  goldUtility,
  judge,
  PROMPT_KINDS,
  type Prompt,
  type PromptKind,
  probabilityLeft,
  type Rater,
} from "../worlds/assistant/index.js";
import { promptIds } from "./language-model.js";
import type { RatingOutcome } from "./rating/session.js";

/** Two responses to a prompt. */
export interface SampledPair {
  prompt: Prompt;
  left: Completion;
  right: Completion;
}

/** Rows of the generator's draws between two samplings. */
const ROWS_APART = 1_000_000;

export interface SamplingPlan {
  count: number;
  /** Shares of the kinds of prompt; default: every prompt is as likely as any other. */
  kinds?: Readonly<Record<PromptKind, number>>;
  /** Share of pairs with a response to another prompt. */
  distractors: number;
  maxNewTokens: number;
  seed: number;
  /** Of which sampling this is: its draws differ from the others'. */
  split: "train" | "heldout";
  /** Pairs that are handed on together. */
  batch: number;
}

/**
 * Samples two responses to each prompt and hands them on in batches. In a share of the pairs one side is a response to another
 * prompt of the batch: a policy seldom answers beside the point until it is optimised to, and a reward model that never saw
 * such answers compared would not know them for bad.
 */
export async function* samplePairs(
  generator: Generator,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  { count, kinds, distractors, maxNewTokens, seed, split, batch }: SamplingPlan,
): AsyncGenerator<SampledPair[]> {
  const pick = new RandomStream(seed, `demo/preferences/${split}/prompts`);
  const chosen = Array.from({ length: count }, () => {
    if (!kinds) return pick.choice(prompts);
    const kind = PROMPT_KINDS[pick.weighted(PROMPT_KINDS.map((name) => kinds[name] ?? 0))];
    return pick.choice(prompts.filter((prompt) => prompt.kind === kind));
  });
  const asked = async function* () {
    for (const { text } of chosen) {
      const ids = promptIds(tokenizer, text);
      yield ids;
      yield ids;
    }
  };
  const sampling = {
    ...{ maxNewTokens, temperature: 1, topK: 0, topP: 1, minP: 0, repetitionPenalty: 1, stop: [], seed },
  };
  const firstRow = split === "train" ? 0 : ROWS_APART;
  let completions: Completion[] = [];
  let done = 0;
  for await (const completion of generator.stream(asked(), sampling, { batchSize: 256, firstRow })) {
    completions.push(completion);
    if (completions.length < 2 * Math.min(batch, count - done)) continue;
    const together = completions;
    yield chosen.slice(done, done + together.length / 2).map((prompt, i) => {
      const sides = [together[2 * i], together[2 * i + 1]];
      const random = new RandomStream(seed, `demo/preferences/${split}/distractors`, done + i);
      if (random.bernoulli(distractors)) sides[random.int(2)] = random.choice(together);
      return { prompt, left: sides[0], right: sides[1] };
    });
    done += together.length / 2;
    completions = [];
  }
}

/** Whether the two responses can be told apart. */
export const differs = ({ left, right }: SampledPair): boolean => left.text !== right.text;

/**
 * The pair as the reward model is trained on it: the likelier side, and the chance that it is the worse one. Pairs of which
 * nothing is known teach nothing and are dropped.
 *
 * @param preferences of each pair.
 */
export function trainingPairs(
  pairs: readonly SampledPair[],
  preferences: RatingOutcome["preferences"],
  tokenizer: Tokenizer,
): TokenPair[] {
  return pairs.flatMap(({ prompt, left, right }, i) => {
    const { probability, noise } = preferences[i];
    if (probability === 0.5) return [];
    const before = promptIds(tokenizer, prompt.text);
    const [better, worse] = probability > 0.5 ? [left, right] : [right, left];
    return [{ chosen: [...before, ...better.ids], rejected: [...before, ...worse.ids], noise }];
  });
}

/** Gold utility of the left response above the right one's. */
export const goldDifference = ({ prompt, left, right }: SampledPair): number =>
  goldUtility(prompt, left.text ?? "").total - goldUtility(prompt, right.text ?? "").total;

/** On how many of the pairs that the gold utility tells apart something prefers the side that it prefers. */
export function goldAgreement(
  pairs: readonly SampledPair[],
  prefersLeft: (pair: number) => boolean,
): Interval & { n: number } {
  const told = pairs.map(goldDifference).map((gold, i) => ({ gold, i }));
  const apart = told.filter(({ gold }) => gold !== 0);
  const right = apart.filter(({ gold, i }) => prefersLeft(i) === gold > 0).length;
  return { ...wilsonInterval(right, apart.length), n: apart.length };
}

/** A pair on which people voted. */
export interface JudgedPair extends SampledPair {
  votes: CastVote[];
  leftVotes: number;
  /** Probability that a rater drawn from the pool prefers the left. */
  poolLeft: number;
}

/** Lets a few raters of the pool vote on each pair, without a server: votes for judging models by, not for training on. */
export function judgePairs(
  pairs: readonly SampledPair[],
  raters: readonly Rater[],
  votesPerPair: number,
  seed: number,
): JudgedPair[] {
  return pairs.map((pair, i) => {
    const { prompt, left, right } = pair;
    const texts = [left.text ?? "", right.text ?? ""] as const;
    const [goldLeft, goldRight] = texts.map((text) => goldUtility(prompt, text).total);
    const random = new RandomStream(seed, "demo/preferences/heldout/votes", i);
    const votes = random
      .shuffled(raters)
      .slice(0, votesPerPair)
      .map((rater): CastVote => ({ ...judge(rater, prompt, ...texts, random), goldLeft, goldRight }));
    const leftVotes = votes.filter((vote) => vote.winner === "left").length;
    const poolLeft = mean(raters.map((rater) => probabilityLeft(rater, prompt, ...texts)));
    return { ...pair, votes, leftVotes, poolLeft };
  });
}

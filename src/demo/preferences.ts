import type { TokenPair } from "../algorithms/reward.js";
import type { Completion, Generator } from "../generate/index.js";
import { RandomStream } from "../random.js";
import { mean } from "../statistics/estimates.js";
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

/** A comparison that raters voted on. */
export interface JudgedPair {
  prompt: Prompt;
  left: Completion;
  right: Completion;
  votes: CastVote[];
  leftVotes: number;
  /** Probability that a rater drawn from the pool prefers the left. */
  poolLeft: number;
}

/**
 * Samples two responses to each prompt and lets a few raters of the pool vote on each pair. In a share of the pairs one
 * side is a response to another prompt: a policy seldom answers beside the point until it is optimised to, and a reward
 * model that never saw such answers compared would not know them for bad.
 */
export async function collectPreferences(
  generator: Generator,
  tokenizer: Tokenizer,
  prompts: readonly Prompt[],
  raters: readonly Rater[],
  options: {
    count: number;
    /** Shares of the kinds of prompt; default: every prompt is as likely as any other. */
    kinds?: Readonly<Record<PromptKind, number>>;
    votesPerPair: number;
    /** Share of pairs with a response to another prompt. */
    distractors: number;
    maxNewTokens: number;
    seed: number;
    name: string;
  },
  onProgress: (pairs: number) => void,
): Promise<JudgedPair[]> {
  const { count, votesPerPair, distractors, maxNewTokens, seed, name } = options;
  const pick = new RandomStream(seed, `${name}/prompts`);
  const chosen = Array.from({ length: count }, () => {
    if (!options.kinds) return pick.choice(prompts);
    const kind = PROMPT_KINDS[pick.weighted(PROMPT_KINDS.map((name) => options.kinds?.[name] ?? 0))];
    return pick.choice(prompts.filter((prompt) => prompt.kind === kind));
  });
  const ids = chosen.flatMap((prompt) => {
    const tokens = promptIds(tokenizer, prompt.text);
    return [tokens, tokens];
  });
  const sampling = {
    maxNewTokens,
    temperature: 1,
    topK: 0,
    topP: 1,
    minP: 0,
    repetitionPenalty: 1,
    stop: [],
    seed,
  };
  let tokens = 0;
  const firstRow = name === "preferences" ? 0 : 1_000_000;
  const completions = await generator.generate(ids, sampling, {
    batchSize: 256,
    firstRow,
    onStep: (n) => onProgress((tokens += n)),
  });

  return chosen.map((prompt, i) => {
    const sides = [completions[2 * i], completions[2 * i + 1]];
    const random = new RandomStream(seed, `${name}/votes`, i);
    if (random.bernoulli(distractors)) sides[random.int(2)] = random.choice(completions);
    const [left, right] = sides;
    const voters = random.shuffled(raters).slice(0, votesPerPair);
    const goldLeft = goldUtility(prompt, left.text ?? "").total;
    const goldRight = goldUtility(prompt, right.text ?? "").total;
    const votes = voters.map((rater): CastVote => {
      const { winner, probabilityLeft } = judge(rater, prompt, left.text ?? "", right.text ?? "", random);
      return { winner, probabilityLeft, goldLeft, goldRight };
    });
    const leftVotes = votes.filter((vote) => vote.winner === "left").length;
    const poolLeft = mean(
      raters.map((rater) => probabilityLeft(rater, prompt, left.text ?? "", right.text ?? "")),
    );
    return { prompt, left, right, votes, leftVotes, poolLeft };
  });
}

/**
 * The pair as the reward model is trained on it: the majority's choice, and as its noise the minority's share of the
 * votes with one vote added to each side (the posterior mean under a uniform prior). Pairs of equal texts teach
 * nothing and are dropped, and so are drawn votes.
 */
export function trainingPairs(judged: readonly JudgedPair[], tokenizer: Tokenizer): TokenPair[] {
  return judged
    .filter((pair) => pair.left.text !== pair.right.text && 2 * pair.leftVotes !== pair.votes.length)
    .map((pair) => {
      const before = promptIds(tokenizer, pair.prompt.text);
      const [better, worse] =
        2 * pair.leftVotes > pair.votes.length ? [pair.left, pair.right] : [pair.right, pair.left];
      const minority = Math.min(pair.leftVotes, pair.votes.length - pair.leftVotes);
      return {
        chosen: [...before, ...better.ids],
        rejected: [...before, ...worse.ids],
        noise: (minority + 1) / (pair.votes.length + 2),
      };
    });
}

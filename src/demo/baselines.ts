/** Best of n, the baseline that PPO has to beat: the same reward model chooses among samples of the SFT model. */
import { chunks, promptCompletion } from "../model/batch.js";
import type { NetworkRunner } from "../model/runner.js";
import { type Batching, sequenceScores } from "../model/score.js";
import type { Tokenizer } from "../text/index.js";
import type { Prompt } from "../worlds/assistant/index.js";
import type { Response } from "./candidates.js";
import { promptIds } from "./language-model.js";
import type { GoldSamples } from "./policies.js";

/**
 * KL per response of best of n from the policy that is sampled, in nats: log n - (n - 1) / n (Stiennon et al. 2020). It
 * is an upper bound, and the KL is lower where answers repeat (Beirami et al. 2024, "Theoretical guarantees on the
 * best-of-n alignment policy"), so a comparison at equal figures favours the other policy.
 */
export const bestOfKl = (n: number): number => Math.log(n) - (n - 1) / n;

/** The largest n up to `most` whose bound on the KL does not exceed `kl`; at least 1. */
export function bestOfAtKl(kl: number, most: number): number {
  let n = 1;
  while (n < most && bestOfKl(n + 1) <= kl) n++;
  return n;
}

/** The reward model's scores of each prompt's responses. */
export async function scores(
  rewardModel: NetworkRunner,
  tokenizer: Tokenizer,
  asked: readonly { prompt: Prompt; responses: readonly Pick<Response, "ids">[] }[],
  batching: Batching,
): Promise<number[][]> {
  const sequences = asked.flatMap(({ prompt, responses }) => {
    const before = promptIds(tokenizer, prompt.text);
    return responses.map(({ ids }) => promptCompletion(before, ids));
  });
  const flat = [...(await sequenceScores(rewardModel, sequences, batching))];
  return asked.map(({ responses }) => flat.splice(0, responses.length));
}

/** Index of the highest score; of equal ones, the first. */
export const bestOf = (scored: readonly number[]): number => scored.indexOf(Math.max(...scored));

/** The best of every n responses to each prompt in turn. A last group of fewer is left out. */
export function bestOfEach(
  samples: readonly GoldSamples[],
  scored: readonly number[][],
  n: number,
): GoldSamples[] {
  return samples.map(({ prompt, responses }, i) => {
    const groups = chunks([...responses.keys()], n).filter((group) => group.length === n);
    return {
      prompt,
      responses: groups.map((group) => responses[group[bestOf(group.map((r) => scored[i][r]))]]),
    };
  });
}

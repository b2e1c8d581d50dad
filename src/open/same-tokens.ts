import { PlumbError } from "../base/errors.js";
import type { ModelConfig } from "../model/config.js";
import type { RewardModel } from "../model/reward-model.js";
import type { Tokenizer } from "../text/index.js";

/** A model whose samples a reward model is to score. */
interface Sampled {
  config: ModelConfig;
  tokenizer: Tokenizer;
}

/**
 * A reward model scores the sampled tokens themselves, so both models must mean the same by each id.
 *
 * @param dir the reward model's name. @throws PlumbError if they do not, or the policy may sample a token for which the reward
 * model has no row.
 */
export function checkSameTokens(
  policy: Sampled,
  model: Pick<RewardModel, "config" | "tokenizer">,
  dir: string,
): void {
  checkTokenizers(policy.tokenizer, model.tokenizer, dir);
  const tokens = Math.min(policy.config.vocabSize, policy.tokenizer.vocabSize);
  const rows = model.config.vocabSize;
  if (rows >= tokens) return;
  throw new PlumbError(
    `${dir} has ${rows} rows, none for the token ${JSON.stringify(policy.tokenizer.tokenOf(rows))} (${rows}), which the policy has`,
    { hint: "Train the reward model on the policy's model after plumb convert --resize." },
  );
}

function checkTokenizers(policy: Tokenizer, other: Tokenizer, dir: string): void {
  if (policy === other) return;
  const most = Math.max(policy.vocabSize, other.vocabSize);
  for (let id = 0; id < most; id++) {
    if (policy.tokenOf(id) === other.tokenOf(id)) continue;
    const [ours, theirs] = [policy, other].map((one) => JSON.stringify(one.tokenOf(id) ?? null));
    throw new PlumbError(
      `${dir} has a different tokenizer from the policy: token ${id} is ${theirs}, not ${ours}`,
      {
        hint: "Train the reward model on a model of the same family.",
      },
    );
  }
}

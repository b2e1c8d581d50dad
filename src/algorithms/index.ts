/**
 * Training algorithms: each is a configuration, its maths as small functions, and a loop that yields a `Step` after
 * each step or iteration.
 *
 * @example
 * import { groupAdvantages } from "plumbline/algorithms";
 *
 * // Rewards of two responses to each of two prompts: the second prompt's say nothing.
 * console.log(groupAdvantages([1, 0, 0.5, 0.5], 2, "group"));
 */

export { type AnswerPair, cutPair, type LabelledAnswer, type PairLogProbs } from "./answers.js";
export {
  type DpoConfig,
  type DpoInput,
  type DpoPair,
  type DpoSetup,
  dpo,
  dpoLoss,
  dpoSchema,
  implicitRewards,
  type MovingReference,
  pairLogProbs,
} from "./dpo.js";
export type { Compared, GrpoInput } from "./grpo.js";
export {
  type GrpoConfig,
  type GrpoSetup,
  type GrpoState,
  groupAdvantages,
  grpo,
  grpoLoss,
  grpoSchema,
} from "./grpo.js";
export {
  type KtoConfig,
  type KtoInput,
  type KtoReference,
  type KtoSetup,
  klPoint,
  kto,
  ktoLoss,
  ktoSchema,
  labelledSequence,
  mismatched,
} from "./kto.js";
export {
  bestAndWorst,
  type OnlineDpoConfig,
  type OnlineDpoSetup,
  onlineDpo,
  onlineDpoSchema,
  type Paired,
} from "./online-dpo.js";
export { batchIndices, minibatch } from "./order.js";
export {
  logOdds,
  type OrpoConfig,
  type OrpoInput,
  type OrpoSetup,
  orpo,
  orpoLoss,
  orpoSchema,
} from "./orpo.js";
export type { Trajectory } from "./ppo.js";
export {
  adaptKlCoefficient,
  advantagesAndReturns,
  type PpoConfig,
  type PpoSetup,
  type PpoState,
  policyLoss,
  ppo,
  ppoSchema,
  valueLoss,
} from "./ppo.js";
export {
  discountedReturns,
  lessGroupMean,
  normalizedReturns,
  type ReinforceConfig,
  type ReinforceSetup,
  type Returned,
  reinforce,
  reinforceSchema,
} from "./reinforce.js";
export {
  type Candidate,
  type RejectionConfig,
  type RejectionSetup,
  rejectionSampling,
  rejectionSchema,
} from "./rejection-sampling.js";
export {
  bradleyTerryLoss,
  normalization,
  type RewardConfig,
  reward,
  rewardSchema,
  scorePairs,
  type TokenPair,
} from "./reward.js";
export {
  functionReward,
  type ModelReward,
  modelReward,
  type RewardFunction,
  type RewardInput,
  type RewardPrompt,
  type RewardSource,
  type Rewards,
} from "./reward-sources.js";
export {
  type LeftOut,
  leaveOneOutAdvantages,
  type RlooConfig,
  type RlooInput,
  type RlooSetup,
  rloo,
  rlooLoss,
  rlooSchema,
} from "./rloo.js";
export { type Actors, type PromptTokens, type Rollout, type RolloutConfig, rollout } from "./rollout.js";
export { type SftConfig, sft, sftSchema } from "./sft.js";
export type { Step } from "./step.js";

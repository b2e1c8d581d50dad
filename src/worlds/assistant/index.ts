/**
 * The built-in world: a small assistant that answers questions, explains simple tasks and meets harmful requests.
 *
 * Its language is small enough for a model of a million parameters, and its gold utility is computed from a response's
 * text alone (gold.ts), so that a whole RLHF run can be judged exactly: what the raters wanted, how much of it the
 * reward model learned, and what the policy made of that. It has prompts in four splits (prompts.ts), pre-training text
 * (corpus.ts), demonstrations of mixed quality (demonstrations.ts) and simulated raters (rater.ts).
 */

export type { Activity, HarmfulAct, HeldOutSplit } from "./activities.js";
export { CHAT_TEMPLATE, EOS_TOKEN, formatPrompt, PAD_TOKEN, SPECIAL_TOKENS } from "./chat.js";
export { AssistantWorldConfig, DEFAULT_WORLD, DemonstrationConfig } from "./config.js";
export { approximateTokens, corpus } from "./corpus.js";
export { type Demonstration, demonstrations, sampleStyle } from "./demonstrations.js";
export {
  GOLD_RANGE,
  GOLD_WEIGHTS,
  type GoldFeatures,
  type GoldUtility,
  goldUtility,
  HARM_BEHAVIOURS,
  type HarmBehaviour,
} from "./gold.js";
export type { Attribute } from "./knowledge.js";
export {
  MINIMAL_PAIR_KINDS,
  type MinimalPair,
  type MinimalPairKind,
  minimalPairs,
} from "./minimal-pairs.js";
export { type ModelledVote, type NoiseCeiling, noiseCeiling } from "./noise-ceiling.js";
export {
  HELD_OUT_SPLITS,
  PROMPT_KINDS,
  PROMPT_TOPICS,
  PROMPTS,
  type Prompt,
  type PromptKind,
  type PromptTopic,
  prompts,
  promptWithText,
  SPLITS,
  type Split,
  type Task,
  topicOf,
} from "./prompts.js";
export { type Judgement, judge, probabilityLeft, type Rater, RaterTraits, raterUtility } from "./rater.js";
export { RATER_POOLS, RaterGroup, RaterPoolConfig, type RaterPoolName, raterPool } from "./rater-pool.js";
export { isRefusal, isUnsafe, MAX_RESPONSE_CHARACTERS } from "./reading.js";
export {
  CONTENTS,
  type Content,
  idealStyle,
  MANNERS,
  type Manner,
  renderResponse,
  type Style,
} from "./render.js";
export { SLIPS, type Slip, withSlip } from "./slip.js";

/** Evaluation of policies and reward models: figures with their intervals. */
export { distinctN } from "./diversity.js";
export type { Config as EvaluationConfig } from "./evaluation.js";
export { type Evaluation, evaluate, evaluationSchema } from "./evaluation.js";
export {
  type Comparison,
  compareAnswers,
  lossPerToken,
  type PolicyAnswer,
  type PolicyReport,
  perplexity,
  policyReport,
  type ScoredText,
} from "./policy-report.js";
export { type ResponsePairsConfig, ROUNDS, responsePairs, responsePairsSchema } from "./response-pairs.js";

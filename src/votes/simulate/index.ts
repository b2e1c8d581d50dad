/**
 * Simulated raters: careful people, careless people and attackers, as pure functions of what is on the screen and a
 * stream of random numbers. They judge by the built-in world's utility or by one hidden in any texts (values.ts), so
 * results can be compared with a known truth.
 */
export { type SimulatedPoolConfig, simulatedPoolSchema, simulatedRaters } from "./pool.js";
export { ASSISTANT_VALUES, hiddenValues, type Values } from "./values.js";
export { RATER_KINDS, type Rated, type RaterKind, type SimulatedRater, type TaskView } from "./view.js";
export { simulateVotes, type VotingPlan } from "./votes.js";

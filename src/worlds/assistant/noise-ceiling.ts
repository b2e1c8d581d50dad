/**
 * How accurate a model can be on noisy votes.
 *
 * For a vote whose rater preferred the left with probability p, drawn once:
 *
 *     ceiling       mean of max(p, 1 - p): expected accuracy of a predictor that knows every rater's probabilities
 *     goldExpected  mean of p where gold prefers the left, of 1 - p where it prefers the right, 1/2 where it ties:
 *                   expected accuracy of a predictor that knows the gold utility and not the raters' biases
 *     goldAccuracy  the same with the votes as they were cast; a tie counts 1/2
 *
 * goldExpected <= ceiling always; a reward model learns some of the biases, so it can lie between the two.
 */
export interface ModelledVote {
  winner: "left" | "right";
  probabilityLeft: number;
  /** Gold utility of each response. */
  goldLeft: number;
  goldRight: number;
}

/**
 * How often raters' votes can agree with what is better: nothing that learns from them is expected to be right more
 * often. Shares are in [0, 1].
 */
export interface NoiseCeiling {
  votes: number;
  /** Share of votes whose responses have equal gold utility. */
  ties: number;
  ceiling: number;
  goldExpected: number;
  goldAccuracy: number;
}

/** The limits that noise sets on these votes; with no votes every mean is NaN. */
export function noiseCeiling(votes: readonly ModelledVote[]): NoiseCeiling {
  const mean = (value: (vote: ModelledVote) => number) =>
    votes.reduce((sum, vote) => sum + value(vote), 0) / votes.length;
  const leftByGold = ({ goldLeft, goldRight }: ModelledVote) =>
    goldLeft === goldRight ? 0.5 : goldLeft > goldRight ? 1 : 0;
  const agreement = (gold: number, left: number) => gold * left + (1 - gold) * (1 - left);
  return {
    votes: votes.length,
    ties: mean((vote) => (vote.goldLeft === vote.goldRight ? 1 : 0)),
    ceiling: mean((vote) => Math.max(vote.probabilityLeft, 1 - vote.probabilityLeft)),
    goldExpected: mean((vote) => agreement(leftByGold(vote), vote.probabilityLeft)),
    goldAccuracy: mean((vote) => agreement(leftByGold(vote), vote.winner === "left" ? 1 : 0)),
  };
}

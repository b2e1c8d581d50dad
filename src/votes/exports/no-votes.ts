/** Rows that say what was found better, and not by whom. */

/**
 * Why the rows of a file hold no votes, and what to do; undefined if nothing is known against them. The sentence follows
 * the file's name.
 */
export function noVotes(row: Record<string, unknown>): string | undefined {
  const has = (...names: string[]) => names.every((name) => name in row);
  if (has("judge") || has("rater") || has("worker") || has("annotator")) return undefined;
  if (has("winner_model_a"))
    return "has verdicts in winner_model_a, winner_model_b and winner_tie, and names no raters, whose votes are what is aggregated; write question_id,judge,model_a,model_b,winner";
  if (has("model_a", "model_b", "winner"))
    return `has battles of an arena, and names no raters, whose votes are what is aggregated; write who judged in a column judge${has("evaluation_session_id") ? " (evaluation_session_id, where a session is a person)" : ""}`;
  if (has("chosen", "rejected"))
    return "has pairs of a chosen and a rejected response (as Anthropic's HH and TRL's preference data), and names no raters, whose votes are what is aggregated; plumb reward trains on it as it is, and plumb tasks import makes items of it for raters to judge again";
  return undefined;
}

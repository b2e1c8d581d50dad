/** Names of the fields of tasks and settings; what each means is in its schema, in English, or in `hints`. */
export const fields = {
  names: {
    kind: "Kind",
    aspects: "Aspects",
    strengths: "Degrees of preference",
    scale: "Points of the scale",
    rationale: "Rationale",
    flags: "Flags on single answers",
    contentWarning: "Disturbing content",
    overlap: "Votes an item",
    leaseSeconds: "Seconds to answer",
    goldRate: "Share of gold items",
    repeatRate: "Share of hidden repeats",
    repeatAfter: "Turns before a repeat",
    votesPerDay: "Most votes a day, each rater",
    votesPerRater: "Most votes of each rater",
    correctionSeconds: "Seconds to correct a vote",
    stop: "Stop early",
    probability: "Sure enough at",
    leastVotes: "Votes by then",
    reliability: "Reliability of the unknown",
  } as Record<string, string>,
  options: {
    off: "not asked",
    optional: "may be given",
    required: "has to be given",
  } as Record<string, string>,
  /** In place of the schema's own words. */
  hints: {
    aspects: "Judged apart, with commas between them: overall, helpful, harmless, honest, or your own",
  } as Record<string, string>,
  unset: "no limit",
};

import { z } from "zod";
import type { Interval } from "../../statistics/estimates.js";
import { RATER_KINDS, type RaterKind } from "../../votes/simulate/index.js";

const interval = z.object({ estimate: z.number(), low: z.number(), high: z.number() });
const count = z.int().min(0);

/** Votes and raters in a demo's result. */
export const VotesSummary = z.object({
  pairs: count.describe("Pairs of different responses that were judged"),
  votes: count,
  method: z.string().describe("How the votes were aggregated"),
  labels: interval
    .extend({ n: count })
    .describe("Share of the pairs with different gold utilities whose better side the aggregate found"),
  raters: z.array(
    z.object({
      rater: z.string(),
      kind: z.enum(RATER_KINDS).describe("Known because raters are simulated; hidden from the aggregation"),
      votes: count,
      reliability: interval.describe("How often the rater is right, by the votes, with a 95% interval"),
      flags: z.array(z.object({ kind: z.string(), reason: z.string() })),
    }),
  ),
});
export type VotesSummary = z.infer<typeof VotesSummary>;

/** Figures over all raters of one kind. */
export interface KindSummary {
  kind: RaterKind;
  raters: number;
  votes: number;
  /** Mean reliability of its raters; low and high are the lowest and the highest rater's. */
  reliability: Interval;
  flagged: number;
  /** Kinds of flags that were raised. */
  flags: string[];
}

/** Summaries by kind, in the order of RATER_KINDS; kinds without raters are left out. */
export function byKind(raters: VotesSummary["raters"]): KindSummary[] {
  return RATER_KINDS.flatMap((kind) => {
    const own = raters.filter((rater) => rater.kind === kind);
    if (own.length === 0) return [];
    const reliabilities = own.map(({ reliability }) => reliability.estimate);
    return [
      {
        kind,
        raters: own.length,
        votes: own.reduce((sum, { votes }) => sum + votes, 0),
        reliability: {
          estimate: reliabilities.reduce((a, b) => a + b, 0) / own.length,
          low: Math.min(...reliabilities),
          high: Math.max(...reliabilities),
        },
        flagged: own.filter(({ flags }) => flags.length > 0).length,
        flags: [...new Set(own.flatMap(({ flags }) => flags.map((flag) => flag.kind)))],
      },
    ];
  });
}

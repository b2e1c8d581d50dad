import { z } from "zod";

/** Settings for handing out a project's items. Every field has a default or is optional, so `{}` is valid. */
export const AssignmentSettings = z.object({
  overlap: z
    .int()
    .min(1)
    .max(1000)
    .default(3)
    .describe("Judgements wanted for each item, by different raters"),
  leaseSeconds: z
    .int()
    .min(10)
    .max(86_400)
    .default(1800)
    .describe("How long a rater holds an item without answering"),
  goldRate: z.number().min(0).max(0.5).default(0).describe("Share of turns that show a gold item"),
  repeatRate: z
    .number()
    .min(0)
    .max(0.5)
    .default(0)
    .describe("Share of turns that show an item that the rater judged before"),
  repeatAfter: z
    .int()
    .min(1)
    .max(1000)
    .default(10)
    .describe("Least number of turns between a judgement and its repeat"),
  votesPerDay: z.int().min(1).optional().describe("Most votes of one rater in a day (UTC)"),
  votesPerRater: z.int().min(1).optional().describe("Most votes of one rater in the project"),
  correctionSeconds: z
    .int()
    .min(0)
    .max(31_536_000)
    .default(86_400)
    .describe("How long after a vote its rater may correct it; 0 allows none"),
  stop: z
    .object({
      probability: z
        .number()
        .gt(0.5)
        .lt(1)
        .describe("An item is decided when one verdict has at least this probability"),
      leastVotes: z.int().min(1).max(1000).default(2).describe("Least votes for deciding an item"),
      reliability: z
        .number()
        .gt(0.5)
        .lt(1)
        .default(0.75)
        .describe("Probability that a rater without an estimate answers correctly"),
    })
    .optional()
    .describe(
      "Stops asking about an item early, when every aspect of a comparison, or its safety label, is decided",
    ),
});
export type AssignmentSettings = z.infer<typeof AssignmentSettings>;

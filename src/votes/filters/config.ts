import { z } from "zod";

const rate = z.number().gt(0).lt(1);

/** Settings of the filters: what to look for, and how often honest raters may be flagged by mistake. */
export const filterSchema = z.object({
  falseAlarms: rate
    .max(0.2)
    .default(0.01)
    .describe("Probability that a statistical filter flags any honest rater in one run."),
  tooFast: z.boolean().default(true).describe("Look for votes and raters too fast to have read."),
  straightLining: z
    .boolean()
    .default(true)
    .describe("Look for raters who answer by the place of a response."),
  toleratedBias: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.2)
    .describe(
      "Tolerated excess of a favourite place, as a share of the rest: with two places, 0.2 allows 60%.",
    ),
  selfContradiction: z.boolean().default(true).describe("Look for hidden repeats answered differently."),
  toleratedContradictions: rate
    .default(0.25)
    .describe("Largest share of hidden repeats that honest raters answer differently."),
  intransitive: z.boolean().default(true).describe("Look for circular preferences."),
  toleratedCircles: rate
    .default(0.12)
    .describe(
      "Largest share of triples in which honest raters prefer in a circle; answering at random gives 0.25.",
    ),
  nearDuplicate: z.boolean().default(true).describe("Look for items that say almost the same."),
  similarity: rate
    .default(0.8)
    .describe("Least similarity of near-duplicate items (Jaccard, of five-character shingles)."),
  failedGold: z.boolean().default(true).describe("Look for raters who fail gold items."),
  goldFlagged: rate
    .max(0.2)
    .default(0.05)
    .describe("Share of honest raters that the gold test may ever flag, however often it is run."),
  goldAccuracy: rate.default(0.7).describe("Least accuracy of honest raters on gold items of each class."),
  copiedText: z.boolean().default(true).describe("Look for rationales and demonstrations that are copied."),
  copiedSimilarity: rate.default(0.85).describe("Least similarity of copied texts."),
  copiedLength: z
    .number()
    .int()
    .min(1)
    .default(40)
    .describe("Least letters and digits of a text that is compared with others."),
  personalData: z
    .boolean()
    .default(true)
    .describe("Look for personal data and secrets in what raters write."),
  safetyConflict: z
    .boolean()
    .default(true)
    .describe("Look for preferences for harmful responses over refusals, by a list of words."),
});
export type FilterConfig = z.infer<typeof filterSchema>;

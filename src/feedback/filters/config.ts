import { z } from "zod";

const rate = z.number().gt(0).lt(1);

/** What is looked for, and how often honest raters may be found by mistake. */
export const filterSchema = z.object({
  falseAlarms: rate
    .max(0.2)
    .default(0.01)
    .describe("Chance that a statistical filter finds any honest rater at all, in one run."),
  tooFast: z.boolean().default(true).describe("Look for votes and raters too fast to have read."),
  straightLining: z.boolean().default(true).describe("Look for raters who answer by place."),
  toleratedBias: z
    .number()
    .min(0)
    .max(0.9)
    .default(0.2)
    .describe("How far a favourite place may exceed its share, of what is left: 0.2 is 60% left of two."),
  selfContradiction: z.boolean().default(true).describe("Look for hidden repeats answered differently."),
  toleratedContradictions: rate
    .default(0.25)
    .describe("Share of hidden repeats that honest raters answer the other way at most."),
  intransitive: z.boolean().default(true).describe("Look for preferences that go in circles."),
  toleratedCircles: rate
    .default(0.12)
    .describe("Share of triples that honest raters close into circles at most; chance makes 0.25."),
  nearDuplicate: z.boolean().default(true).describe("Look for items that say almost the same."),
  similarity: rate
    .default(0.8)
    .describe("Least similarity of near-duplicate items (Jaccard, of five-character shingles)."),
  failedGold: z.boolean().default(true).describe("Look for raters who fail gold items."),
  goldFlagged: rate
    .max(0.2)
    .default(0.05)
    .describe("Share of honest raters that the gold test may ever find, however often it is looked at."),
  goldAccuracy: rate.default(0.7).describe("Accuracy that honest raters reach on gold items of each class."),
  copiedText: z.boolean().default(true).describe("Look for rationales and demonstrations that are copied."),
  copiedSimilarity: rate.default(0.85).describe("Least similarity of copied texts."),
  copiedLength: z
    .number()
    .int()
    .min(1)
    .default(40)
    .describe("Letters and digits from which on a text is compared with others."),
  personalData: z
    .boolean()
    .default(true)
    .describe("Look for personal data and secrets in what raters write."),
  safetyConflict: z
    .boolean()
    .default(true)
    .describe("Look for preferences for harm over a refusal, by a list of words."),
});
export type FilterConfig = z.infer<typeof filterSchema>;

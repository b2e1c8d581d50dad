/** What a lead is told of a project, as schemas: the server's contracts and the functions of this folder share them. */
import { z } from "zod";
import { RATER_FLAGS } from "../aggregate/rater-flags.js";
import { FILTERS } from "../filters/finding.js";
import { REVIEW_STATES } from "../judgement/index.js";

const share = z.number().describe("In [0, 1]");
const time = z.int().describe("Unix milliseconds");
const rater = z.string().describe("Pseudonym");
const bounds = { low: z.number(), high: z.number() };
/** An estimate with its 95% interval, from n observations. */
const Estimate = z.object({ estimate: z.number(), ...bounds, n: z.int() });
const estimate = Estimate.nullable();
const asOf = z.int().describe("Number of the project's last vote that was looked at");
const aspect = z.string().describe("What was asked; of tasks without aspects, their kind");

export const AgreementView = z.object({
  asOf,
  aspects: z.array(
    z.object({
      aspect,
      votes: z.int(),
      units: z.int().describe("Items, or pairs or responses of items, that were judged"),
      raters: z.int(),
      percent: estimate.describe("Share of pairs of votes that agree; n in units with two votes or more"),
      alpha: z
        .object({ nominal: estimate, ordinal: estimate, interval: estimate })
        .describe("Krippendorff's, bootstrap intervals over items; null where it does not apply"),
      fleiss: estimate,
      cohen: estimate,
      groups: z.array(z.object({ group: z.string(), votes: z.int(), alpha: estimate })),
      windows: z
        .array(z.object({ from: time, to: time, votes: z.int(), alpha: estimate }))
        .describe("Over time, windows of equally many votes"),
    }),
  ),
});
export type AgreementView = z.infer<typeof AgreementView>;

const Habit = Estimate.extend({ expected: share.describe("What would show no habit") });

export const RaterTable = z.object({
  asOf,
  aspect,
  raters: z.array(
    z.object({
      rater,
      group: z.string().optional(),
      state: z.string().describe("active, paused, excluded or left"),
      reason: z.string().optional().describe("Why paused or excluded"),
      votes: z.int().describe("That count; gold, repeats and rejected ones left out"),
      held: z.int(),
      rejected: z.int(),
      lastVoteAt: time.optional(),
      reliability: estimate.describe("How often right, by the default aggregate; n in votes it is read from"),
      gold: estimate.describe("Share of gold items that were answered rightly"),
      consistency: estimate.describe("Share of hidden repeats that were not answered the other way"),
      medianSeconds: z.number().nullable(),
      firstPlace: Habit.nullable().describe("Share of preferences for the first place of the screen"),
      longer: Habit.nullable().describe("Share of preferences for the longer response; expected: the pool's"),
      flags: z.array(
        z.object({
          source: z.enum(["aggregate", "filter"]),
          kind: z.enum([...RATER_FLAGS, ...FILTERS]),
          reason: z.string(),
        }),
      ),
    }),
  ),
});
export type RaterTable = z.infer<typeof RaterTable>;

export const DisagreementsView = z.object({
  asOf,
  aspect,
  count: z.int().describe("Units with two votes or more"),
  items: z.array(
    z.object({
      item: z.string(),
      prompt: z.string().describe("How it begins"),
      what: z.string().optional().describe("Response of the item that was rated, or pair that was ranked"),
      entropy: z.number().describe("Of the votes, in bits: 0 where all agree"),
      votes: z.array(
        z.object({
          vote: z.string(),
          rater,
          group: z.string().optional(),
          said: z.string(),
          rationale: z.string().optional(),
          seconds: z.number().optional(),
          castAt: time,
          review: z.enum(REVIEW_STATES).optional(),
        }),
      ),
    }),
  ),
  next: z.int().optional(),
});
export type DisagreementsView = z.infer<typeof DisagreementsView>;

export const PreferencesView = z.object({
  asOf,
  aspect,
  kind: z.enum(["pairs", "labels"]),
  method: z.string(),
  count: z.int(),
  preferences: z
    .array(
      z.object({
        item: z.string(),
        left: z.string(),
        right: z.string(),
        probability: share.describe("P(left is better)"),
        noise: share.describe("P(the likelier side is the worse), at most .4"),
        votes: z.int(),
      }),
    )
    .describe("Of comparisons and rankings: pairs of responses, by name"),
  labels: z
    .array(
      z.object({ item: z.string(), response: z.string().optional(), label: z.string(), probability: share }),
    )
    .describe("Of safety labels and ratings"),
  scores: z
    .array(z.object({ candidate: z.string(), score: z.number(), ...bounds }))
    .describe("Of responses by name, best first, on the logistic scale"),
  next: z.int().optional(),
});
export type PreferencesView = z.infer<typeof PreferencesView>;

export const ForecastView = z.object({
  asOf,
  votes: z.int(),
  remaining: z.int().describe("Votes that are wanted still; fewer if items are decided early"),
  perDay: estimate.describe("Votes a day, lately; n in spans of time that were looked at"),
  end: z
    .object({ estimate: time, low: time, high: time.nullable().describe("null: perhaps never") })
    .nullable()
    .describe("When the last vote is expected, with a 95% interval"),
  caution: z.string().optional().describe("What the interval of the end rests on, where it is not sure"),
  why: z.string().optional().describe("Why no end is expected"),
});
export type ForecastView = z.infer<typeof ForecastView>;

export const ExclusionPreview = z.object({
  asOf,
  aspect,
  votes: z.int().describe("That would be left out"),
  units: z.int().describe("Pairs or items that are judged now"),
  lost: z.int().describe("Of them, those without any other vote"),
  changed: z.int().describe("Of them, those whose answer would be another"),
  changes: z
    .array(
      z.object({
        item: z.string(),
        left: z.string().optional(),
        right: z.string().optional(),
        before: z.object({ answer: z.string(), probability: share }),
        after: z.object({ answer: z.string(), probability: share }).nullable().describe("null: no vote left"),
      }),
    )
    .describe("The first of them, lost ones last"),
});
export type ExclusionPreview = z.infer<typeof ExclusionPreview>;

export const FilterRun = z.object({
  asOf,
  votes: z.int().describe("That were looked at"),
  filters: z.array(z.object({ filter: z.enum(FILTERS), holds: z.int(), warnings: z.int() })),
  warnings: z
    .array(
      z.object({
        filter: z.enum(FILTERS),
        evidence: z.string(),
        raters: z.array(rater),
        items: z.array(z.string()),
      }),
    )
    .describe("The first of them; nothing is held for a warning"),
  held: z.int().describe("Findings that are new; those made before are left as they are"),
});
export type FilterRun = z.infer<typeof FilterRun>;

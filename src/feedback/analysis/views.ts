/** Schemas of the reports for a lead; the server's contracts and the functions of this folder share them. */
import { z } from "zod";
import { RATER_FLAGS } from "../../votes/aggregate/rater-flags.js";
import { FILTERS } from "../../votes/filters/finding.js";
import { REVIEW_STATES } from "../../votes/judgement/index.js";

const share = z.number().describe("In [0, 1]");
const time = z.int().describe("Unix milliseconds");
const rater = z.string().describe("Pseudonym");
const bounds = { low: z.number(), high: z.number() };
/** An estimate with its 95% interval, from n observations. */
const Estimate = z.object({ estimate: z.number(), ...bounds, n: z.int() });
const estimate = Estimate.nullable();
const asOf = z.int().describe("Number of the last vote included");
const aspect = z.string().describe("Aspect asked about; for tasks without aspects, their kind");

export const AgreementView = z.object({
  asOf,
  aspects: z.array(
    z.object({
      aspect,
      votes: z.int(),
      units: z.int().describe("Items, or pairs or responses of items, that were judged"),
      raters: z.int(),
      percent: estimate.describe("Share of pairs of votes that agree; n counts units with two or more votes"),
      alpha: z
        .object({ nominal: estimate, ordinal: estimate, interval: estimate })
        .describe("Krippendorff's alpha, with bootstrap intervals over items; null where it does not apply"),
      fleiss: estimate,
      cohen: estimate,
      groups: z.array(z.object({ group: z.string(), votes: z.int(), alpha: estimate })),
      windows: z
        .array(z.object({ from: time, to: time, votes: z.int(), alpha: estimate }))
        .describe("Alpha over time, in windows of equally many votes"),
    }),
  ),
});
export type AgreementView = z.infer<typeof AgreementView>;

const Habit = Estimate.extend({ expected: share.describe("The share without a habit") });

export const RaterTable = z.object({
  asOf,
  aspect,
  leastVotes: z
    .int()
    .describe("Votes below which a reliability says nothing, however it reads; pages show none"),
  raters: z.array(
    z.object({
      rater,
      group: z.string().optional(),
      state: z.string().describe("active, paused, excluded or left"),
      reason: z.string().optional().describe("Why paused or excluded"),
      votes: z.int().describe("Votes that count, without gold items, repeats and rejected votes"),
      held: z.int(),
      rejected: z.int(),
      lastVoteAt: time.optional(),
      reliability: estimate.describe(
        "How often the rater is right, by the default aggregate; n counts the votes used",
      ),
      gold: estimate.describe("Share of gold items answered correctly"),
      consistency: estimate.describe("Share of hidden repeats that do not contradict the earlier answer"),
      medianSeconds: z.number().nullable(),
      firstPlace: Habit.nullable().describe("Share of preferences for the first place on the screen"),
      longer: Habit.nullable().describe(
        "Share of preferences for the longer response; expected: all raters' share",
      ),
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
  count: z.int().describe("Units whose votes differ"),
  items: z.array(
    z.object({
      item: z.string(),
      prompt: z.string().describe("Beginning of the prompt"),
      what: z.string().optional().describe("The rated response, or the ranked pair, of the item"),
      entropy: z.number().describe("Entropy of the votes, in bits; 0 if all agree"),
      adjudicated: z.boolean().optional().describe("Whether a lead has decided the item"),
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

const review = z
  .string()
  .optional()
  .describe("Why a reviewer must decide: the result contradicts all votes, and makes no training row");

const adjudicated = z.boolean().optional().describe("Whether a lead decided it, whatever the votes say");

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
        noise: share.describe("P(the likelier side is the worse one), at most 0.4"),
        votes: z.int(),
        review,
        adjudicated,
        prompt: z.string().describe("Beginning of the prompt"),
      }),
    )
    .describe("For comparisons and rankings: pairs of responses, by name"),
  labels: z
    .array(
      z.object({
        item: z.string(),
        response: z.string().optional(),
        label: z.string(),
        probability: share,
        review,
        adjudicated,
        prompt: z.string().describe("Beginning of the prompt"),
      }),
    )
    .describe("For safety labels and ratings"),
  scores: z
    .array(z.object({ candidate: z.string(), score: z.number(), ...bounds }))
    .describe("Scores of responses by name, best first, on the logistic scale"),
  next: z.int().optional(),
});
export type PreferencesView = z.infer<typeof PreferencesView>;

export const ForecastView = z.object({
  asOf,
  votes: z.int(),
  remaining: z.int().describe("Votes still wanted; fewer if items are decided early"),
  perDay: estimate.describe("Recent votes per day; n counts the spans of time used"),
  end: z
    .object({ estimate: time, low: time, high: time.nullable().describe("null: possibly never") })
    .nullable()
    .describe("When the last vote is expected, with a 95% interval"),
  caution: z.string().optional().describe("Why the interval of the end may be wrong, if it may"),
  why: z.string().optional().describe("Why no end is expected"),
});
export type ForecastView = z.infer<typeof ForecastView>;

/** What leaving out votes would change: all of a rater's, or some that a filter holds. */
export const ExclusionPreview = z.object({
  asOf,
  aspect,
  votes: z.int().describe("Votes that would be left out"),
  units: z.int().describe("Pairs or items judged now"),
  lost: z.int().describe("Units without any other vote"),
  changed: z.int().describe("Units whose answer would change"),
  changes: z
    .array(
      z.object({
        item: z.string(),
        left: z.string().optional(),
        right: z.string().optional(),
        before: z.object({ answer: z.string(), probability: share }),
        after: z
          .object({ answer: z.string(), probability: share })
          .nullable()
          .describe("null: no votes left"),
      }),
    )
    .describe("The first changes, with lost units last"),
});
export type ExclusionPreview = z.infer<typeof ExclusionPreview>;

export const FilterRun = z.object({
  asOf,
  votes: z.int().describe("Votes examined"),
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
    .describe("The first warnings; a warning holds no votes"),
  held: z.int().describe("New findings; earlier ones are left as they are"),
});
export type FilterRun = z.infer<typeof FilterRun>;

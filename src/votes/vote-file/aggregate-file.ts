/** Aggregates a file of votes into labels or preferences, by a given method. */
import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { inGroup } from "../../base/setting-groups.js";
import {
  aggregateLabels,
  aggregatePreferences,
  LABEL_METHODS,
  type LabelAggregate,
  PREFERENCE_METHODS,
  type PreferenceAggregate,
} from "../aggregate/index.js";
import type { VoteFile } from "./vote-file.js";
import { writeLabels, writePreferences } from "./write-aggregate.js";

const METHODS = [...new Set([...LABEL_METHODS, ...PREFERENCE_METHODS])] as const;

export const aggregationSchema = z.object({
  method: z
    .enum(METHODS)
    .default("robust")
    .describe(
      "robust finds colluding raters and leaves out their votes; the other methods are simpler models",
    ),
  ...inGroup("files", { out: z.string().min(1).optional().describe("folder for the results") }),
  maxShare: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      "largest share of the total weight that robust gives one rater, such as 0.05, in pools large enough for it",
    ),
  seed: z.number().int().min(0).default(0).describe("seed of random starts and bootstraps"),
});

/** The aggregate of a file of votes. */
export interface FileAggregate {
  aggregate: LabelAggregate | PreferenceAggregate;
  /** Numbers of items and labels, or of pairs and candidates. */
  counts: Record<string, number>;
}

/**
 * Aggregates votes, and writes the results to the folder `out` if given. @throws PlumbError if the method is not for
 * such votes.
 */
export async function aggregateFile(
  file: VoteFile,
  { method, out, maxShare, seed }: z.output<typeof aggregationSchema>,
): Promise<FileAggregate> {
  if (file.votes.kind === "labels") {
    const { labels } = file.votes;
    const known = checked(method, LABEL_METHODS, "labels");
    const aggregate = aggregateLabels(labels, known, {
      seed,
      maxShare,
      time: file.time,
      topics: file.topics,
    });
    if (out !== undefined) await writeLabels(out, aggregate);
    return { aggregate, counts: { items: labels.items.length, labels: labels.labels.length } };
  }
  const { comparisons } = file.votes;
  const known = checked(method, PREFERENCE_METHODS, "comparisons");
  const aggregate = aggregatePreferences(comparisons, known, {
    seed,
    maxShare,
    time: file.time,
    topics: file.topics,
  });
  if (out !== undefined) await writePreferences(out, aggregate, file.hasItems);
  const { preferences, scores } = aggregate;
  return {
    aggregate,
    counts: { pairs: preferences.length, ...(scores.length > 0 && { candidates: scores.length }) },
  };
}

function checked<M extends string>(method: string, known: readonly M[], kind: string): M {
  const found = known.find((name) => name === method);
  if (found !== undefined) return found;
  throw new PlumbError(`the method ${method} is not for ${kind}`, {
    hint: `For ${kind}: ${known.join(", ")}.`,
  });
}

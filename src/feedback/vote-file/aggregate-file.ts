/** A file of votes to one signal: labels or preferences, by the method that is asked for. */
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
import type { VoteFile } from "./read-votes.js";
import { writeLabels, writePreferences } from "./write-aggregate.js";

const METHODS = [...new Set([...LABEL_METHODS, ...PREFERENCE_METHODS])] as const;

export const aggregationSchema = z.object({
  method: z
    .enum(METHODS)
    .default("robust")
    .describe("robust finds raters who collude and leaves their votes out; the others are simpler models"),
  ...inGroup("files", { out: z.string().min(1).optional().describe("folder for the results") }),
  maxShare: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      "most of the whole weight that robust gives one rater, such as 0.05, in pools large enough for it",
    ),
  seed: z.number().int().min(0).default(0).describe("of random starts and bootstraps"),
});

export interface FileAggregate {
  aggregate: LabelAggregate | PreferenceAggregate;
  /** What was counted: items and labels, or pairs and candidates. */
  counts: Record<string, number>;
}

/** Aggregates, and writes the results to the folder `out`, if one is given. @throws PlumbError: the method is not for such votes. */
export async function aggregateFile(
  file: VoteFile,
  { method, out, maxShare, seed }: z.output<typeof aggregationSchema>,
): Promise<FileAggregate> {
  if (file.votes.kind === "labels") {
    const { labels } = file.votes;
    const known = checked(method, LABEL_METHODS, "labels");
    const aggregate = aggregateLabels(labels, known, { seed, maxShare });
    if (out !== undefined) await writeLabels(out, aggregate);
    return { aggregate, counts: { items: labels.items.length, labels: labels.labels.length } };
  }
  const { comparisons } = file.votes;
  const known = checked(method, PREFERENCE_METHODS, "comparisons");
  const aggregate = aggregatePreferences(comparisons, known, { seed, maxShare });
  if (out !== undefined) await writePreferences(out, aggregate, file.hasItems);
  const { preferences, scores } = aggregate;
  return { aggregate, counts: { pairs: preferences.length, candidates: scores.length } };
}

function checked<M extends string>(method: string, known: readonly M[], kind: string): M {
  const found = known.find((name) => name === method);
  if (found !== undefined) return found;
  throw new PlumbError(`the method ${method} is not for ${kind}`, {
    hint: `For ${kind}: ${known.join(", ")}.`,
  });
}

import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import {
  aggregateLabels,
  aggregatePreferences,
  LABEL_METHODS,
  type LabelAggregate,
  PREFERENCE_METHODS,
  type PreferenceAggregate,
  type RaterReport,
} from "../../feedback/aggregate/index.js";
import { agreementReport } from "../../feedback/agreement/index.js";
import { type ProjectData, reliabilities } from "../../feedback/report/index.js";
import { databaseLocation, openStore, setReliabilities } from "../../feedback/store/index.js";
import { ratedVotes, type VoteFile, writeLabels, writePreferences } from "../../feedback/vote-file/index.js";
import { type CommandContext, defineCommand } from "../command.js";
import { agreementTable } from "../feedback/agreement-table.js";
import { readVoteSource, voteSettings } from "../feedback/vote-source.js";
import { formatTable } from "../table.js";
import { printable, truncateText } from "../text-width.js";

const METHODS = [...new Set([...LABEL_METHODS, ...PREFERENCE_METHODS])] as const;

const schema = z.object({
  ...voteSettings,
  method: z
    .enum(METHODS)
    .default("robust")
    .describe("robust finds raters who collude and leaves their votes out; the others are simpler models"),
  out: z.string().min(1).optional().describe("folder for the results"),
  mostShare: z
    .number()
    .gt(0)
    .max(1)
    .default(1)
    .describe(
      "most of the whole weight that robust gives one rater, such as 0.05, in pools large enough for it",
    ),
  seed: z.number().int().min(0).default(0).describe("of random starts and bootstraps"),
  weigh: z
    .boolean()
    .default(true)
    .describe("of a project that stops early: keep how often raters are right, by which it weighs votes"),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe("of a project: the signing key; default beside the database"),
});

export default defineCommand({
  description: `Many raters' votes to one signal, with a probability for each item or pair, how often each rater is right, and whom not to trust and why.

Labels (${LABEL_METHODS.join(", ")}): writes labels.csv (item,label,probability) and raters.csv (rater,votes,skill,low,high,flags).

Comparisons (${PREFERENCE_METHODS.join(", ")}): writes preferences.jsonl (left,right,probability of left,noise,votes), scores.csv (candidate,score,low,high) and raters.csv. Winner is left, right or tie. A column strength says how much better, on any positive scale.

The file is checked whole first; the folder appears whole or not at all. Of a project that stops asking early, what is known of its raters by all votes and gold items is kept (--no-weigh: it is not), and its next votes are weighed by it.`,
  examples: [
    {
      command: "plumb aggregate --votes votes.csv --out aggregated",
      does: "the default method, results as files",
    },
    { command: "plumb aggregate --votes votes.csv --method dawid-skene --json", does: "a summary as JSON" },
    {
      command: "plumb aggregate --project p-... --out aggregated",
      does: "the votes of a project in plumb.db",
    },
  ],
  schema,
  positional: "votes",
  async run(context, { method, out, seed, mostShare, weigh, keyFile, ...source }) {
    const { file, project } = await readVoteSource(source, context.ui);
    const summary = { file, seed, out };
    const weighed = async () => (weigh && project ? weighRaters(project, source.db, keyFile, seed) : 0);
    if (file.votes.kind === "labels") {
      const { labels } = file.votes;
      const aggregate = aggregateLabels(labels, checked(method, LABEL_METHODS, "labels"), {
        seed,
        mostShare,
      });
      if (out !== undefined) await writeLabels(out, aggregate);
      const counts = { items: labels.items.length, labels: labels.labels.length };
      await summarize(context, { ...summary, aggregate, counts, weighed: await weighed() });
    } else {
      const { comparisons } = file.votes;
      const known = checked(method, PREFERENCE_METHODS, "comparisons");
      const aggregate = aggregatePreferences(comparisons, known, { seed, mostShare });
      if (out !== undefined) await writePreferences(out, aggregate, file.hasItems);
      const counts = { pairs: aggregate.preferences.length, candidates: aggregate.scores.length };
      await summarize(context, { ...summary, aggregate, counts, weighed: await weighed() });
    }
  },
});

/** Keeps raters' reliabilities where early stopping reads them. @returns of how many raters. */
async function weighRaters(
  data: ProjectData,
  db: string | undefined,
  keyFile?: string,
  seed = 0,
): Promise<number> {
  const known = reliabilities(data, seed);
  if (known.size === 0) return 0;
  const store = await openStore(databaseLocation(db), { keyFile });
  try {
    await setReliabilities(store, data.project.id, known, "system");
  } finally {
    await store.close();
  }
  return known.size;
}

function checked<M extends string>(method: string, known: readonly M[], kind: string): M {
  const found = known.find((name) => name === method);
  if (found !== undefined) return found;
  throw new PlumbError(`the method ${method} is not for ${kind}`, {
    hint: `For ${kind}: ${known.join(", ")}.`,
  });
}

interface Summary {
  file: VoteFile;
  aggregate: LabelAggregate | PreferenceAggregate;
  seed: number;
  out: string | undefined;
  counts: Record<string, number>;
  /** Raters whose reliabilities are kept for early stopping. */
  weighed: number;
}

/** Most flagged raters that are shown to people. */
const MOST_SHOWN = 20;

async function summarize(
  { ui }: CommandContext,
  { file, aggregate, seed, out, counts, weighed }: Summary,
): Promise<void> {
  const { method, raters, groups } = aggregate;
  const rated = ratedVotes(file);
  const agreement = agreementReport(rated, seed);
  const flagged = raters.filter(({ flags }) => flags.length > 0);
  const totals = { votes: rated.unit.length, ...counts, raters: raters.length };
  const result = {
    ...{ kind: file.votes.kind, method, ...totals, repeated: file.repeated, agreement, flagged },
    groups: groups.map((members) => members.map(({ rater }) => raters[rater].rater)),
    out: out ?? null,
    ...(weighed > 0 && { weighed }),
  };
  await ui.result(result, () =>
    [
      `${Object.entries(totals)
        .map(([name, n]) => `${n} ${name}`)
        .join(", ")}; method ${method}`,
      "",
      agreementTable(agreement),
      "",
      ...flagLines(flagged, raters.length),
      ...(weighed > 0
        ? [`Early stopping weighs the votes of ${weighed} raters by how often they are right.`]
        : []),
      "",
      out === undefined ? "Nothing was written; --out FOLDER writes the results." : `Written to ${out}.`,
    ].join("\n"),
  );
}

function flagLines(flagged: readonly RaterReport[], raters: number): string[] {
  if (flagged.length === 0) return ["No rater is flagged."];
  const rows = flagged
    .slice(0, MOST_SHOWN)
    .flatMap(({ rater, votes, skill, flags }) =>
      flags.map(({ kind, reason }) => [
        truncateText(printable(rater), 24),
        votes,
        skill.estimate,
        kind,
        reason,
      ]),
    );
  const more = flagged.length - MOST_SHOWN;
  return [
    `${flagged.length} of ${raters} raters are flagged:`,
    formatTable(["rater", "votes", "skill", "flag", "why"], rows),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

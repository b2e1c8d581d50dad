import { z } from "zod";
import { agreementReport } from "../../votes/agreement/index.js";
import { ratedVotes } from "../../votes/vote-file/index.js";
import { defineCommand } from "../command.js";
import { agreementTable } from "../feedback/agreement-table.js";
import { readVoteSource, voteSettings } from "../feedback/vote-source.js";

const schema = z.object({
  ...voteSettings,
  seed: z.number().int().min(0).default(0).describe("seed of the bootstrap"),
});

export default defineCommand({
  description: `How far raters agree: percent, Krippendorff's alpha, Fleiss' and (of two raters) Cohen's kappa, with 95% intervals over items; alpha in each group where the file has a column group, and over time where it has a column time.

Raters of preferences agree on 60 to 75% of pairs, and alpha is then .2 to .5: watch how it changes, not whether it reaches a fixed threshold.`,
  examples: [
    { command: "plumb agreement --votes votes.csv", does: "a table" },
    { command: "plumb agreement --votes votes.csv.gz --json", does: "the same as JSON" },
    { command: "plumb agreement --project p-... --db votes.db", does: "for a project in a database" },
  ],
  schema,
  positional: "votes",
  async run({ ui }, { seed, ...source }) {
    const { file } = await readVoteSource(source, ui);
    const votes = ratedVotes(file);
    const report = agreementReport(votes, seed);
    const { kind } = file.votes;
    const counts = { votes: votes.unit.length, items: votes.units, raters: new Set(votes.rater).size };
    await ui.result({ kind, ...counts, ...report }, () =>
      [
        `${counts.votes} votes of ${counts.raters} raters on ${counts.items} ${kind === "pairs" ? "pairs" : "items"}`,
        "",
        agreementTable(report),
      ].join("\n"),
    );
  },
});

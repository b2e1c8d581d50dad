import { z } from "zod";
import { keepReliabilities, reliabilitySettings } from "../../feedback/analysis/index.js";
import { LABEL_METHODS, PREFERENCE_METHODS } from "../../votes/aggregate/index.js";
import { aggregateFile, aggregationSchema } from "../../votes/vote-file/index.js";
import { defineCommand } from "../command.js";
import { aggregateReport, aggregateSummary } from "../feedback/aggregate-summary.js";
import { readVoteSource, voteSettings } from "../feedback/vote-source.js";

export default defineCommand({
  description: `Turns many raters' votes into one signal: a probability for each item or pair, how often each rater is right, and which raters not to trust, and why.

Labels (${LABEL_METHODS.join(", ")}): writes labels.csv (item,label,probability) and raters.csv (rater,votes,skill,low,high,flags).

Comparisons (${PREFERENCE_METHODS.join(", ")}): writes preferences.jsonl (left,right,probability of left,noise,votes), scores.csv (candidate,score,low,high) and raters.csv. Winner is left, right or tie. An optional column strength says how much better, on any positive scale.

The whole file is checked first; the folder appears complete or not at all. For a project with early stopping, what all votes and gold items show of its raters' reliability is stored, and its next votes are weighed by that (--no-weigh turns it off).`,
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
  schema: z.object({ ...voteSettings, ...aggregationSchema.shape, ...reliabilitySettings }),
  positional: "votes",
  async run({ ui }, config) {
    const { file, project } = await readVoteSource(config, ui);
    const made = await aggregateFile(file, config);
    const weighed = project ? await keepReliabilities(project, config) : 0;
    const summary = aggregateSummary(file, made, config, weighed);
    await ui.result(summary, () => aggregateReport(summary, made.counts));
  },
});

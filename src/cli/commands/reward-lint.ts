import { PlumbError } from "../../base/errors.js";
import { formatNumber } from "../../base/format.js";
import { formatInterval } from "../../statistics/format-interval.js";
import { type LintReport, lintRewards, rewardLintSchema } from "../../train/reward-lint.js";
import { defineCommand } from "../command.js";
import { hostOf } from "../host.js";
import { formatTable } from "../table.js";
import { printable } from "../text-width.js";

export default defineCommand({
  description:
    "Tries rewards before a run: scores good answers, answers that ought to lose against them (empty, the prompt again, an answer " +
    "to another prompt, refusals, flattery, hedges, an empty form, padding, repetition), and good answers that were changed without " +
    "harm. Exits with 1 when a reward falls for any of them in more than --tolerance of the prompts. A reward function sees one id a " +
    "word; one that reads other fields of a row needs --data that has them.",
  examples: [
    {
      command: "plumb reward-lint --reward-functions '[{module: ./right-answer.mjs}]' --data answers.jsonl",
      does: "a function, on your own prompts and answers",
    },
    { command: "plumb reward-lint --reward-model runs/reward/model --json", does: "a reward model" },
  ],
  schema: rewardLintSchema,
  async run(context, settings) {
    const reports = await lintRewards(settings, hostOf(context));
    await context.ui.result({ rewards: reports }, () => reports.map(reportOf).join("\n\n"));
    const faulty = reports.filter(({ faults }) => faults.length > 0);
    if (faulty.length === 0) return;
    const said = faulty.map(({ reward, faults }) => `${reward} ${faults.map(printable).join("; ")}`);
    throw new PlumbError(said.join("\n"), {
      hint: "A policy finds what a reward falls for; see docs/methods.md on what to change.",
    });
  },
});

function reportOf({ reward, prompts, falsePositives, falseNegatives, unstable, failed }: LintReport): string {
  if (failed !== undefined) return `${reward}: failed`;
  const line = ({ probe, fault, rate, n, unscorable }: LintReport["falsePositives"][number]) => [
    `${fault ? "✗" : "✓"} ${probe}`,
    rate === undefined ? "-" : formatInterval(rate),
    formatNumber(n),
    formatNumber(unscorable),
  ];
  const table = (title: string, found: LintReport["falsePositives"]): string =>
    formatTable([title, "share of prompts", "n", "unscorable"], found.map(line));
  return [
    `${reward}, on ${prompts} prompts with a good answer${unstable ? "; scores change from one time to the next" : ""}`,
    "",
    table("wins though it ought to lose", falsePositives),
    "",
    table("loses though it is good", falseNegatives),
  ].join("\n");
}

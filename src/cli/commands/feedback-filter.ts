import { z } from "zod";
import { writeRows } from "../../data/write-rows.js";
import { readCastVotes, readTaskItems } from "../../feedback/exchange/index.js";
import { FILTERS, filterSchema, heldVotes, runFilters } from "../../votes/filters/index.js";
import { judgementsOf } from "../../votes/judgement/index.js";
import { defineCommand } from "../command.js";
import { formatTable } from "../table.js";
import { printable, truncateText } from "../text-width.js";

const path = z.string().min(1);
const schema = z.object({
  items: path.describe("items, as plumb tasks writes them"),
  votes: path.describe("votes on them, as plumb tasks import writes them"),
  out: path.optional().describe("write every finding to this file (.jsonl, .csv or .parquet)"),
  show: z.number().int().min(0).max(1000).default(20).describe("findings to show"),
  ...filterSchema.shape,
});

export default defineCommand({
  description: `Looks for votes and items that a person should look at: too fast, straight-lining, self-contradiction, intransitive, near-duplicate, failed-gold, copied-text, personal-data, safety-conflict (docs/filters.md). A finding names its votes, raters and items, gives the evidence in words and numbers, and either holds the votes for review or warns. No vote is changed or left out.`,
  examples: [
    { command: "plumb feedback filter --items tasks.jsonl --votes votes.jsonl", does: "a table of findings" },
    {
      command:
        "plumb feedback filter --items tasks.jsonl --votes votes.jsonl --false-alarms 0.001 --out findings.jsonl --json",
      does: "stricter, all findings to a file, counts as JSON",
    },
  ],
  schema,
  async run({ ui }, { items: itemsFile, votes: votesFile, out, show, ...config }) {
    const items = await readTaskItems(itemsFile);
    const votes = await readCastVotes(votesFile, items);
    const findings = runFilters(judgementsOf(votes, items), items, config);
    if (out !== undefined && findings.length > 0) await writeRows(out, findings);
    const held = heldVotes(findings).size;
    const counts = Object.fromEntries(
      FILTERS.map((name) => {
        const own = findings.filter(({ filter }) => filter === name);
        const holds = own.filter(({ severity }) => severity === "hold").length;
        return [name, { hold: holds, warn: own.length - holds }];
      }),
    );
    await ui.result({ items: items.length, votes: votes.length, held, findings: counts }, () => {
      const shown = findings
        .slice(0, show)
        .map(({ filter, severity, evidence }) => [filter, severity, truncateText(printable(evidence), 160)]);
      const more =
        findings.length > show ? [`and ${findings.length - show} more; --out writes all of them`] : [];
      return [
        `${findings.length} findings; ${held} of ${votes.length} votes are held for review`,
        ...(shown.length > 0 ? [formatTable(["filter", "", "evidence"], shown)] : []),
        ...more,
      ].join("\n");
    });
  },
});

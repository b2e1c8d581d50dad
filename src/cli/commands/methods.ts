import { z } from "zod";
import { examineFile } from "../../data/index.js";
import { guideTable, METHOD_GUIDE, methodsThatFit } from "../../train/methods/guide.js";
import { defineCommand } from "../command.js";
import { warnOfOther } from "../other-than-dataset.js";
import { formatTable } from "../table.js";
import { printable } from "../text-width.js";

const schema = z.object({
  data: z
    .string()
    .min(1)
    .optional()
    .describe("a dataset file: which methods fit it, and why the others do not"),
  limit: z.number().int().min(1).default(1000).describe("rows of the file to look at, the first"),
});

export default defineCommand({
  description:
    "Says which training methods fit a dataset, why the others do not, and what each takes. Without --data, the whole table, as " +
    "docs/methods.md has it.",
  examples: [
    { command: "plumb methods --data pairs.jsonl", does: "what can be done with these pairs" },
    { command: "plumb methods", does: "every method, what it reads and what it takes" },
  ],
  schema,
  positional: "data",
  async run({ ui }, { data, limit }) {
    if (data === undefined) {
      const { header, rows } = guideTable();
      const cells = rows.map((row) => row.slice(0, 3));
      await ui.result({ methods: METHOD_GUIDE }, () => formatTable(header.slice(0, 3), cells));
      return;
    }
    await warnOfOther(ui, data);
    const examined = await examineFile(data, { limit, maxProblems: 10 });
    const { format, rows, problems } = examined;
    const methods = methodsThatFit(examined).map((fit) => ({ ...fit, ...METHOD_GUIDE[fit.method] }));
    await ui.result({ file: data, format, rows: rows.length, methods, problems }, () =>
      [
        `${data}: ${rows.length} rows, ${format} format`,
        ...(problems.length > 0
          ? [`${problems.length} rows are wrong; the first: ${printable(problems[0])}`]
          : []),
        "",
        ...methods.map(
          ({ method, fits, why }) => `${fits ? "✓" : "✗"} plumb ${method.padEnd(18)} ${printable(why)}`,
        ),
        "",
        "What each takes: plumb methods --json, docs/methods.md",
      ].join("\n"),
    );
  },
});

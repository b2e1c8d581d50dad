import { z } from "zod";
import { formatBytes } from "../../base/format.js";
import { removeStages, storedStages } from "../../pipeline/index.js";
import { defineCommand } from "../command.js";
import { formatTable } from "../table.js";

const schema = z.object({
  folder: z.string().min(1).default("runs/stages").describe("folder of results, in the folder of runs"),
  remove: z
    .enum(["unused", "all"])
    .optional()
    .describe(
      "unused: results that no finished run next to the folder is made from, and what interrupted ones left",
    ),
});

export default defineCommand({
  description:
    "Lists the stored results of stages, with their sizes and the runs that are made from them, and removes them. A removed result is " +
    "computed again when a run needs it; runs keep their own models, figures and votes. Nothing is removed while a run next to the folder is in progress.",
  examples: [
    { command: "plumb stages", does: "what is stored in runs/stages" },
    { command: "plumb stages --remove unused", does: "keep what finished runs are made from" },
  ],
  schema,
  async run({ ui }, { folder, remove }) {
    const warn = (message: string): void => ui.warn(message);
    const all = await storedStages(folder, warn);
    const gone = remove === undefined ? [] : await removeStages(folder, remove, warn);
    const removed = new Set(gone.map(({ name }) => name));
    const bytes = (some: readonly { bytes: number }[]): number =>
      some.reduce((sum, own) => sum + own.bytes, 0);
    const result = { folder, stages: all.filter(({ name }) => !removed.has(name)), removed: gone };
    await ui.result(result, () =>
      [
        formatTable(
          ["result", "computed", "seconds", "size", "runs"],
          result.stages.map((own) => [
            ...[own.name, own.started.slice(0, 16).replace("T", " "), own.seconds, formatBytes(own.bytes)],
            own.runs.join(", "),
          ]),
        ),
        "",
        `${result.stages.length} results, ${formatBytes(bytes(result.stages))} in ${folder}.`,
        ...(remove === undefined ? [] : [`Removed: ${gone.length} results, ${formatBytes(bytes(gone))}.`]),
      ].join("\n"),
    );
  },
});

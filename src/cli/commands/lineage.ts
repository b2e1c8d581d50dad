import { z } from "zod";
import { complaintOf, type Manifest, readLineage, stateOf } from "../../pipeline/index.js";
import { defineCommand } from "../command.js";
import { formatTable } from "../table.js";

const schema = z.object({
  run: z.string().min(1).describe("folder of a run with stages, such as runs/demo"),
});

/** The start of a hash: enough to tell two apart, and part of the name of the stage's folder. */
const short = (hash: string): string => hash.slice(0, 12);

export default defineCommand({
  description:
    "Shows what a run was made from: its stages, each with the hash of what it depends on (settings, code, inputs), the hash of its " +
    "result, and its inputs. Checks every stored result against its hashes; exit status 1 means that one was altered, is damaged or could not be read. With --json " +
    "it also gives settings, code, files with their hashes, times and processor.",
  examples: [
    { command: "plumb lineage runs/demo", does: "the stages of that run" },
    { command: "plumb lineage runs/demo --json", does: "everything that is known about them" },
  ],
  schema,
  positional: "run",
  async run({ ui }, { run }) {
    const { store, stages } = await readLineage(run);
    const states = await Promise.all(
      stages.map(({ manifest }) => stateOf(store, manifest, (message) => ui.warn(message))),
    );
    const found = stages.map(({ manifest, reused }, i) => ({ ...manifest, reused, state: states[i] }));
    const inputs = (own: Manifest): string =>
      Object.values(own.inputs)
        .map(({ stage, key }) => `${stage} ${short(key)}`)
        .join(", ");
    await ui.result({ store: store.folder, stages: found }, () =>
      [
        formatTable(
          ["stage", "depends on", "result", "seconds", "", "stored copy", "inputs"],
          found.map((own) => [
            ...[own.stage, short(own.key), short(own.content), own.seconds],
            ...[own.reused ? "reused" : "computed", own.state, inputs(own)],
          ]),
        ),
        "",
        `Results are in ${store.folder}, each in a folder named by the stage and the hash of what it depends on.`,
      ].join("\n"),
    );
    const complaint = complaintOf(found);
    if (complaint !== undefined) throw complaint;
  },
});

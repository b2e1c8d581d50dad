import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { type Manifest, readLineage, stateOf } from "../../pipeline/index.js";
import { defineCommand } from "../command.js";
import { formatTable } from "../table.js";

const schema = z.object({
  run: z.string().min(1).describe("folder of a run that is made of stages, such as runs/demo"),
});

/** As much of a hash as tells two apart, and names the stage's folder. */
const short = (hash: string): string => hash.slice(0, 12);

export default defineCommand({
  description:
    "Says what a run was made of: its stages, each with the hash of what it follows from (settings, code, inputs), the hash of what it " +
    "came to, and its inputs. Holds every stored result against its hashes; exit status 1 says that one was altered or is damaged. With --json " +
    "also settings, code, files with their hashes, times and processor.",
  examples: [
    { command: "plumb lineage runs/demo", does: "the stages of that run" },
    { command: "plumb lineage runs/demo --json", does: "everything that is known of them" },
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
          ["stage", "follows from", "came to", "seconds", "", "stored result", "inputs"],
          found.map((own) => [
            ...[own.stage, short(own.key), short(own.content), own.seconds],
            ...[own.reused ? "reused" : "computed", own.state, inputs(own)],
          ]),
        ),
        "",
        `Results lie in ${store.folder}, each in a folder of the stage's name and the hash of what it follows from.`,
      ].join("\n"),
    );
    const damaged = found.filter(({ state }) => state === "damaged").map(({ stage }) => stage);
    if (damaged.length > 0)
      throw new PlumbError(`Not as it was stored: the result of ${damaged.join(", ")}.`, {
        hint: "The next run that needs it computes it again.",
      });
  },
});

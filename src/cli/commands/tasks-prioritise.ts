import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { databaseSettings } from "../../feedback/store/database-settings.js";
import {
  databaseLocation,
  openExistingDatabase,
  openStore,
  prioritise,
  prioritiseDiverse,
} from "../../feedback/store/index.js";
import { defineCommand } from "../command.js";

const schema = z.object({
  project: z.string().min(1).describe("id of the project"),
  by: z
    .enum(["uncertainty", "disagreement", "information", "diversity"])
    .describe("what makes an item worth a vote"),
  ...databaseSettings,
  keyFile: z.string().min(1).optional().describe("file of the signing key; by default next to the database"),
});

export default defineCommand({
  description: `Orders the open items of a project by what votes on them are worth; raters get the first ones first.

uncertainty: a reward model finds the responses nearly alike (score of each response, as plumb tasks from-policy --reward-model writes). disagreement, information: an ensemble's members differ (scores); information leaves out what all of them find uncertain. diversity: the items worth most whose prompts also differ in their words; without scores, by difference alone. Items without scores come last. docs/results/active-selection.md says what each saves.`,
  examples: [
    {
      command: "plumb tasks prioritise --project p-... --by uncertainty",
      does: "of plumb.db in this folder, or DATABASE_URL",
    },
  ],
  schema,
  async run({ ui }, { project, by, db, keyFile }) {
    const location = databaseLocation(db);
    await (await openExistingDatabase(location)).db.destroy();
    const store = await openStore(location, { keyFile });
    try {
      const items =
        by === "diversity"
          ? await prioritiseDiverse(store, project, "system")
          : await prioritise(store, project, by === "information" ? "information-gain" : by, "system");
      if (items === 0)
        throw new PlumbError(`No open item of ${project} has what ${by} needs; all now rank equally.`, {
          hint: by === "diversity" ? "Add items." : "Give items scores, or choose --by diversity.",
        });
      await ui.result({ project, by, items }, () => `${items} items are ordered by ${by}`);
    } finally {
      await store.close();
    }
  },
});

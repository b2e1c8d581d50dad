import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { writeDeletedProject } from "../../feedback/exchange/index.js";
import { databaseSettings } from "../../feedback/store/database-settings.js";
import {
  databaseLocation,
  listDeletedProjects,
  openExistingDatabase,
  openStore,
  purgeProject,
} from "../../feedback/store/index.js";
import { defineCommand } from "../command.js";

const schema = z.object({
  action: z.enum(["deleted", "export", "purge"]).describe("list deleted projects, export one, or purge one"),
  project: z.string().min(1).optional().describe("id of the deleted project, for export and purge"),
  out: z.string().min(1).optional().describe("the file to write, for export"),
  ...databaseSettings,
  keyFile: z.string().min(1).optional().describe("file of the signing key; by default next to the database"),
});

export default defineCommand({
  description: `Lists the projects that leads deleted, writes one to a file (a line of JSON for each row: guidelines, items, members by pseudonym, what each was shown, votes, reviews), or purges one: its rows are deleted for good, and in a SQLite file overwritten. The audit log keeps ids, times, settings and hashes of it; backups made before keep all.

The server may run meanwhile.`,
  examples: [
    { command: "plumb projects deleted", does: "in plumb.db of this folder, or DATABASE_URL" },
    { command: "plumb projects export --project p-... --out old.jsonl", does: "all that it holds of work" },
    { command: "plumb projects purge --project p-...", does: "cannot be undone" },
  ],
  schema,
  positional: "action",
  async run({ ui }, { action, project, out, db, keyFile }) {
    const location = databaseLocation(db);
    await (await openExistingDatabase(location)).db.destroy();
    const store = await openStore(location, { keyFile });
    try {
      if (action === "deleted") {
        const projects = await listDeletedProjects(store);
        const line = (one: (typeof projects)[number]) =>
          `${one.id}  ${one.items} items, ${one.votes} votes: ${one.name}`;
        await ui.result({ projects }, () => projects.map(line).join("\n") || "no project was deleted");
        return;
      }
      if (project === undefined) throw new PlumbError(`${action} needs --project.`);
      if ((action === "export") !== (out !== undefined))
        throw new PlumbError(
          action === "export" ? "export needs --out." : "purge writes no file: leave --out.",
        );
      const rows = out
        ? await writeDeletedProject(store.db, project, out)
        : await purgeProject(store, project, "system");
      const done = out ? `${rows} rows are in ${out}` : `${rows} rows of ${project} are deleted for good`;
      await ui.result({ project, rows, ...(out && { out }) }, () => done);
    } finally {
      await store.close();
    }
  },
});

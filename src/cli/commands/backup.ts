import { z } from "zod";
import { databaseSettings } from "../../feedback/store/database-settings.js";
import { backup, databaseLocation, openExistingDatabase } from "../../feedback/store/index.js";
import { defineCommand } from "../command.js";

const schema = z.object({
  out: z.string().min(1).describe("the file to write; its name ends in .gz"),
  ...databaseSettings,
});

export default defineCommand({
  description: `Copies the database of votes to one file, from which either engine can be restored. The database may be in use: the copy is a snapshot of one moment.

The signing key of the audit log is not in the file: keep a copy of the key elsewhere.`,
  examples: [
    { command: "plumb backup --out votes.jsonl.gz", does: "plumb.db in this folder, or DATABASE_URL" },
    {
      command: "plumb backup --db postgres://plumb@db/votes --out votes.jsonl.gz",
      does: "a PostgreSQL database",
    },
  ],
  schema,
  async run({ ui }, { out, db }) {
    const database = await openExistingDatabase(databaseLocation(db));
    try {
      const { rows, head } = await backup(database, out);
      await ui.result(
        { out, rows, head },
        () => `${out}: ${rows} rows; the log's last entry is ${head.seq} ${head.hash}`,
      );
    } finally {
      await database.db.destroy();
    }
  },
});

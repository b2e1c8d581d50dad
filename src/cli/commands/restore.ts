import { z } from "zod";
import { countOf } from "../../base/format.js";
import type { EndedAccess } from "../../feedback/store/accounts/index.js";
import { databaseSettings } from "../../feedback/store/database-settings.js";
import {
  databaseLocation,
  defaultKeyFile,
  openDatabase,
  renewCheckpointFile,
  restore,
} from "../../feedback/store/index.js";
import { defineCommand } from "../command.js";

const schema = z.object({
  file: z.string().min(1).describe("a file that plumb backup wrote"),
  ...databaseSettings,
  keyFile: z.string().min(1).optional().describe("file of the signing key; by default next to the database"),
  force: z.boolean().default(false).describe("replace what the database holds"),
  keepAccess: z
    .boolean()
    .default(false)
    .describe("keep sessions, API keys and open invitations: for a move, right after its backup"),
});

export default defineCommand({
  description: `Makes a database of votes from a backup, in SQLite or PostgreSQL, whichever it came from. The whole file is read and checked before anything is changed, and all of it is restored or nothing.

Sessions, API keys and invitations that nobody used yet are ended, because the backup cannot know which of them were withdrawn since. Accounts come back with the passwords, roles and states that they had.

Stop the server first. The file of checkpoints next to the signing key is set aside, and written anew with those of the backup.`,
  examples: [
    { command: "plumb restore votes.jsonl.gz --db votes.db", does: "into a new SQLite file" },
    {
      command: "plumb restore votes.jsonl.gz --force",
      does: "in place of plumb.db, or of what DATABASE_URL names",
    },
  ],
  schema,
  positional: "file",
  async run({ ui }, { file, db, keyFile, ...options }) {
    const location = databaseLocation(db);
    const database = await openDatabase(location);
    try {
      const { rows, head, ended } = await restore(database, file, options);
      const aside = await renewCheckpointFile(database, keyFile ?? defaultKeyFile(location));
      if (aside !== undefined) ui.info(`earlier checkpoints are in ${aside}`);
      if (ended !== undefined) ui.info(endedLine(ended));
      await ui.result(
        { rows, head, ended },
        () => `${rows} rows; the backup's log ends with ${head.seq} ${head.hash}`,
      );
    } finally {
      await database.db.destroy();
    }
  },
});

const endedLine = ({ sessions, keys, invitations }: EndedAccess): string =>
  `ended: ${countOf(sessions, "session")}, ${countOf(keys, "API key")}, ${countOf(invitations, "open invitation")}; who was shut out, demoted, paused or changed a password since the backup has to be again`;

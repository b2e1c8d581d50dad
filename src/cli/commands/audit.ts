import { createPublicKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { databaseSettings } from "../../feedback/store/database-settings.js";
import {
  type AuditReport,
  checkpointFileOf,
  databaseLocation,
  defaultKeyFile,
  openExistingDatabase,
  publicKeyOf,
  readCheckpoints,
  verifyAudit,
} from "../../feedback/store/index.js";
import { type CommandContext, defineCommand } from "../command.js";

const schema = z.object({
  action: z.enum(["verify"]).describe("verify: what there is to do with the log"),
  ...databaseSettings,
  keyFile: z.string().min(1).optional().describe("the signing key; default beside the database"),
  publicKey: z
    .string()
    .min(1)
    .optional()
    .describe("PEM file of the key that checkpoints have to be signed by"),
});

export default defineCommand({
  description: `Follows the audit log from its first entry: whether any entry, vote, item or guideline was altered, removed, inserted or moved, and whether the log still reaches every signed checkpoint. Exit status 1 says that something was found.

Checkpoints are those of the database and of the file beside the signing key. Without the key file, give --public-key.`,
  examples: [
    { command: "plumb audit verify", does: "plumb.db in this folder, or DATABASE_URL" },
    {
      command: "plumb audit verify --db votes.db --public-key audit.pem --json",
      does: "elsewhere, by a key that was kept",
    },
  ],
  schema,
  positional: "action",
  async run({ ui }, { db, keyFile, publicKey }) {
    const location = databaseLocation(db);
    const database = await openExistingDatabase(location);
    try {
      const key = keyFile ?? defaultKeyFile(location);
      const trusted = publicKey === undefined ? await ownKey(key) : await pem(publicKey);
      const { checkpoints, malformed } = readCheckpoints(checkpointFileOf(key));
      if (malformed > 0) ui.warn(`${checkpointFileOf(key)}: ${malformed} lines are no checkpoints`);
      const report = await verifyAudit(database.db, trusted, checkpoints);
      await tell(ui, report);
    } finally {
      await database.db.destroy();
    }
  },
});

async function tell(ui: CommandContext["ui"], report: AuditReport): Promise<void> {
  const { entries, votes, checkpoints, otherCheckpoints, head, problems, problemCount } = report;
  await ui.result(report, () =>
    [
      ...problems.map(({ kind, seq, problem }) => `${kind} ${seq}: ${problem}`),
      `${entries} entries, ${votes} votes, ${checkpoints} checkpoints; the last entry is ${head.seq} ${head.hash}`,
    ].join("\n"),
  );
  if (otherCheckpoints > 0) ui.warn(`${otherCheckpoints} checkpoints are by other keys, and were not judged`);
  if (problemCount > 0)
    throw new PlumbError(`The log is not as it was written: ${problemCount} problems.`, {
      hint: "Keep the database as it is, and compare it with a backup.",
    });
}

async function ownKey(path: string): Promise<string> {
  const key = publicKeyOf(path);
  if (key === undefined)
    throw new PlumbError(`There is no signing key ${path}.`, { hint: "Give --key-file or --public-key." });
  return key;
}

/** A public key in the spelling that key ids are made of. */
async function pem(path: string): Promise<string> {
  try {
    const key = createPublicKey(await readFile(path, "utf8"));
    if (key.asymmetricKeyType === "ed25519") return key.export({ type: "spki", format: "pem" }).toString();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") throw new PlumbError(`There is no file ${path}.`);
  }
  throw new PlumbError(`${path} is not an Ed25519 public key in PEM.`);
}

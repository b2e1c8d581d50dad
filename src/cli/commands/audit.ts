import { z } from "zod";
import { PlumbError } from "../../base/errors.js";
import { databaseSettings, verifyDatabase } from "../../feedback/store/index.js";
import { defineCommand } from "../command.js";

const schema = z.object({
  action: z.enum(["verify"]).describe("verify, the only action"),
  ...databaseSettings,
  keyFile: z.string().min(1).optional().describe("file of the signing key; by default next to the database"),
  publicKey: z
    .string()
    .min(1)
    .optional()
    .describe("PEM file of the key that must have signed the checkpoints"),
});

export default defineCommand({
  description: `Reads the audit log from its first entry and checks whether any entry, vote, item, guideline, project, rater, account or right was altered, removed, inserted or moved, and whether the log still reaches every signed checkpoint. Exit status 1 means that it found something. The server may run meanwhile.

Checkpoints are read from the database and from the file next to the signing key. Without the key file, give --public-key: a copy of the public key that was kept elsewhere. Without either, checkpoints are held against the keys that the database names, which proves less.`,
  examples: [
    { command: "plumb audit verify", does: "plumb.db in this folder, or DATABASE_URL" },
    {
      command: "plumb audit verify --db votes.db --public-key audit.pem --json",
      does: "another database, with a key that was kept",
    },
  ],
  schema,
  positional: "action",
  async run({ ui }, keys) {
    const report = await verifyDatabase(keys, (message) => ui.warn(message));
    const { entries, votes, checkpoints, head, problems, problemCount, notes } = report;
    await ui.result(report, () =>
      [
        ...problems.map(({ kind, seq, problem }) => `${kind} ${seq}: ${problem}`),
        `${entries} entries, ${votes} votes, ${checkpoints} checkpoints; the last entry is ${head.seq} ${head.hash}`,
      ].join("\n"),
    );
    for (const one of notes) ui.info(one);
    if (problemCount > 0)
      throw new PlumbError(
        `The log is not as it was written: ${problemCount} ${problemCount === 1 ? "problem" : "problems"}.`,
        {
          hint: "Keep the database as it is, and compare it with a backup.",
        },
      );
  },
});

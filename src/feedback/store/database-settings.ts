import { z } from "zod";
import { inGroup } from "../../base/setting-groups.js";

/** Settings of commands that work on the database of votes. */
export const databaseSettings = inGroup("files", {
  db: z
    .string()
    .min(1)
    .optional()
    .describe("SQLite file or postgres:// URL; default: DATABASE_URL, else plumb.db"),
});

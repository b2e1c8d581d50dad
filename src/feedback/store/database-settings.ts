import { z } from "zod";

/** Settings of commands that work on the database of votes. */
export const databaseSettings = {
  db: z
    .string()
    .min(1)
    .optional()
    .describe("SQLite file or postgres:// URL; else DATABASE_URL, else plumb.db"),
};

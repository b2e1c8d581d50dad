import { z } from "zod";
import { databaseLocation, openStore, type ProjectData, setReliabilities } from "../store/index.js";
import { reliabilities } from "./reliabilities.js";

export const reliabilitySettings = {
  weigh: z
    .boolean()
    .default(true)
    .describe("for a project with early stopping: store how often raters are right, to weigh their votes by"),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe("for a project: file of the signing key; default: next to the database"),
};

/**
 * Stores the reliabilities of a project's raters for early stopping, unless `weigh` is false. @returns the number of
 * raters.
 */
export async function keepReliabilities(
  data: ProjectData,
  { weigh, db, keyFile, seed }: { weigh: boolean; db?: string; keyFile?: string; seed: number },
): Promise<number> {
  const known = weigh ? reliabilities(data, seed) : new Map<string, number>();
  if (known.size === 0) return 0;
  const store = await openStore(databaseLocation(db), { keyFile });
  try {
    await setReliabilities(store, data.project.id, known, "system");
  } finally {
    await store.close();
  }
  return known.size;
}

import { z } from "zod";
import { databaseLocation, openStore, type ProjectData, setReliabilities } from "../store/index.js";
import { reliabilities } from "./reliabilities.js";

export const reliabilitySettings = {
  weigh: z
    .boolean()
    .default(true)
    .describe("of a project that stops early: keep how often raters are right, by which it weighs votes"),
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe("of a project: the signing key; default beside the database"),
};

/** Keeps the reliabilities of a project's raters where early stopping reads them, unless `weigh` is off. @returns of how many raters. */
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

/** A run's lineage: the stages that it used, with their inputs, in `lineage.json` in the run's folder. */
import { readFile, stat } from "node:fs/promises";
import { join, relative, resolve } from "node:path";
import { z } from "zod";
import { writeFileAtomically } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import { systemError } from "../base/system-error.js";
import { type Manifest, manifestSchema } from "./manifest.js";
import type { StageRecord } from "./planned-stage.js";
import { StageStore } from "./store.js";

const FILE = "lineage.json";

const lineageSchema = z.object({
  format: z.literal(1),
  store: z.string().describe("path of the folder of results, relative to the run's folder"),
  stages: z.array(z.object({ reused: z.boolean(), manifest: manifestSchema })),
});

interface Lineage {
  store: StageStore;
  stages: readonly StageRecord[];
}

/** @param dir the run's folder. @param stages the stages, each after its inputs. */
export async function writeLineage(
  dir: string,
  store: StageStore,
  stages: readonly StageRecord[],
): Promise<void> {
  const from = relative(resolve(dir), resolve(store.folder)).replaceAll("\\", "/");
  const text = JSON.stringify({ format: 1, store: from, stages }, null, 1);
  await writeFileAtomically(join(dir, FILE), `${text}\n`);
}

/** @throws PlumbError when the folder has no lineage, or the lineage is damaged. */
export async function readLineage(dir: string): Promise<Lineage> {
  const path = join(dir, FILE);
  const text = await readFile(path, "utf8").catch(async (error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    const found = await stat(dir).catch(() => undefined);
    throw new PlumbError(found === undefined ? `there is no folder ${dir}` : `${dir} has no ${FILE}`, {
      hint: "Give the folder of a finished run that used stages, such as one of `plumb demo`.",
      cause: error,
    });
  });
  try {
    const { store, stages } = lineageSchema.parse(JSON.parse(text));
    return { store: new StageStore(join(dir, store)), stages };
  } catch (error) {
    throw new PlumbError(`${path} is damaged`, { cause: error });
  }
}

export type StoredState = "as stored" | "deleted" | "computed again" | "damaged" | "not readable";

/**
 * Whether a stage's result is still in the store as the run used it.
 *
 * @param warn called with a message if the result is damaged, or the operating system does not let it be read.
 * @returns `computed again` if the stored result has the same key but different content.
 */
export async function stateOf(
  store: StageStore,
  { stage, key, content }: Manifest,
  warn: (message: string) => void,
): Promise<StoredState> {
  try {
    const now = await store.manifest(stage, key);
    if (now === undefined) return "deleted";
    await store.verify(now);
    return now.content === content ? "as stored" : "computed again";
  } catch (error) {
    const unreadable = systemError(error);
    const told = unreadable ?? error;
    if (!(told instanceof PlumbError)) throw error;
    warn(told.message);
    return unreadable === undefined ? "damaged" : "not readable";
  }
}

/** What is wrong with the stored results of stages; undefined if each is as it should be, or was removed. */
export function complaintOf(found: readonly { stage: string; state: StoredState }[]): PlumbError | undefined {
  const [damaged, unreadable] = (["damaged", "not readable"] as const).map((state) =>
    found
      .filter((own) => own.state === state)
      .map(({ stage }) => stage)
      .join(", "),
  );
  const changed = damaged && `The stored result of ${damaged} was altered or is damaged.`;
  const unchecked =
    unreadable && `The stored result of ${unreadable} could not be read, so it was not checked.`;
  if (!changed && !unchecked) return undefined;
  const again = "The next run that needs it computes it again.";
  const asOwner = "Check it as the user who made the run.";
  return new PlumbError([changed, unchecked].filter(Boolean).join("\n"), {
    hint: [changed && again, unchecked && asOwner].filter(Boolean).join(" "),
  });
}

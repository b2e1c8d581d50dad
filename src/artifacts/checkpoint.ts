/**
 * Checkpoints: `<run>/checkpoints/step-000123/` with `tensors.safetensors`, `state.json` and `manifest.json`, which
 * holds the size and SHA-256 of the other two. A checkpoint appears whole or not at all, and is verified before it is
 * used.
 */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { sha256 } from "../base/sha256.js";
import { writeFolderAtomically } from "./atomic.js";
import { findNonFinite, type Json } from "./json.js";
import { readTensorsFile, type TensorRecord, writeTensorsFile } from "./tensors-file.js";

/** Everything that training needs to continue: parameters, optimiser, random state, schedule, data position. */
export interface CheckpointContent {
  tensors: ReadonlyMap<string, TensorRecord>;
  state: Json;
}

export interface Checkpoint {
  dir: string;
  step: number;
  tensors: Map<string, TensorRecord>;
  state: Json;
}

export interface SaveOptions {
  /** How many checkpoints to keep, including this one. */
  keepLast?: number;
  /** Writes the tensors; tests substitute one that fails. */
  writeTensors?: typeof writeTensorsFile;
}

const TENSORS = "tensors.safetensors";
const STATE = "state.json";
const MANIFEST = "manifest.json";
const DEFAULT_KEEP = 2;

const digestSchema = z.object({ bytes: z.number().int().nonnegative(), sha256: z.string().length(64) });
const manifestSchema = z.object({
  format: z.literal(1),
  step: z.number().int().nonnegative(),
  files: z.object({ [TENSORS]: digestSchema, [STATE]: digestSchema }),
});

/** The folder of a step's checkpoint. */
export function checkpointDir(runDir: string, step: number): string {
  return join(runDir, "checkpoints", `step-${String(step).padStart(6, "0")}`);
}

/**
 * Saves a checkpoint, then removes all earlier ones except for the last `keepLast`.
 *
 * @returns the checkpoint's folder.
 * @throws PlumbError if the state holds a number that is not finite, or the disk is full; earlier checkpoints are then
 * unchanged.
 */
export async function saveCheckpoint(
  runDir: string,
  step: number,
  { tensors, state }: CheckpointContent,
  { keepLast = DEFAULT_KEEP, writeTensors = writeTensorsFile }: SaveOptions = {},
): Promise<string> {
  const nonFinite = findNonFinite(state);
  if (nonFinite !== undefined)
    throw new PlumbError(`the state to save at step ${step} is not a number at ${nonFinite}`);
  const dir = checkpointDir(runDir, step);
  await writeFolderAtomically(dir, async (tmp) => {
    const stateText = `${JSON.stringify(state, null, 1)}\n`;
    const files = {
      [TENSORS]: await writeTensors(join(tmp, TENSORS), tensors),
      [STATE]: {
        bytes: Buffer.byteLength(stateText),
        sha256: sha256(stateText),
      },
    };
    await writeFile(join(tmp, STATE), stateText);
    await writeFile(join(tmp, MANIFEST), `${JSON.stringify({ format: 1, step, files }, null, 1)}\n`);
  });
  const older = (await listCheckpoints(runDir))
    .filter((other) => other <= step)
    .slice(0, -Math.max(1, keepLast));
  for (const other of older) await rm(checkpointDir(runDir, other), { recursive: true, force: true });
  return dir;
}

/** Steps that have a checkpoint folder, ascending. */
export async function listCheckpoints(runDir: string): Promise<number[]> {
  const names = await readdir(join(runDir, "checkpoints")).catch(() => []);
  const steps = names.flatMap((name) => (/^step-\d{6,15}$/.test(name) ? [Number(name.slice(5))] : []));
  return steps.sort((a, b) => a - b);
}

/** Verifies and reads one checkpoint. @throws PlumbError, which names the file that is missing or damaged. */
export async function loadCheckpoint(dir: string): Promise<Checkpoint> {
  const manifest = await readManifest(dir);
  for (const name of [TENSORS, STATE] as const) await verify(join(dir, name), manifest.files[name]);
  return {
    dir,
    step: manifest.step,
    tensors: await readTensorsFile(join(dir, TENSORS)),
    state: JSON.parse(await readFile(join(dir, STATE), "utf8")) as Json,
  };
}

/** The newest checkpoint that passes verification; newer ones that fail are reported through `warn`. */
export async function latestCheckpoint(
  runDir: string,
  warn: (message: string) => void,
): Promise<Checkpoint | undefined> {
  for (const step of (await listCheckpoints(runDir)).reverse()) {
    try {
      return await loadCheckpoint(checkpointDir(runDir, step));
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      warn(`${error.message}; looking for an earlier checkpoint`);
    }
  }
  return undefined;
}

/** Removes temporary folders that a killed process left behind. Only the owner of the run's lock may call it. */
export async function removeLeftovers(runDir: string): Promise<void> {
  const folder = join(runDir, "checkpoints");
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    if (/^\.step-\d+\.tmp-/.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function readManifest(dir: string) {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(dir, MANIFEST), "utf8")));
  } catch (error) {
    throw new PlumbError(`${dir} is not a whole checkpoint: its ${MANIFEST} is missing or damaged`, {
      cause: error,
    });
  }
}

async function verify(path: string, expected: z.infer<typeof digestSchema>): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== expected.bytes) {
    throw new PlumbError(
      `${path} is damaged: it has ${found?.size ?? 0} bytes; the manifest expects ${expected.bytes}`,
    );
  }
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) hash.update(chunk as Buffer);
  if (hash.digest("hex") !== expected.sha256) {
    throw new PlumbError(`${path} is damaged: its content does not match the manifest's SHA-256`);
  }
}

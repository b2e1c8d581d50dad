/** Lists the results in a folder with the runs that use them, and removes unused ones. */
import { existsSync } from "node:fs";
import { readdir, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { lockFolder } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import { systemError } from "../base/system-error.js";
import { readLineage } from "./lineage.js";
import { StageStore, sizeOf } from "./store.js";

interface StoredStage {
  /** Name of its folder: the stage's name and the beginning of the key. */
  name: string;
  stage: string;
  key: string;
  content: string;
  /** When its computation started, in ISO 8601. */
  started: string;
  seconds: number;
  bytes: number;
  /** Names of the runs next to the folder that use it. */
  runs: string[];
}

/** The results in a folder, oldest first. @param warn called with a message for each damaged result or lineage. */
export async function storedStages(folder: string, warn: (message: string) => void): Promise<StoredStage[]> {
  const store = new StageStore(folder);
  const users = await usersOf(folder, warn);
  return (await store.list(warn)).map((manifest) => {
    const { stage, key, content, started, seconds } = manifest;
    const name = store.nameOf(stage, key);
    return {
      name,
      stage,
      key,
      content,
      started,
      seconds,
      bytes: sizeOf(manifest),
      runs: users.get(key) ?? [],
    };
  });
}

/**
 * Removes results, and the leftovers of interrupted runs. Leftovers are locked until they are gone, and each folder is
 * moved away as a whole. @param which all results, or only those that no run next to the folder uses.
 * @returns the removed results. @throws PlumbError while a run next to the folder, or a stage, is being computed.
 */
export async function removeStages(
  folder: string,
  which: "unused" | "all",
  warn: (message: string) => void,
): Promise<StoredStage[]> {
  const store = new StageStore(folder);
  const unfinished = join(folder, "unfinished");
  const locks: (() => void)[] = [];
  try {
    for (const dir of await foldersIn(dirname(resolve(folder))))
      if (existsSync(join(dir, "lock.json"))) locks.push(...locked(dir));
    // Who writes one of these holds a lock of those that are looked at next.
    const halves = (await foldersIn(folder)).filter((dir) =>
      /^\..*\.(?:tmp|gone)-[0-9a-f]+$/.test(basename(dir)),
    );
    const stopped: string[] = [];
    for (const dir of await foldersIn(unfinished))
      for (const lock of locked(dir)) {
        locks.push(lock);
        stopped.push(basename(dir));
      }
    const gone = (await storedStages(folder, warn)).filter(
      ({ runs }) => which === "all" || runs.length === 0,
    );
    for (const { stage, key } of gone) await store.remove(stage, key);
    for (const dir of halves) await rm(dir, { recursive: true, force: true });
    for (const name of stopped) await store.removeUnfinishedOf(name);
    return gone;
  } finally {
    for (const release of locks) release();
    // It stays where another process makes its own in it meanwhile.
    await rmdir(unfinished).catch(() => undefined);
  }
}

/** Locks a folder. @returns what releases it; nothing if the folder is gone by now. @throws PlumbError if another process holds it. */
function locked(dir: string): (() => void)[] {
  try {
    return [lockFolder(dir)];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Names of the runs next to a folder of results, by the keys of the stages that they use. */
async function usersOf(folder: string, warn: (message: string) => void): Promise<Map<string, string[]>> {
  const users = new Map<string, string[]>();
  for (const dir of await foldersIn(dirname(resolve(folder)))) {
    if (!existsSync(join(dir, "lineage.json"))) continue;
    try {
      for (const { manifest } of (await readLineage(dir)).stages)
        users.set(manifest.key, [...(users.get(manifest.key) ?? []), dir.split(/[\\/]/).at(-1) as string]);
    } catch (error) {
      const told = systemError(error) ?? error;
      if (!(told instanceof PlumbError)) throw error;
      warn(told.message);
    }
  }
  return users;
}

async function foldersIn(dir: string): Promise<string[]> {
  const entries = await readdir(dir, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(dir, name));
}

/**
 * Results of stages on disk, named by their keys:
 *
 *   <folder>/<stage>-<first 12 digits of the key>/manifest.json   what it is: see manifest.ts
 *                                                 events.jsonl    what the stage yielded that is worth keeping
 *                                                 result/         the files of the result
 *   <folder>/unfinished/<stage>-<...>/                            lock and checkpoints of a stage that runs or was interrupted
 *
 * A result is written as a whole or not at all, and is verified before it is used.
 */
import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { plumblineVersion, removeLeftovers, writeFolderOnce } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import { systemError } from "../base/system-error.js";
import type { StageOrigin } from "./key.js";
import { contentOf, digestOf, filesBelow, type Manifest, parseManifest, verifyFile } from "./manifest.js";
import { decoded } from "./values.js";

const MANIFEST = "manifest.json";
const EVENTS = "events.jsonl";
const RESULT = "result";
const UNFINISHED = "unfinished";
const KEY_DIGITS = 12;

/** A result that was found and verified. */
export interface Stored {
  manifest: Manifest;
  /** The result's folder; `result` is the folder of its files. */
  dir: string;
  result: string;
}

/** A computed result to store, with its description. */
export interface Made {
  origin: StageOrigin;
  key: string;
  inputs: Manifest["inputs"];
  /** Each event as a line that `encoded` wrote. */
  events: readonly string[];
  started: Date;
  seconds: number;
  varying: (file: string) => boolean;
  save(dir: string): Promise<void>;
}

/** How often a folder is made anew that others remove meanwhile. */
const TRIES = 100;

export class StageStore {
  constructor(readonly folder: string) {}

  /** The name of a result's folder. */
  nameOf(stage: string, key: string): string {
    return `${stage}-${key.slice(0, KEY_DIGITS)}`;
  }

  dirOf(stage: string, key: string): string {
    return join(this.folder, this.nameOf(stage, key));
  }

  /** The folder of a stage that is running or was interrupted. */
  unfinishedDir(stage: string, key: string): string {
    return join(this.folder, UNFINISHED, this.nameOf(stage, key));
  }

  /**
   * The manifest of a stored result; its files are not checked. @returns undefined if there is none. @throws PlumbError
   * when the manifest is damaged.
   */
  async manifest(stage: string, key: string): Promise<Manifest | undefined> {
    const path = join(this.dirOf(stage, key), MANIFEST);
    const text = await readFile(path, "utf8").catch(unlessAbsent(undefined));
    if (text === undefined) return undefined;
    const manifest = parseManifest(text, path);
    if (manifest.stage !== stage || manifest.key !== key)
      throw new PlumbError(`${path} was changed: it is the manifest of a different result`);
    return manifest;
  }

  /** Checks every file of a result against its manifest. @throws PlumbError naming the first file that was changed. */
  async verify(manifest: Manifest): Promise<Stored> {
    const dir = this.dirOf(manifest.stage, manifest.key);
    const result = join(dir, RESULT);
    for (const [name, digest] of Object.entries(manifest.files)) await verifyFile(join(result, name), digest);
    await verifyFile(join(dir, EVENTS), manifest.events);
    const foreign = (await filesBelow(result)).find((name) => !(name in manifest.files));
    if (foreign !== undefined)
      throw new PlumbError(
        `${join(result, foreign)} is not part of the result: the manifest does not list it`,
      );
    return { manifest, dir, result };
  }

  /** The stored events of a verified result. */
  async events<Event>({ dir }: Stored): Promise<Event[]> {
    const text = await readFile(join(dir, EVENTS), "utf8");
    return text
      .split("\n")
      .filter(Boolean)
      .map(decoded<Event>);
  }

  /**
   * Stores a result. If two processes store the same result at once, the first one stays. @throws PlumbError when the
   * disk is full.
   */
  async put({ origin, key, inputs, events, started, seconds, varying, save }: Made): Promise<Manifest> {
    const { stage, code, config } = origin;
    const dir = this.dirOf(stage, key);
    await writeFolderOnce(dir, async (tmp) => {
      const result = join(tmp, RESULT);
      await mkdir(result);
      await save(result);
      await writeFile(join(tmp, EVENTS), events.map((line) => `${line}\n`).join(""));
      const files: Manifest["files"] = {};
      for (const name of await filesBelow(result))
        files[name] = { ...(await digestOf(join(result, name))), varying: varying(name) };
      const manifest: Manifest = {
        format: 1,
        stage,
        key,
        code,
        config,
        inputs,
        content: contentOf(files),
        files,
        events: await digestOf(join(tmp, EVENTS)),
        started: started.toISOString(),
        seconds: Math.round(seconds * 1000) / 1000,
        processor: `${cpus().length} x ${cpus()[0].model.trim()}`,
        plumbline: plumblineVersion(),
        node: process.version,
      };
      await writeFile(join(tmp, MANIFEST), `${JSON.stringify(manifest, null, 1)}\n`);
    });
    return (await this.manifest(stage, key)) as Manifest;
  }

  /** Removes a result, if it exists. */
  async remove(stage: string, key: string): Promise<void> {
    const name = this.nameOf(stage, key);
    await this.removeWhole(name, name);
  }

  /**
   * Removes a folder below the store's. It is moved away before it is deleted: another process finds it whole or not at all,
   * and one that waits for a lock in it neither gets the lock in a folder that vanishes, nor keeps it from vanishing.
   */
  private async removeWhole(path: string, name: string): Promise<void> {
    const gone = join(this.folder, `.${name}.gone-${randomBytes(4).toString("hex")}`);
    await rename(join(this.folder, path), gone).catch(unlessAbsent(undefined));
    await rm(gone, { recursive: true, force: true });
  }

  /** Makes the folder of a stage that will run, unless it is there; another process may remove it meanwhile. */
  async makeUnfinished(stage: string, key: string): Promise<string> {
    const dir = this.unfinishedDir(stage, key);
    for (let left = TRIES; ; left--) {
      try {
        // Not with its parents at once: Node then fails where the folder is there first and gone when it looks.
        await mkdir(dirname(dir), { recursive: true });
        await mkdir(dir);
        return dir;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "EEXIST") return dir;
        // Otherwise another process found the folder above it empty, and removed it.
        if (code !== "ENOENT" || left === 0) throw error;
      }
    }
  }

  /** Removes what is left of a stage that ran. Only the holder of the stage's lock may call this. */
  async removeUnfinished(stage: string, key: string): Promise<void> {
    await this.removeUnfinishedOf(this.nameOf(stage, key));
  }

  /** The same by the name of the stage's folder. */
  async removeUnfinishedOf(name: string): Promise<void> {
    await this.removeWhole(join(UNFINISHED, name), name);
  }

  /** Removes what a killed process had moved away, and not yet deleted: nobody needs it, whoever holds the stage's lock. */
  async removeMovedAway(stage: string, key: string): Promise<void> {
    await this.removeBeginningWith(`.${this.nameOf(stage, key)}.gone-`);
  }

  private async removeBeginningWith(prefix: string): Promise<void> {
    for (const name of await readdir(this.folder).catch(unlessAbsent([])))
      if (name.startsWith(prefix)) await rm(join(this.folder, name), { recursive: true, force: true });
  }

  /** Removes files that a killed process was writing. Only the holder of the stage's lock may call this. */
  async removeLeftovers(stage: string, key: string): Promise<void> {
    await this.removeBeginningWith(`.${this.nameOf(stage, key)}.tmp-`);
    await this.removeMovedAway(stage, key);
    await removeLeftovers(this.unfinishedDir(stage, key));
  }

  /** Manifests of all stored results, oldest first. Those that are damaged or may not be read are reported through `warn` and left out. */
  async list(warn: (message: string) => void): Promise<Manifest[]> {
    const found: Manifest[] = [];
    for (const name of await readdir(this.folder).catch(unlessAbsent([]))) {
      if (name.startsWith(".")) continue;
      const path = join(this.folder, name, MANIFEST);
      try {
        const text = await readFile(path, "utf8").catch(unlessAbsent(undefined, "ENOTDIR"));
        if (text !== undefined) found.push(parseManifest(text, path));
      } catch (error) {
        const told = systemError(error) ?? error;
        if (!(told instanceof PlumbError)) throw error;
        warn(told.message);
      }
    }
    return found.sort((a, b) => (a.started < b.started ? -1 : 1));
  }
}

/** A value in place of what is not there, or for other codes that say so; any other error is thrown again. */
const unlessAbsent =
  <T>(instead: T, ...codes: string[]) =>
  (error: NodeJS.ErrnoException): T => {
    if (["ENOENT", ...codes].includes(error.code ?? "")) return instead;
    throw error;
  };

/** Bytes of a result's files and events. */
export const sizeOf = ({ files, events }: Manifest): number =>
  Object.values(files).reduce((sum, { bytes }) => sum + bytes, events.bytes);

/** One stage of a run: its stored result is reused, its interrupted work is continued, or it is computed and stored. */
import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { lockFolder } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import { codeDigest } from "./code.js";
import { type Computed, computed } from "./computation.js";
import type { Replayed, StageContext } from "./context.js";
import { deferred } from "./deferred.js";
import { type StageOrigin, stageKey } from "./key.js";
import type { Manifest } from "./manifest.js";
import type { Stage, StageResult } from "./stage.js";
import type { Stored } from "./store.js";

/** The stored result of a stage in a run. */
export interface StageRecord {
  manifest: Manifest;
  reused: boolean;
}

const POLL_MILLISECONDS = 200;

export class PlannedStage<Out, Event extends object> implements StageResult<Out> {
  readonly key: string;
  begun = false;
  private readonly origin: StageOrigin;
  private readonly out = deferred<() => Promise<Out>>();
  private readonly recorded = deferred<StageRecord>();
  private loaded: Promise<Out> | undefined;
  private readonly said = new Set<string>();

  constructor(
    private readonly context: StageContext<Event>,
    private readonly stage: Stage<Out, Event>,
  ) {
    const keys = Object.entries(stage.inputs).map(([name, { key }]) => [name, key]);
    this.origin = {
      stage: stage.name,
      code: codeDigest(stage.code),
      // In the same form as in the manifest: without values that JSON drops.
      config: JSON.parse(JSON.stringify(stage.config)),
      inputs: Object.fromEntries(keys) as Record<string, string>,
    };
    this.key = stageKey(this.origin);
  }

  get name(): string {
    return this.stage.name;
  }

  async content(): Promise<string> {
    return (await this.record()).manifest.content;
  }

  async value(): Promise<Out> {
    this.expectBegun();
    const load = await this.out.promise;
    this.loaded ??= load();
    return this.loaded;
  }

  /** The stored result. @throws the error that the stage failed with. */
  record(): Promise<StageRecord> {
    this.expectBegun();
    return this.recorded.promise;
  }

  private expectBegun(): void {
    if (!this.begun) throw new Error(`stage ${this.name} is asked for its result before it was run`);
  }

  /**
   * Finds or computes the result, and yields the stage's events; for a stored result, its stored events. The value is
   * available as soon as the generator is done; storing it continues while other stages run.
   */
  run(): AsyncGenerator<Replayed<Event>, void> {
    this.begun = true;
    return this.running();
  }

  private async *running(): AsyncGenerator<Replayed<Event>, void> {
    let release: (() => void) | undefined;
    let done = false;
    try {
      // 1. Find a stored result, or take the lock to compute it.
      const { stored, unlock } = await this.foundOrLocked();
      release = unlock;
      if (stored) {
        for (const event of await this.context.store.events<Event>(stored))
          yield { ...event, replayed: true };
        this.out.resolve(() => this.stage.load(stored.result));
        this.recorded.resolve({ manifest: stored.manifest, reused: true });
        done = true;
        return;
      }
      // 2. Run the stage from its last checkpoint.
      const { out, ...made } = yield* computed(this.stage, this.key, this.context);
      this.out.resolve(async () => out);
      // 3. Store its result while other stages run.
      const storing = this.stored(out, made)
        .then(this.recorded.resolve, this.recorded.reject)
        .finally(unlock);
      this.context.storing.add(storing);
      storing.finally(() => this.context.storing.delete(storing));
      release = undefined;
      done = true;
    } catch (error) {
      done = true;
      this.fail(error);
      throw error;
    } finally {
      if (!done) this.fail(new Error(`stage ${this.name} was stopped`));
      release?.();
    }
  }

  private fail(error: unknown): void {
    this.out.reject(error);
    this.recorded.reject(error);
  }

  /** @returns the stored result, or a function that releases the stage's lock. */
  private async foundOrLocked(): Promise<{ stored?: Stored; unlock?: () => void }> {
    const { store, host, options } = this.context;
    for (let told = false; ; ) {
      const before = options.fresh ? undefined : await this.found();
      if (before) {
        await this.removeUnlocked();
        return { stored: before };
      }
      const lock = lockOf(await store.makeUnfinished(this.name, this.key));
      if (typeof lock === "function") {
        // Another process may have stored the result in the meantime.
        const stored = options.fresh ? undefined : await this.found().catch(unlocking(lock));
        if (!stored) return { unlock: lock };
        await store.removeUnfinished(this.name, this.key);
        lock();
        return { stored };
      }
      if (!told) host.info(`${this.name}: another process computes it; waiting (${lock.message})`);
      told = true;
      await sleep(POLL_MILLISECONDS, undefined, { signal: host.signal });
    }
  }

  /** The stored result, if it is complete and was computed from the present inputs. */
  private async found(): Promise<Stored | undefined> {
    const { store, host } = this.context;
    const manifest = await this.trusted(() => store.manifest(this.name, this.key));
    if (manifest === undefined) return undefined;
    for (const [name, input] of Object.entries(this.stage.inputs)) {
      if ((await input.content()) === manifest.inputs[name].content) continue;
      this.sayOnce(
        "info",
        `${this.name}: the stored result was made from another result of ${input.name}; computing it again`,
      );
      return undefined;
    }
    const stored = await this.trusted(() => store.verify(manifest));
    if (stored)
      host.info(
        `${this.name}: reused, computed ${manifest.started.slice(0, 16).replace("T", " ")} (${stored.dir})`,
      );
    return stored;
  }

  /** Reads from the store; if that is damaged, warns and returns undefined. */
  private async trusted<T>(read: () => Promise<T>): Promise<T | undefined> {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof PlumbError)) throw error;
      this.sayOnce(
        "warn",
        `${error.message}; that result of ${this.name} is not used, and is computed again`,
      );
      return undefined;
    }
  }

  /** Says what is true of the stored result: it is looked for again under the lock, and nothing is said twice. */
  private sayOnce(how: "info" | "warn", message: string): void {
    if (this.said.has(message)) return;
    this.said.add(message);
    this.context.host[how](message);
  }

  private async stored(out: Out, made: Omit<Computed<Out>, "out">): Promise<StageRecord> {
    const { stage, origin, key } = this;
    const { store, host } = this.context;
    const inputs: Manifest["inputs"] = {};
    for (const [name, input] of Object.entries(stage.inputs))
      inputs[name] = { stage: input.name, key: input.key, content: await input.content() };
    const before = await store.manifest(this.name, key).catch(() => undefined);
    await store.remove(this.name, key);
    const manifest = await store.put({
      origin,
      key,
      inputs,
      ...made,
      varying: stage.varying ?? (() => false),
      save: (dir) => stage.save(out, dir),
    });
    if (before && before.content !== manifest.content && sameInputs(before, manifest))
      host.warn(
        `${this.name}: the new result differs from the stored one, which was made on ${before.processor}`,
      );
    await store.removeUnfinished(this.name, key);
    return { manifest, reused: false };
  }

  /**
   * Removes the leftovers of a process that was killed between storing a result and tidying up; does nothing if another
   * process holds the lock.
   */
  private async removeUnlocked(): Promise<void> {
    const { store } = this.context;
    await store.removeMovedAway(this.name, this.key);
    const dir = store.unfinishedDir(this.name, this.key);
    if (!existsSync(dir)) return;
    const lock = lockOf(dir);
    if (typeof lock !== "function") return;
    await store.removeUnfinished(this.name, this.key);
    lock();
  }
}

/** A function that releases the lock; or the error if another process holds it or has just finished. */
function lockOf(dir: string): (() => void) | Error {
  try {
    return lockFolder(dir);
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === "ENOENT";
    if (gone || error instanceof PlumbError) return error as Error;
    throw error;
  }
}

/** Releases a lock and throws the error again. */
const unlocking =
  (unlock: () => void) =>
  (error: unknown): never => {
    unlock();
    throw error;
  };

const sameInputs = (a: Manifest, b: Manifest): boolean =>
  Object.entries(a.inputs).every(([name, { content }]) => b.inputs[name].content === content);

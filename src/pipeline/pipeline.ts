/**
 * Runs stages over a store: stored results are reused, interrupted stages continue, and the rest is computed and
 * stored.
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { type Checkpoint, latestCheckpoint, lockFolder, saveCheckpoint } from "../artifacts/index.js";
import { PlumbError } from "../base/errors.js";
import type { Notices } from "../base/host.js";
import { codeDigest } from "./code.js";
import { type StageOrigin, stageKey } from "./key.js";
import type { Manifest } from "./manifest.js";
import type { Stage, StageResult, StageState } from "./stage.js";
import { StageStore, type Stored } from "./store.js";
import { decoded, encoded } from "./values.js";

/** An event; `replayed` marks a stored event of a reused result, or of the part of a stage that an earlier run did. */
export type Replayed<Event> = Event & { replayed?: true };

interface PipelineHost extends Notices {
  /** Aborted when the work must stop: the running stage saves a checkpoint at its next event, if it can. */
  signal: AbortSignal;
}

interface PipelineOptions<Event> {
  /** Computes every stage again and replaces stored results. */
  fresh?: boolean;
  /**
   * Whether an event is stored and yielded again when the result is reused; others, such as those for progress bars,
   * are not.
   */
  keeps: (event: Event) => boolean;
  /** Least seconds between two checkpoints of a stage. */
  checkpointSeconds?: number;
}

const CHECKPOINT_SECONDS = 45;
const POLL_MILLISECONDS = 200;

/** The stored result of a stage in a run. */
export interface StageRecord {
  manifest: Manifest;
  reused: boolean;
}

export class Pipeline<Event extends object> {
  readonly store: StageStore;
  private readonly planned: PlannedStage<unknown, Event>[] = [];
  /** Results being stored at the moment. */
  readonly storing = new Set<Promise<void>>();

  /** @param folder folder for the results; created if missing. */
  constructor(
    folder: string,
    readonly host: PipelineHost,
    readonly options: PipelineOptions<Event>,
  ) {
    this.store = new StageStore(folder);
  }

  /** Adds a stage to this run; nothing is computed before its `run`. */
  plan<Out, E extends Event>(stage: Stage<Out, E>): PlannedStage<Out, E> {
    const planned = new PlannedStage(this as unknown as Pipeline<E>, stage);
    this.planned.push(planned as unknown as PlannedStage<unknown, Event>);
    return planned;
  }

  /** Waits until every result computed so far has been stored or has failed to be stored. */
  async drain(): Promise<void> {
    await Promise.all(this.storing);
  }

  /**
   * Waits until all computed results are stored. @returns the stages that were run, in the order they were planned.
   * @throws the error of the first stage that failed or could not be stored.
   */
  async settle(): Promise<StageRecord[]> {
    const records: StageRecord[] = [];
    for (const stage of this.planned) if (stage.begun) records.push(await stage.record());
    return records;
  }
}

/** The contents of a checkpoint's state: the pipeline's progress and the stage's own state. */
const progressSchema = z.object({
  events: z.array(z.string()),
  seconds: z.number(),
  state: z.json(),
});

export class PlannedStage<Out, Event extends object> implements StageResult<Out> {
  readonly key: string;
  begun = false;
  private readonly origin: StageOrigin;
  private readonly out = deferred<() => Promise<Out>>();
  private readonly recorded = deferred<StageRecord>();
  private loaded: Promise<Out> | undefined;
  private readonly said = new Set<string>();

  constructor(
    private readonly pipeline: Pipeline<Event>,
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
        for (const event of await this.pipeline.store.events<Event>(stored))
          yield { ...event, replayed: true };
        this.out.resolve(() => this.stage.load(stored.result));
        this.recorded.resolve({ manifest: stored.manifest, reused: true });
        done = true;
        return;
      }
      // 2. Run the stage from its last checkpoint.
      const { out, ...made } = yield* this.computed();
      this.out.resolve(async () => out);
      // 3. Store its result while other stages run.
      const storing = this.stored(out, made)
        .then(this.recorded.resolve, this.recorded.reject)
        .finally(unlock);
      this.pipeline.storing.add(storing);
      storing.finally(() => this.pipeline.storing.delete(storing));
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
    const { store, host, options } = this.pipeline;
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
    const { store, host } = this.pipeline;
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
    this.pipeline.host[how](message);
  }

  private async *computed(): AsyncGenerator<Replayed<Event>, Computed<Out>> {
    const { stage } = this;
    const { store, host, options } = this.pipeline;
    const dir = store.unfinishedDir(this.name, this.key);
    // 1. Restore the state of an interrupted run.
    await store.removeLeftovers(this.name, this.key);
    if (options.fresh) await rm(join(dir, "checkpoints"), { recursive: true, force: true });
    const checkpoint = await latestCheckpoint(dir, host.warn.bind(host));
    const { events, seconds, state } = progressOf(checkpoint);
    if (checkpoint) host.info(`${this.name}: going on after step ${events.length} of an interrupted run`);
    for (const event of events) yield { ...decoded<Event>(event), replayed: true };
    // 2. Run the rest.
    const started = new Date(Date.now() - 1000 * seconds);
    const begin = performance.now();
    let last = begin;
    let take: () => Promise<StageState | undefined> = async () => undefined;
    const generator = stage.run({
      saved: checkpoint && { tensors: checkpoint.tensors, state },
      checkpointBy: (by) => {
        take = by;
      },
    });
    const secondsNow = (): number => seconds + (performance.now() - begin) / 1000;
    const due = (): boolean =>
      host.signal.aborted ||
      performance.now() - last >= 1000 * (options.checkpointSeconds ?? CHECKPOINT_SECONDS);
    let finished = false;
    try {
      for (;;) {
        const step = await generator.next();
        if (step.done) {
          finished = true;
          return { out: step.value, events, started, seconds: secondsNow() };
        }
        const kept = options.keeps(step.value);
        if (kept) events.push(encoded(step.value));
        const content = kept && due() ? await take() : undefined;
        if (content) {
          const all = { events: [...events], seconds: secondsNow(), state: content.state };
          await saveCheckpoint(dir, events.length, { tensors: content.tensors, state: all }, { keepLast: 1 });
          last = performance.now();
        }
        yield step.value;
      }
    } finally {
      if (!finished) await generator.return(undefined as Out);
    }
  }

  private async stored(out: Out, made: Omit<Computed<Out>, "out">): Promise<StageRecord> {
    const { stage, origin, key } = this;
    const { store, host } = this.pipeline;
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
    const { store } = this.pipeline;
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

interface Computed<Out> {
  out: Out;
  events: string[];
  started: Date;
  seconds: number;
}

const progressOf = (checkpoint: Checkpoint | undefined): z.infer<typeof progressSchema> =>
  checkpoint ? progressSchema.parse(checkpoint.state) : { events: [], seconds: 0, state: null };

const sameInputs = (a: Manifest, b: Manifest): boolean =>
  Object.entries(a.inputs).every(([name, { content }]) => b.inputs[name].content === content);

interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (error: unknown) => void;
}

/** A promise that is settled from outside. Its rejection need not be handled. */
function deferred<T>(): Deferred<T> {
  let [resolve, reject]: [Deferred<T>["resolve"], Deferred<T>["reject"]] = [() => undefined, () => undefined];
  const promise = new Promise<T>((yes, no) => {
    [resolve, reject] = [yes, no];
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}

/** The computation of a stage, which an interruption does not lose: events and state are saved in checkpoints. */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type Checkpoint, latestCheckpoint, saveCheckpoint } from "../artifacts/index.js";
import type { Replayed, StageContext } from "./context.js";
import type { Stage, StageState } from "./stage.js";
import { decoded, encoded } from "./values.js";

const CHECKPOINT_SECONDS = 45;

/** The contents of a checkpoint's state: the pipeline's progress and the stage's own state. */
const progressSchema = z.object({
  events: z.array(z.string()),
  seconds: z.number(),
  state: z.json(),
});

/** What running a stage gave: its result, the events to store, and when and how long it was computed. */
export interface Computed<Out> {
  out: Out;
  events: string[];
  started: Date;
  seconds: number;
}

/** Runs a stage from the last checkpoint of an interrupted run, or from its beginning, and saves checkpoints on the way. */
export async function* computed<Out, Event extends object>(
  stage: Stage<Out, Event>,
  key: string,
  { store, host, options }: StageContext<Event>,
): AsyncGenerator<Replayed<Event>, Computed<Out>> {
  const { name } = stage;
  const dir = store.unfinishedDir(name, key);
  // 1. Restore the state of an interrupted run.
  await store.removeLeftovers(name, key);
  if (options.fresh) await rm(join(dir, "checkpoints"), { recursive: true, force: true });
  const checkpoint = await latestCheckpoint(dir, host.warn.bind(host));
  const { events, seconds, state } = progressOf(checkpoint);
  if (checkpoint) host.info(`${name}: going on after step ${events.length} of an interrupted run`);
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

const progressOf = (checkpoint: Checkpoint | undefined): z.infer<typeof progressSchema> =>
  checkpoint ? progressSchema.parse(checkpoint.state) : { events: [], seconds: 0, state: null };

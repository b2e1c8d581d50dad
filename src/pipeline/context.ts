/** What the stages of a run have in common. */
import type { Notices } from "../base/host.js";
import type { StageStore } from "./store.js";

/** An event; `replayed` marks a stored event of a reused result, or of the part of a stage that an earlier run did. */
export type Replayed<Event> = Event & { replayed?: true };

export interface PipelineHost extends Notices {
  /** Aborted when the work must stop: the running stage saves a checkpoint at its next event, if it can. */
  signal: AbortSignal;
}

export interface PipelineOptions<Event> {
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

/** The store, the host and the options of a run of stages. */
export interface StageContext<Event> {
  readonly store: StageStore;
  readonly host: PipelineHost;
  readonly options: PipelineOptions<Event>;
  /** Results being stored at the moment. */
  readonly storing: Set<Promise<void>>;
}

/**
 * Runs stages over a store: stored results are reused, interrupted stages continue, and the rest is computed and
 * stored.
 */
import type { PipelineHost, PipelineOptions, StageContext } from "./context.js";
import { PlannedStage, type StageRecord } from "./planned-stage.js";
import type { Stage } from "./stage.js";
import { StageStore } from "./store.js";

export class Pipeline<Event extends object> implements StageContext<Event> {
  readonly store: StageStore;
  private readonly planned: PlannedStage<unknown, Event>[] = [];
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
    const planned = new PlannedStage(this as unknown as StageContext<E>, stage);
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

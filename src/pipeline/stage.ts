import type { CheckpointContent, Json } from "../artifacts/index.js";

/** The present or future result of a stage. Its key is known before anything is computed. */
export interface StageResult<Out> {
  /** The stage's name. */
  readonly name: string;
  /**
   * SHA-256, in hexadecimal, of everything that the result depends on: name, code, configuration, keys of the inputs.
   */
  readonly key: string;
  /** SHA-256 of the stored result, once it is in the store. Rejects if the stage failed. */
  content(): Promise<string>;
  /** The result, once the stage has run. A reused result is read from the store at the first call. */
  value(): Promise<Out>;
}

/** The state of a stage between two events, from which it can continue. */
export type StageState = CheckpointContent;

/** Services for a running stage. */
export interface StageWork {
  /**
   * The state in which an earlier run of this stage was interrupted, if any; the stage must not yield the events before
   * it again.
   */
  readonly saved: StageState | undefined;
  /**
   * Registers the function that takes the state. It is called after some events, while the stage is suspended; it
   * returns undefined if the stage cannot continue from this event.
   */
  checkpointBy(take: () => Promise<StageState | undefined>): void;
}

/**
 * A part of a larger computation whose result depends only on its inputs, its configuration and its code, so that it
 * can be stored under a name derived from them.
 *
 * @typeParam Event type of the yielded events. They must be JSON values, because kept events are stored with the result
 * and yielded again when it is reused.
 */
export interface Stage<Out, Event> {
  /** Made of letters, digits and dashes. */
  readonly name: string;
  /** URL of the module with its code (`import.meta.url`): any change in the module or its imports changes the key. */
  readonly code: string;
  /** The settings that the result depends on, and no others: any change of them changes the key. */
  readonly config: Json;
  readonly inputs: Readonly<Record<string, StageResult<unknown>>>;
  /**
   * Whether a file of the result differs between equal runs, such as a database that contains times. Other stages must
   * not read such files.
   */
  readonly varying?: (file: string) => boolean;
  run(work: StageWork): AsyncGenerator<Event, Out>;
  /** Writes the result into an empty folder. Later stages may run meanwhile, and must not change the result. */
  save(out: Out, dir: string): Promise<void>;
  /** Reads the result that `save` wrote; its files were verified. */
  load(dir: string): Promise<Out>;
}

/** For running a stage without a store: there is no saved state, and no checkpoint is taken. */
export const UNSAVED: StageWork = { saved: undefined, checkpointBy: () => undefined };

import type { CheckpointContent, Json } from "../artifacts/index.js";

/** What a stage came to, or will: known by its key before anything is computed. */
export interface StageResult<Out> {
  /** The stage's name. */
  readonly name: string;
  /** SHA-256 of what the result follows from: name, code, configuration, keys of the inputs. Hexadecimal. */
  readonly key: string;
  /** SHA-256 of the stored result, once it lies in the store. Rejects where the stage failed. */
  content(): Promise<string>;
  /** The result, once the stage was run; read from the store when it is first asked for, where it was there already. */
  value(): Promise<Out>;
}

/** The state between two events of a stage from which it can go on. */
export type StageState = CheckpointContent;

/** What the stage that is running may use. */
export interface StageWork {
  /** Where an earlier run of this stage was interrupted; its events up to there need not be yielded again. */
  readonly saved: StageState | undefined;
  /**
   * Says how the state is taken. It is asked for after some events, while the stage is suspended; `undefined` says that the
   * stage could not go on from this event.
   */
  checkpointBy(take: () => Promise<StageState | undefined>): void;
}

/**
 * A part of a larger computation whose result follows from its inputs, its configuration and its code alone, so that it can be stored
 * under a name that is made of them.
 *
 * @typeParam Event what it yields; must be JSON, because kept events are stored with the result and yielded again when it is reused.
 */
export interface Stage<Out, Event> {
  /** Letters, digits and dashes. */
  readonly name: string;
  /** URL of the module that holds its code (`import.meta.url`): any change in it, or in what it imports, makes another key. */
  readonly code: string;
  /** Settings that the result depends on, and no others: each that is here and changes makes another key. */
  readonly config: Json;
  readonly inputs: Readonly<Record<string, StageResult<unknown>>>;
  /** Files of the result that differ between equal runs, such as a database with times in it; other stages must not read them. */
  readonly varying?: (file: string) => boolean;
  run(work: StageWork): AsyncGenerator<Event, Out>;
  /** Writes the result into an empty folder. It may be written while later stages run: they must not change it. */
  save(out: Out, dir: string): Promise<void>;
  /** Reads what `save` wrote; files were verified. */
  load(dir: string): Promise<Out>;
}

/** Runs without a store: nothing is saved, nothing was. */
export const UNSAVED: StageWork = { saved: undefined, checkpointBy: () => undefined };

/**
 * Decisions of a rater that the server has not acknowledged yet. The browser stores an entry before the next item is
 * painted; entries are sent afterwards, in order, and stay until they are acknowledged or refused. Sending one twice
 * does no harm: votes and corrections count once, and the server recognises a repeated skip.
 */
import type { Answer } from "../../src/votes/tasks/index.js";
import { type ApiProblem, asProblem } from "../api/problem.js";

export type Entry = { lease: string; item: string; at: number } & (
  | { type: "vote"; answer: Answer; milliseconds: number }
  | { type: "correction"; answer: Answer; milliseconds: number; vote?: string }
  | { type: "skip"; reason: string; note?: string }
);
/** An entry that the server will never take, with its reason. */
export type Refused = Entry & { status: number; message: string };

export interface OutboxDoors {
  /** Sends an entry. @returns the vote's id, of votes and corrections. */
  send(entry: Entry): Promise<string | undefined>;
  /** Stores the entries and the refused ones. @returns whether that succeeded. */
  keep(state: { entries: readonly Entry[]; refused: readonly Refused[] }): boolean;
  /** Called after every change. */
  changed(): void;
  /** Called when an entry was refused for good. */
  refused(entry: Refused): void;
  wait(milliseconds: number, work: () => void): () => void;
}

/** Waits between attempts, doubled from the first up to the longest. */
const FIRST_WAIT = 500;
const MAX_WAIT = 30_000;
/** Most refused entries that are kept for the rater to see. */
const MAX_REFUSED = 20;

export class Outbox {
  entries: readonly Entry[];
  refusedEntries: readonly Refused[];
  /** Why sending is waiting; undefined if it is not. */
  problem: ApiProblem | undefined;
  /** Time of the next attempt, in Unix milliseconds. */
  nextTry = 0;
  /** Whether the browser could store the entries. */
  kept = true;
  /** The latest vote of each lease that was acknowledged here. */
  private readonly votes = new Map<string, string>();
  private sending = false;
  private tries = 0;
  private cancelWait: (() => void) | undefined;
  private stopped = false;

  constructor(
    private readonly doors: OutboxDoors,
    kept: { entries?: readonly Entry[]; refused?: readonly Refused[] } = {},
  ) {
    this.entries = kept.entries ?? [];
    this.refusedEntries = kept.refused ?? [];
  }

  /** Stores an entry, so that it is not lost. Call `flush` once the page is painted. */
  add(entry: Entry): void {
    this.entries = [...this.entries, entry];
    this.keep();
  }

  /** Removes the last entry, unless it is already being sent. @returns the entry. */
  takeBack(): Entry | undefined {
    const last = this.entries.at(-1);
    if (last === undefined || (this.sending && this.entries.length === 1)) return undefined;
    this.entries = this.entries.slice(0, -1);
    this.keep();
    return last;
  }

  has = (lease: string): boolean => this.entries.some((entry) => entry.lease === lease);

  forget(refused: Refused): void {
    this.refusedEntries = this.refusedEntries.filter((other) => other !== refused);
    this.keep();
  }

  /** Sends all entries. @param now does not wait for the next attempt. */
  flush({ now = false } = {}): void {
    if (now) {
      this.cancelWait?.();
      this.cancelWait = undefined;
    }
    if (this.sending || this.stopped || this.cancelWait !== undefined) return;
    const [first] = this.entries;
    if (first === undefined) return;
    this.sending = true;
    const vote = first.type === "correction" ? (this.votes.get(first.lease) ?? first.vote) : undefined;
    this.doors.send(vote === undefined ? first : ({ ...first, vote } as Entry)).then(
      (id) => this.acknowledged(first, id),
      (error: unknown) => this.failed(first, asProblem(error)),
    );
  }

  stop(): void {
    this.stopped = true;
    this.cancelWait?.();
  }

  private acknowledged(entry: Entry, vote: string | undefined): void {
    this.sending = false;
    this.tries = 0;
    this.problem = undefined;
    if (vote !== undefined) this.votes.set(entry.lease, vote);
    // A correction of this vote needs its id, also after a reload.
    this.entries = this.entries
      .filter((other) => other !== entry)
      .map((other) =>
        vote !== undefined && other.type === "correction" && other.lease === entry.lease
          ? { ...other, vote }
          : other,
      );
    this.keep();
    this.flush();
  }

  private failed(entry: Entry, problem: ApiProblem): void {
    this.sending = false;
    if (entry.type === "skip" && (problem.status === 409 || problem.status === 410)) {
      this.acknowledged(entry, undefined);
      return;
    }
    if (problem.passing || problem.signedOut) {
      this.problem = problem;
      const wait = problem.signedOut
        ? MAX_WAIT
        : Math.max(
            1000 * (problem.details.retryAfter ?? 0),
            Math.min(MAX_WAIT, FIRST_WAIT * 2 ** this.tries++),
          );
      this.nextTry = Date.now() + wait;
      this.cancelWait = this.doors.wait(wait, () => {
        this.cancelWait = undefined;
        this.flush();
      });
      this.doors.changed();
      return;
    }
    this.tries = 0;
    this.problem = undefined;
    const refused = { ...entry, status: problem.status, message: problem.message };
    this.entries = this.entries.filter((other) => other !== entry);
    this.refusedEntries = [refused, ...this.refusedEntries].slice(0, MAX_REFUSED);
    this.keep();
    this.doors.refused(refused);
    this.flush();
  }

  /** Stores nothing once stopped, because another tab may have taken over. */
  private keep(): void {
    if (this.stopped) return;
    this.kept = this.doors.keep({ entries: this.entries, refused: this.refusedEntries });
    this.doors.changed();
  }
}

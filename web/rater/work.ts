/**
 * The state of a rater's work in a project, independent of its display: the item on the screen, those fetched ahead,
 * decisions being sent to the server, and the reason if there is no item.
 */
import type { Answer } from "../../src/votes/tasks/index.js";
import { call, keepCsrf, type ResultOf, send } from "../api/client.js";
import { type ApiProblem, asProblem } from "../api/problem.js";
import { store, stored } from "../storage.js";
import { keepDraft } from "./drafts.js";
import { type Entry, Outbox, type Refused } from "./outbox.js";

export type Lease = ResultOf<"takeItems">["leases"][number];
export type PastVote = ResultOf<"listOwnVotes">["votes"][number];
type TrainingItem = ResultOf<"listTraining">["items"][number];

/** The item on the screen. */
export type Shown = {
  /** Unique for each time that an item is shown. */
  key: string;
  item: string;
  prompt: Lease["prompt"];
  responses: readonly string[];
} & (
  | { mode: "lease"; lease: Lease }
  | { mode: "correction"; lease: string; vote?: string; answer: Answer }
  | { mode: "training"; at: number; of: number }
);

/** Why there is no item on the screen. */
export type Nothing =
  | { why: "loading" }
  | { why: "none"; reason: NonNullable<ResultOf<"takeItems">["none"]>; told?: string }
  | { why: "problem"; problem: ApiProblem };

/** Leases held at once: the one on the screen, and those fetched ahead. */
const HELD = 5;
/** With fewer leases ahead than this, more are fetched. */
const MIN_AHEAD = 3;
const LOOK_AGAIN_MILLISECONDS = 30_000;
/** A lease with less than this left is renewed while its item is on the screen. */
const RENEW_MILLISECONDS = 5 * 60_000;
/** Name of this client in votes. */
const CLIENT = "rating-site";
/** Most decided items that can be undone. */
const MAX_PAST = 20;

export class Work {
  shown: Shown | undefined;
  nothing: Nothing = { why: "loading" };
  signedOut = false;
  /** Votes cast here since the page was opened. */
  done = 0;
  readonly outbox: Outbox;
  private ahead: Lease[] = [];
  private training: { items: TrainingItem[]; of: number } | undefined;
  /** Leases that were decided here, even if the server does not know it yet. */
  private readonly decided = new Set<string>();
  private past: { entry: Entry; shown: Shown }[] = [];
  private before: Shown | undefined;
  private fetching = false;
  private count = 0;
  private timers: ReturnType<typeof setInterval>[] = [];
  /** The server's clock minus ours, in milliseconds. */
  private skew = 0;
  private stopped = false;

  constructor(
    readonly project: string,
    readonly rater: string,
    private readonly doors: {
      /** Called when the page must be painted again. */
      changed(): void;
      /** Items that will be shown soon. */
      coming(leases: readonly Lease[]): void;
      refused(entry: Refused): void;
    },
  ) {
    const key = `outbox.${rater}.${project}`;
    this.outbox = new Outbox(
      {
        send: sendEntry,
        keep: (state) => store(key, state.entries.length + state.refused.length === 0 ? undefined : state),
        changed: () => {
          if (this.outbox?.problem?.signedOut) this.signedOut = true;
          // The server has everything that was held, so there may be more items.
          if (this.shown === undefined && this.nothing.why !== "none" && this.outbox?.problem === undefined)
            this.fetch();
          doors.changed();
        },
        refused: (entry) => {
          if (entry.type === "vote")
            call("giveBack", { params: { lease: entry.lease } }).catch(() => undefined);
          doors.refused(entry);
          this.fetch();
        },
        wait(milliseconds, work) {
          const timer = setTimeout(work, milliseconds);
          return () => clearTimeout(timer);
        },
      },
      stored(key),
    );
  }

  start(): void {
    this.fetch();
    this.outbox.flush();
    this.timers = [
      setInterval(() => this.renew(), 60_000),
      setInterval(() => this.look(), LOOK_AGAIN_MILLISECONDS),
    ];
    addEventListener("online", this.online);
  }

  stop(): void {
    this.stopped = true;
    for (const timer of this.timers) clearInterval(timer);
    removeEventListener("online", this.online);
    this.outbox.stop();
  }

  /** To be called after signing in again, or when the connection is back. */
  readonly online = (): void => {
    this.signedOut = false;
    this.outbox.flush({ now: true });
    this.look();
    this.doors.changed();
  };

  /** Looks for items if there are none. */
  look(): void {
    if (this.shown === undefined || this.ahead.length === 0) this.fetch();
  }

  /** Takes the verdict on the item on the screen and shows the next one; the verdict is sent once that is painted. */
  decide(answer: Answer, milliseconds: number): void {
    const { shown } = this;
    if (shown === undefined || shown.mode === "training") return;
    const own = {
      lease: shown.mode === "lease" ? shown.lease.id : shown.lease,
      item: shown.item,
      at: Date.now(),
    };
    const entry: Entry =
      shown.mode === "lease"
        ? { ...own, type: "vote", answer, milliseconds }
        : { ...own, type: "correction", answer, milliseconds, ...(shown.vote && { vote: shown.vote }) };
    if (shown.mode === "lease") this.done++;
    this.goOn(entry, shown);
  }

  skip(reason: string, note: string): void {
    const { shown } = this;
    if (shown?.mode !== "lease") return;
    const entry: Entry = { lease: shown.lease.id, item: shown.item, at: Date.now(), type: "skip", reason };
    this.goOn(note.trim() === "" ? entry : { ...entry, note: note.trim() }, shown);
  }

  /** Undoes the last decision. @returns whether it had been sent; undefined if there is none. */
  undo(): "unsent" | "sent" | undefined {
    const last = this.past.at(-1);
    if (last === undefined || last.entry.type === "skip") return undefined;
    this.past = this.past.slice(0, -1);
    const { entry, shown } = last;
    const unsent = this.outbox.entries.at(-1) === entry && this.outbox.takeBack() !== undefined;
    const answer = entry.answer;
    if (unsent && shown.mode === "lease") {
      this.done--;
      this.decided.delete(shown.lease.id);
      keepDraft(this.rater, shown.item, undefined);
      if (this.shown?.mode === "lease") this.ahead.unshift(this.shown.lease);
      this.show({ ...shown, key: this.newKey(), lease: { ...shown.lease, draft: { answer } } });
      return "unsent";
    }
    this.correct({ ...shown, answer, lease: entry.lease });
    return unsent ? "unsent" : "sent";
  }

  /** Opens a decided item to change its verdict. */
  correct(past: {
    item: string;
    lease: string;
    vote?: string;
    prompt: Lease["prompt"];
    responses: readonly string[];
    answer: Answer;
  }): void {
    if (this.shown?.mode !== "correction") this.before = this.shown;
    const { item, lease, vote, prompt, responses, answer } = past;
    this.show({
      mode: "correction",
      key: this.newKey(),
      item,
      lease,
      prompt,
      responses,
      answer,
      ...(vote !== undefined && { vote }),
    });
  }

  /** Leaves a correction without changing anything. */
  leaveCorrection(): void {
    if (this.shown?.mode === "correction") this.next();
  }

  /** To be called after the feedback on a training item. */
  trained(): void {
    this.training?.items.shift();
    if (this.training?.items.length === 0) this.training = undefined;
    this.next();
  }

  /** Gives all held leases back, before leaving. */
  async giveBackAll(): Promise<void> {
    const held = [
      ...this.ahead.map(({ id }) => id),
      ...(this.shown?.mode === "lease" ? [this.shown.lease.id] : []),
    ];
    this.stop();
    await Promise.allSettled(held.map((lease) => call("giveBack", { params: { lease } })));
  }

  private goOn(entry: Entry, shown: Shown): void {
    this.decided.add(entry.lease);
    this.outbox.add(entry);
    keepDraft(this.rater, shown.item, undefined);
    this.past = [...this.past, { entry, shown }].slice(-MAX_PAST);
    this.next();
    // After the next item is painted.
    requestAnimationFrame(() => setTimeout(() => this.outbox.flush()));
  }

  private next(): void {
    if (this.before !== undefined) {
      const before = this.before;
      this.before = undefined;
      this.show({ ...before, key: this.newKey() });
      return;
    }
    if (this.training !== undefined) {
      const { items, of } = this.training;
      this.show({ mode: "training", key: this.newKey(), ...items[0], at: of - items.length + 1, of });
      return;
    }
    let lease = this.ahead.shift();
    while (lease !== undefined && lease.expiresAt - this.skew < Date.now()) lease = this.ahead.shift();
    if (lease === undefined) {
      this.shown = undefined;
      // What was said of earlier items says nothing of those that are asked for now.
      this.nothing = { why: "loading" };
      this.doors.changed();
    } else
      this.show({
        mode: "lease",
        key: this.newKey(),
        lease,
        item: lease.item,
        prompt: lease.prompt,
        responses: lease.responses,
      });
    if (this.ahead.length < MIN_AHEAD) requestAnimationFrame(() => setTimeout(() => this.fetch()));
  }

  private show(shown: Shown): void {
    this.shown = shown;
    this.doors.changed();
  }

  private newKey(): string {
    return String(++this.count);
  }

  private async fetch(): Promise<void> {
    if (this.fetching || this.stopped || this.training !== undefined) return;
    this.fetching = true;
    try {
      const answer = await send(
        "takeItems",
        { params: { project: this.project }, body: { count: HELD } },
        20_000,
      );
      const { leases, none, why } = (await answer.json()) as ResultOf<"takeItems">;
      this.skew = (Date.parse(answer.headers.get("Date") ?? "") || Date.now()) - Date.now();
      if (none === "training") {
        const { items } = await call("listTraining", { params: { project: this.project } });
        if (items.length > 0) this.training = { items, of: items.length };
      }
      const shown = this.shown?.mode === "lease" ? this.shown.lease.id : undefined;
      const waiting = this.before?.mode === "lease" ? this.before.lease.id : undefined;
      this.ahead = leases.filter(
        ({ id }) => id !== shown && id !== waiting && !this.decided.has(id) && !this.outbox.has(id),
      );
      this.nothing = { why: "none", reason: none ?? "no-items", told: why };
      // Every held lease is decided and waits to be sent: only the connection is missing.
      if (this.ahead.length === 0 && none === undefined) this.nothing = { why: "loading" };
      this.doors.coming(this.ahead);
    } catch (error) {
      const problem = asProblem(error);
      if (problem.signedOut) this.signedOut = true;
      this.nothing = { why: "problem", problem };
      // Paused, closed, or no longer in the project: nothing can be judged, including what was fetched.
      if (!problem.passing && !problem.signedOut) {
        this.ahead = [];
        if (this.shown?.mode === "lease") this.shown = undefined;
      }
    } finally {
      this.fetching = false;
    }
    if (this.shown === undefined && (this.ahead.length > 0 || this.training !== undefined)) this.next();
    else this.doors.changed();
  }

  /** Renews the lease of the item on the screen. */
  private renew(): void {
    const { shown } = this;
    if (shown?.mode !== "lease" || document.hidden) return;
    const { lease } = shown;
    if (
      lease.expiresAt - this.skew - Date.now() >
      Math.min(RENEW_MILLISECONDS, (lease.expiresAt - lease.createdAt) / 2)
    )
      return;
    call("renewLease", { params: { lease: lease.id } }).then(
      ({ expiresAt }) => {
        lease.expiresAt = expiresAt;
      },
      () => undefined,
    );
  }
}

async function sendEntry(entry: Entry): Promise<string | undefined> {
  try {
    return await sendOnce(entry);
  } catch (error) {
    // After signing in again in another tab, changes need the new token.
    if (asProblem(error).status !== 403) throw error;
    const { csrf } = await call("currentSession", {});
    keepCsrf(csrf);
    return sendOnce(entry);
  }
}

async function sendOnce(entry: Entry): Promise<string | undefined> {
  const params = { lease: entry.lease };
  if (entry.type === "skip") {
    const reason = entry.reason as "other";
    await call("skipItem", { params, body: { reason, ...(entry.note && { note: entry.note }) } });
    return undefined;
  }
  const body = {
    answer: entry.answer,
    milliseconds: Math.min(86_400_000, Math.round(entry.milliseconds)),
    client: CLIENT,
  };
  if (entry.type === "vote") return (await call("castVote", { params, body })).vote;
  return (await call("correctVote", { params: { vote: entry.vote ?? "" }, body })).vote;
}

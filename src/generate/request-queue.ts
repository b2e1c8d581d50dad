import type { Request } from "./request.js";

/** Waiting requests, first come first served. Taking from the front and looking for cancelled ones stays cheap. */
export class RequestQueue {
  private items: Request[] = [];
  /** Index of the first request that still waits. */
  private head = 0;
  /** Calls of `takeCancelled` until the queue is searched again. */
  private countdown = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  at(index: number): Request {
    return this.items[this.head + index];
  }

  push(request: Request): void {
    this.items.push(request);
  }

  /** Removes and returns the first `count` requests. */
  take(count: number): Request[] {
    const taken = this.items.slice(this.head, this.head + count);
    this.head += count;
    if (2 * this.head > this.items.length) {
      this.items = this.items.slice(this.head);
      this.head = 0;
    }
    return taken;
  }

  takeAll(): Request[] {
    return this.take(this.length);
  }

  /** Removes and returns cancelled requests. A queue of n is searched only at every n/64th call. */
  takeCancelled(): Request[] {
    if (this.countdown-- > 0) return [];
    this.countdown = Math.floor(this.length / 64);
    const all = this.items.slice(this.head);
    const cancelled = all.filter((request) => request.cancelled);
    if (cancelled.length > 0) {
      this.items = all.filter((request) => !request.cancelled);
      this.head = 0;
    }
    return cancelled;
  }

  /** The largest number of positions that a waiting request needs. */
  mostPositions(): number {
    let most = 0;
    for (let i = 0; i < this.length; i++) most = Math.max(most, this.at(i).positions);
    return most;
  }
}

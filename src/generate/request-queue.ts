import type { Request } from "./request.js";

/** Requests that wait, first come first served; taking from the front and looking for cancelled ones stays cheap. */
export class RequestQueue {
  private items: Request[] = [];
  /** Index of the first that still waits. */
  private head = 0;
  /** Calls of `takeCancelled` until the queue is looked through again. */
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

  /** The first `count` requests, removed. */
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

  /** Cancelled requests, removed. A queue of n is looked through at every n/64th call only. */
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

  /** Most positions that any of them needs. */
  mostPositions(): number {
    let most = 0;
    for (let i = 0; i < this.length; i++) most = Math.max(most, this.at(i).positions);
    return most;
  }
}

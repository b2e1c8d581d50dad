/** Runs several stages at once: merges their events, and passes values from one to another while both run. */

/**
 * Runs generators concurrently and yields their values in order of arrival.
 *
 * When one fails, or the consumer stops, the others are asked to return at their next step, without waiting for them.
 */
export async function* together<Event>(
  ...generators: readonly AsyncGenerator<Event, unknown>[]
): AsyncGenerator<Event, void> {
  const step = async (at: number) => ({ at, next: await generators[at].next() });
  const pending = new Map(generators.map((_, at) => [at, step(at)]));
  try {
    while (pending.size > 0) {
      const { at, next } = await Promise.race(pending.values());
      if (next.done) pending.delete(at);
      else {
        yield next.value;
        pending.set(at, step(at));
      }
    }
  } finally {
    for (const [at, left] of pending) {
      left.catch(() => undefined);
      generators[at].return(undefined).catch(() => undefined);
    }
  }
}

/** A list that can be read from its beginning while it grows. */
export class GrowingList<T> implements AsyncIterable<T> {
  private readonly items: T[] = [];
  private state: "open" | "ended" | { error: unknown } = "open";
  private wake: () => void = () => undefined;
  private changed = this.change();

  push(item: T): void {
    this.items.push(item);
    this.announce();
  }

  /** Adds the items of `all` that are not in the list yet, and ends the list. @param all the whole list. */
  end(all: readonly T[]): void {
    this.items.push(...all.slice(this.items.length));
    this.state = "ended";
    this.announce();
  }

  /** Makes readers that reach the end fail with the error. Has no effect on a list that has ended. */
  fail(error: unknown): void {
    if (this.state === "open") this.state = { error };
    this.announce();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void> {
    for (let at = 0; ; at++) {
      while (at >= this.items.length) {
        if (this.state === "ended") return;
        if (this.state !== "open") throw this.state.error;
        await this.changed;
      }
      yield this.items[at];
    }
  }

  private announce(): void {
    this.wake();
    this.changed = this.change();
  }

  private change(): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
    });
  }
}

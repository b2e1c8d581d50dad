import type { Write } from "../audit/writer.js";
import type { StoreContext } from "../store-context.js";

/** Most requests handled together. */
const MAX_TOGETHER = 500;

/** Outcome of one request: its result, or the error that its caller gets. */
export type Outcome<Result> = { value: Result } | { error: unknown };

interface Waiting<Request, Result> {
  request: Request;
  resolve(value: Result): void;
  reject(error: unknown): void;
}

/**
 * Handles the requests of many callers in batches. Requests that arrive while the store is writing are passed to
 * `handle` together. It needs only a few queries for all of them, and all are answered after one commit.
 */
export class Batcher<Request, Result> {
  private waiting: Waiting<Request, Result>[] = [];
  private asked = false;

  constructor(
    private readonly store: Pick<StoreContext, "write">,
    private readonly handle: (write: Write, requests: readonly Request[]) => Promise<Outcome<Result>[]>,
  ) {}

  submit(request: Request): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.waiting.push({ request, resolve, reject });
      if (!this.asked) this.flush();
    });
  }

  private flush(): void {
    this.asked = true;
    let taken: Waiting<Request, Result>[] = [];
    this.store
      .write((write) => {
        this.asked = false;
        taken = this.waiting.splice(0, MAX_TOGETHER);
        if (this.waiting.length > 0) this.flush();
        return this.handle(
          write,
          taken.map(({ request }) => request),
        );
      })
      .then(
        (outcomes) => {
          for (const [i, outcome] of outcomes.entries())
            if ("value" in outcome) taken[i].resolve(outcome.value);
            else taken[i].reject(outcome.error);
        },
        (error: unknown) => {
          // If the write never began, no request was taken from the queue: reject all that are waiting.
          const told = taken.length > 0 ? taken : this.waiting.splice(0);
          if (taken.length === 0) this.asked = false;
          for (const { reject } of told) reject(error);
        },
      );
  }
}

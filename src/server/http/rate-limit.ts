import { RequestError } from "./request-error.js";

/** Most callers remembered; beyond that, the one that called longest ago is forgotten. */
const MAX_CALLERS = 20_000;

interface Bucket {
  tokens: number;
  at: number;
}

/** A token bucket for each caller: `perMinute` requests in a minute, and as many at once. */
export class RateLimit {
  private readonly buckets = new Map<string, Bucket>();

  constructor(
    private readonly perMinute: number,
    private readonly clock: () => number,
  ) {}

  /** @throws RequestError 429 */
  take(caller: string): void {
    const now = this.clock();
    const bucket = this.buckets.get(caller);
    const rate = this.perMinute / 60_000;
    const tokens = bucket
      ? Math.min(this.perMinute, bucket.tokens + Math.max(0, now - bucket.at) * rate)
      : this.perMinute;
    // Deleted and set again, so that the map is ordered by last call.
    this.buckets.delete(caller);
    this.buckets.set(caller, { tokens: tokens >= 1 ? tokens - 1 : tokens, at: now });
    if (this.buckets.size > MAX_CALLERS) this.buckets.delete(this.buckets.keys().next().value as string);
    if (tokens >= 1) return;
    const seconds = Math.ceil((1 - tokens) / rate / 1000);
    throw new RequestError(429, "Too many requests.", {
      hint: `Try again in ${seconds} s.`,
      headers: { "Retry-After": String(seconds) },
    });
  }

  get size(): number {
    return this.buckets.size;
  }
}

import { RequestError } from "../http/request-error.js";

/** Most names and addresses remembered; beyond that, the one that failed longest ago is forgotten. */
const MAX_REMEMBERED = 20_000;
/** Failures without a wait: for a name from one address, for a name from anywhere, for an address. */
const FREE = { pair: 5, login: 30, address: 30 };
const LONGEST_WAIT = 900_000;
/** Milliseconds without a failure after which earlier failures no longer count. */
const FORGIVEN = 3_600_000;

interface Failures {
  count: number;
  last: number;
}

/**
 * Slows down guessing of passwords: after some failures each further one doubles the wait, from a second to a quarter
 * of an hour. It counts names that were tried, not accounts, so that it does not reveal which accounts exist. Who comes
 * with a device that is known for the name, or a session, answers for the failures of that alone: nobody else's keep
 * the owner of an account out.
 */
export class SignInThrottle {
  private readonly failures = new Map<string, Failures>();

  constructor(private readonly clock: () => number) {}

  /** @param device known for the name, if there is one. @throws RequestError 429 */
  check(login: string, address: string, device?: string): void {
    const now = this.clock();
    const until = Math.max(...this.keys(login, address, device).map(([key, free]) => this.waitOf(key, free)));
    if (until <= now) return;
    const seconds = Math.ceil((until - now) / 1000);
    throw new RequestError(429, "Too many failed tries to sign in.", {
      hint: `Try again in ${seconds} s.`,
      headers: { "Retry-After": String(seconds) },
    });
  }

  failed(login: string, address: string, device?: string): void {
    const now = this.clock();
    for (const [key] of this.keys(login, address, device)) {
      const before = this.failures.get(key);
      const count = before && now - before.last < FORGIVEN ? before.count + 1 : 1;
      this.failures.delete(key);
      this.failures.set(key, { count, last: now });
      if (this.failures.size > MAX_REMEMBERED)
        this.failures.delete(this.failures.keys().next().value as string);
    }
  }

  /** Forgets the failures of this name from this address; those counted for the name or the address alone remain. */
  succeeded(login: string, address: string, device?: string): void {
    this.failures.delete(this.keys(login, address, device)[0][0]);
  }

  private keys(login: string, address: string, device?: string): [key: string, free: number][] {
    if (device !== undefined) return [[`device ${login} ${device}`, FREE.pair]];
    return [
      [`pair ${login} ${address}`, FREE.pair],
      [`login ${login}`, FREE.login],
      [`address ${address}`, FREE.address],
    ];
  }

  private waitOf(key: string, free: number): number {
    const known = this.failures.get(key);
    if (known === undefined || known.count < free) return 0;
    return known.last + Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(20, known.count - free));
  }
}

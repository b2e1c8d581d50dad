import { RequestError } from "../http/request-error.js";
import type { Keeper } from "./device.js";
import { WaitingRoom } from "./waiting-room.js";

/** Most names, addresses and devices remembered; beyond that, the one that failed longest ago is forgotten. */
const MAX_REMEMBERED = 20_000;
/**
 * Failures without a wait: for a name from one address, for an address over all names, and for a known device by where
 * its token is kept.
 */
const FREE = { pair: 5, address: 30, cookie: 10, page: 5 };
/** Failures for a name from anywhere after which each address has one try of that name without a wait. */
const UNDER_ATTACK = 30;
/** Failures for a name from anywhere after which its tries come one after another (waiting-room.ts). */
const ONE_BY_ONE = 61;
const LONGEST_WAIT = 900_000;
/** Milliseconds without a failure after which earlier failures no longer count. */
const FORGIVEN = 3_600_000;

interface Failures {
  count: number;
  last: number;
  /** The one before the last, which is the last again when a try succeeds. */
  before: number;
}

/**
 * Who tries: a name from an address, or from a device that signed in with that name before (device.ts), or a session.
 */
export interface Trier {
  login: string;
  address: string;
  device?: { id: string; keptIn: Keeper };
}

/**
 * Slows down guessing of passwords: after some failures each further one doubles the wait, from a second to a quarter
 * of an hour. It counts names that were tried, not accounts, so that it does not reveal which accounts exist.
 *
 * Who comes with a device that is known for the name, or a session, answers for the failures of that alone, even where
 * others fail at the same address. Without one, others' failures elsewhere leave each address its first try: however
 * often a name failed, a try from an address that did not fail is never refused for it. It waits for its turn, so that
 * all addresses together cannot guess faster than that.
 */
export class SignInThrottle {
  private readonly failures = new Map<string, Failures>();
  private readonly room = new WaitingRoom();

  constructor(private readonly clock: () => number) {}

  /**
   * Begins a try, which counts as failed until `succeeded` says otherwise: many at once are no more than one after
   * another. Resolves when it may be made. @throws RequestError 429
   */
  async begin(trier: Trier): Promise<void> {
    this.check(trier);
    const name = nameKey(trier);
    if (trier.device === undefined && this.recent(name) >= ONE_BY_ONE)
      await this.room.turn(name, trier.address, this.recent(pairKey(trier)));
    this.count(trier, 1);
  }

  /**
   * Forgets the failures of this name from this address, and this device's; those of the address and the name remain.
   */
  succeeded(trier: Trier): void {
    this.count(trier, -1);
    this.failures.delete(trier.device === undefined ? pairKey(trier) : deviceKey(trier.device.id));
  }

  private check(trier: Trier): void {
    const now = this.clock();
    const until = Math.max(...this.limits(trier).map(([key, free]) => this.waitOf(key, free)));
    if (until <= now) return;
    const seconds = Math.ceil((until - now) / 1000);
    throw new RequestError(429, "Too many failed tries to sign in.", {
      hint: `Try again in ${seconds} s.`,
      headers: { "Retry-After": String(seconds) },
    });
  }

  /** Changes the number of failures of all that a try counts for. */
  private count(trier: Trier, change: 1 | -1): void {
    const now = this.clock();
    const keys = this.limits(trier).map(([key]) => key);
    for (const key of new Set([...keys, nameKey(trier)])) {
      const [known, count] = [this.failures.get(key), this.recent(key) + change];
      if (change < 0 && known === undefined) continue;
      this.failures.delete(key);
      const before = known?.before ?? now;
      if (count > 0)
        this.failures.set(key, {
          count,
          ...(change > 0 ? { last: now, before: known?.last ?? now } : { last: before, before }),
        });
      if (this.failures.size > MAX_REMEMBERED)
        this.failures.delete(this.failures.keys().next().value as string);
    }
  }

  private limits(trier: Trier): [key: string, free: number][] {
    if (trier.device !== undefined) return [[deviceKey(trier.device.id), FREE[trier.device.keptIn]]];
    const attacked = this.recent(nameKey(trier)) >= UNDER_ATTACK;
    return [
      [pairKey(trier), attacked ? 1 : FREE.pair],
      [`address ${trier.address}`, FREE.address],
    ];
  }

  /** Failures that still count. */
  private recent(key: string): number {
    const known = this.failures.get(key);
    return known !== undefined && this.clock() - known.last < FORGIVEN ? known.count : 0;
  }

  private waitOf(key: string, free: number): number {
    const known = this.failures.get(key);
    if (known === undefined || known.count < free) return 0;
    return known.last + Math.min(LONGEST_WAIT, 1000 * 2 ** Math.min(20, known.count - free));
  }
}

const nameKey = ({ login }: Pick<Trier, "login">) => `login ${login}`;
const pairKey = ({ login, address }: Pick<Trier, "login" | "address">) => `pair ${login} ${address}`;
const deviceKey = (id: string) => `device ${id}`;

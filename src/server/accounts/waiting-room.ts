import { randomInt } from "node:crypto";
import { RequestError } from "../http/request-error.js";

/** Milliseconds between two tries of one name. */
const EVERY = 5000;
/** Most tries that wait for one name, and for all names together: each holds a connection. */
const MAX_WAITING = 40;
const MAX_WAITING_IN_ALL = 1000;
/** Milliseconds after which a try no longer waits: below the minute after which proxies close a connection. */
const LONGEST = 45_000;

interface Waiting {
  caller: string;
  failures: number;
  since: number;
  pass: () => void;
  refuse: (error: RequestError) => void;
}

interface Room {
  waiting: Waiting[];
  /** When the next may pass. */
  nextAt: number;
  timer?: NodeJS.Timeout;
}

/**
 * Lets tries of a name pass one after another, with a pause between them, and makes the others wait. First come those
 * whose callers failed least at this name; among equals the draw decides, so that neither being first nor asking often
 * helps. Somebody who guesses fails, and so comes after everybody who did not: holding up a person who knows the
 * password takes another fresh address for every pause.
 */
export class WaitingRoom {
  private readonly rooms = new Map<string, Room>();
  private inAll = 0;

  /**
   * Resolves when the try may be made.
   *
   * @param failures of this caller at this name. @throws RequestError 429 when the caller waits already, others came
   * before for too long, or too many wait.
   */
  async turn(name: string, caller: string, failures: number): Promise<void> {
    const now = performance.now();
    const room = this.rooms.get(name) ?? { waiting: [], nextAt: now };
    this.rooms.set(name, room);
    if (room.waiting.length === 0 && room.nextAt <= now) {
      room.nextAt = now + EVERY;
      this.open(name, room);
      return;
    }
    if (room.waiting.some((other) => other.caller === caller)) throw busy();
    await new Promise<void>((pass, refuse) => {
      room.waiting.push({ caller, failures, since: now, pass, refuse });
      this.inAll++;
      if (room.waiting.length > MAX_WAITING || this.inAll > MAX_WAITING_IN_ALL)
        this.take(room, Math.max(...room.waiting.map((one) => one.failures))).refuse(busy());
      this.open(name, room);
    });
  }

  /** Sees to it that somebody looks when the next may pass. */
  private open(name: string, room: Room): void {
    room.timer ??= setTimeout(
      () => {
        room.timer = undefined;
        this.next(name, room);
      },
      Math.max(0, room.nextAt - performance.now()),
    ).unref();
  }

  private next(name: string, room: Room): void {
    const now = performance.now();
    for (const one of room.waiting.filter(({ since }) => now - since >= LONGEST)) {
      this.leave(room, one);
      one.refuse(busy());
    }
    if (room.waiting.length > 0 && now >= room.nextAt) {
      room.nextAt = now + EVERY;
      this.take(room, Math.min(...room.waiting.map((one) => one.failures))).pass();
    }
    if (room.waiting.length > 0 || now < room.nextAt) this.open(name, room);
    else this.rooms.delete(name);
  }

  /** Takes one of those with so many failures out, by lot. */
  private take(room: Room, failures: number): Waiting {
    const equals = room.waiting.filter((one) => one.failures === failures);
    const taken = equals[randomInt(equals.length)];
    this.leave(room, taken);
    return taken;
  }

  private leave(room: Room, one: Waiting): void {
    room.waiting.splice(room.waiting.indexOf(one), 1);
    this.inAll--;
  }
}

const busy = () =>
  new RequestError(429, "Too many failed tries to sign in.", {
    hint: `Others try to guess this password. Try again in ${EVERY / 1000} s, or in a browser in which you signed in before.`,
    headers: { "Retry-After": String(EVERY / 1000) },
  });

/** Passwords as Argon2id hashes (RFC 9106), computed on threads beside the event loop. */
import { hash, verify } from "@node-rs/argon2";
import { RequestError } from "../http/request-error.js";

/** OWASP's least for Argon2id: 19 MiB, two passes, one lane. */
const COST = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** Hashes at once, and those that may wait: each takes 19 MiB while it runs. */
const MOST_RUNNING = 4;
const MOST_WAITING = 256;

let running = 0;
const waiting: (() => void)[] = [];

export function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password.normalize("NFKC"), COST));
}

/** Compares with nothing, in the same time, where there is no hash: whether an account exists is not told. */
export async function passwordFits(password: string, stored: string | undefined): Promise<boolean> {
  const compared = stored ?? (await (decoy ??= hashPassword("")));
  const fits = await inTurn(() => verify(compared, password.normalize("NFKC")));
  return fits && stored !== undefined;
}
let decoy: Promise<string> | undefined;

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= MOST_RUNNING) {
    if (waiting.length >= MOST_WAITING)
      throw new RequestError(429, "Too many people are signing in just now.", {
        hint: "Try again in a moment.",
      });
    await new Promise<void>((resolve) => waiting.push(resolve));
  } else running++;
  try {
    return await work();
  } finally {
    const next = waiting.shift();
    if (next) next();
    else running--;
  }
}

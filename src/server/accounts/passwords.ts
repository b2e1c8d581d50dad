/** Passwords as Argon2id hashes (RFC 9106), computed on threads outside the event loop. */
import { hash, verify } from "@node-rs/argon2";
import { RequestError } from "../http/request-error.js";

/** OWASP's minimum for Argon2id: 19 MiB, two passes, one lane. */
export const PASSWORD_COST = { algorithm: 2, memoryCost: 19_456, timeCost: 2, parallelism: 1 };
/** Hashes computed at once, and how many may wait; each takes 19 MiB while it runs. */
const MAX_RUNNING = 4;
const MAX_WAITING = 256;

/** Hashes and compares the passwords of one server, a few at once. */
export class Passwords {
  /** @param cost of new hashes; a stored hash names its own. */
  constructor(private readonly cost: typeof PASSWORD_COST = PASSWORD_COST) {}

  private running = 0;
  private readonly waiting: (() => void)[] = [];
  private decoy: Promise<string> | undefined;

  /** @throws RequestError 429 if too many wait. */
  hash(password: string): Promise<string> {
    return this.inTurn(() => hash(password.normalize("NFKC"), this.cost));
  }

  /**
   * Whether a password matches a stored hash. Without a hash it compares with a decoy, which takes as long, so that the
   * time does not reveal whether an account exists.
   *
   * @throws RequestError 429 if too many wait.
   */
  async fits(password: string, stored: string | undefined): Promise<boolean> {
    const compared = stored ?? (await (this.decoy ??= this.hash("")));
    const fits = await this.inTurn(() => verify(compared, password.normalize("NFKC")));
    return fits && stored !== undefined;
  }

  private async inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.running >= MAX_RUNNING) {
      if (this.waiting.length >= MAX_WAITING)
        throw new RequestError(429, "Too many people are signing in just now.", {
          hint: "Try again in a moment.",
        });
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    } else this.running++;
    try {
      return await work();
    } finally {
      const next = this.waiting.shift();
      if (next) next();
      else this.running--;
    }
  }
}

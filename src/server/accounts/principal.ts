import { type Identity, keyOfHash, sessionOfToken } from "../../feedback/store/accounts/index.js";
import type { StoreContext } from "../../feedback/store/index.js";
import type { Role, Scope } from "../contract/index.js";
import { csrfToken, secretHash } from "./secrets.js";

/** Most principals in the cache, and how long each stays: another process may have ended a session meanwhile. */
const MAX_REMEMBERED = 10_000;
const REMEMBERED_MILLISECONDS = 15_000;
/** Milliseconds between two writes of a session's last use. */
const SEEN_EVERY = 60_000;

/** Who sends a request. */
export interface Principal {
  account: string;
  rater: string;
  role: Role;
  /** For the audit log: `<role>:<account>` or `key:<id>`. */
  actor: string;
  /** Set for a person who is signed in. */
  session?: { id: string; expiresAt: number; csrf: string };
  /** Set for a program with an API key. */
  key?: { id: string; scopes: readonly Scope[] };
}

interface Remembered {
  principal: Principal;
  until: number;
  expiresAt: number;
  /** Last use of a session, which ends when it is idle too long; 0 for a key. */
  seenAt: number;
}

/** Finds who a token or key belongs to, and caches it for some seconds. */
export class Principals {
  private readonly remembered = new Map<string, Remembered>();
  /** Counts calls of `forget`: a principal read before a call is not cached after it. */
  private generation = 0;

  constructor(
    private readonly options: {
      store: StoreContext;
      idleMilliseconds: number;
      /** Stores when a session was used. */
      seen(session: string, at: number): void;
    },
  ) {}

  /** @returns undefined if the token's session is unknown or has ended. */
  async ofSession(token: string): Promise<Principal | undefined> {
    return this.find(secretHash(token), (hash) => this.readSession(hash, csrfToken(token)));
  }

  async ofKey(key: string): Promise<Principal | undefined> {
    return this.find(secretHash(key), (hash) => this.readKey(hash));
  }

  /** Empties the cache; to be called when a session, key or account has changed. */
  forget(): void {
    this.generation++;
    this.remembered.clear();
  }

  private async find(
    hash: string,
    read: (hash: string) => Promise<Remembered | undefined>,
  ): Promise<Principal | undefined> {
    const now = this.options.store.clock();
    let found = this.remembered.get(hash);
    if (found === undefined || found.until <= now) {
      const [{ generation }, before] = [this, found];
      found = await read(hash);
      if (found === undefined) return undefined;
      // The last use noted here may not have reached the database yet.
      found.seenAt = Math.max(found.seenAt, before?.seenAt ?? 0);
      if (generation === this.generation) {
        this.remembered.set(hash, found);
        if (this.remembered.size > MAX_REMEMBERED)
          this.remembered.delete(this.remembered.keys().next().value as string);
      }
    }
    const { principal, expiresAt, seenAt } = found;
    if (expiresAt <= now) return undefined;
    if (principal.session === undefined) return principal;
    if (seenAt + this.options.idleMilliseconds <= now) return undefined;
    if (now - seenAt >= SEEN_EVERY) {
      found.seenAt = now;
      this.options.seen(principal.session.id, now);
    }
    return principal;
  }

  private async readSession(hash: string, csrf: string): Promise<Remembered | undefined> {
    const found = await sessionOfToken(this.options.store, hash);
    if (found === undefined) return undefined;
    const { session, account } = found;
    const { id, expiresAt, seenAt } = session;
    return this.until({
      principal: {
        ...person(account),
        actor: `${account.role}:${account.id}`,
        session: { id, expiresAt, csrf },
      },
      expiresAt,
      seenAt,
    });
  }

  private async readKey(hash: string): Promise<Remembered | undefined> {
    const found = await keyOfHash(this.options.store, hash);
    if (found === undefined) return undefined;
    const { key, account } = found;
    return this.until({
      principal: {
        ...person(account),
        actor: `key:${key.id}`,
        key: { id: key.id, scopes: key.scopes },
      },
      expiresAt: key.expiresAt ?? Number.MAX_SAFE_INTEGER,
      seenAt: 0,
    });
  }

  private until(found: Omit<Remembered, "until">): Remembered {
    return { ...found, until: this.options.store.clock() + REMEMBERED_MILLISECONDS };
  }
}

const person = ({ id, rater, role }: Identity) => ({ account: id, rater, role });

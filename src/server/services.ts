import type { Logger } from "pino";
import { noteUse } from "../feedback/store/accounts/index.js";
import { type Progress, type Store, StoreError } from "../feedback/store/index.js";
import { Passwords } from "./accounts/passwords.js";
import { Principals } from "./accounts/principal.js";
import { SignInThrottle } from "./accounts/throttle.js";
import { Analyses } from "./analysis/analyses.js";
import { type AnalysisRunner, LocalRunner } from "./analysis/runner.js";
import { AuditVerifier } from "./audit-verifier.js";
import { RateLimit } from "./http/rate-limit.js";
import { ServerMetrics } from "./metrics.js";
import { ServerSettings } from "./settings.js";
import { SharedReads } from "./shared-reads.js";

/** What the routes need to answer requests. */
export interface Services {
  store: Store;
  /** The same store, whose reads may take long: what only leads, reviewers and admins ask for goes by it. */
  leadStore: Store;
  progress: SharedReads<Progress>;
  settings: ServerSettings;
  /** Scheme, host and port under which people reach the server. */
  origin: string;
  /** The path below which it lies there, such as /rate; "" for the whole host. */
  base: string;
  principals: Principals;
  throttle: SignInThrottle;
  limits: { account: RateLimit; address: RateLimit; signIn: RateLimit };
  metrics: ServerMetrics;
  analyses: Analyses;
  verifier: AuditVerifier;
  passwords: Passwords;
  log: Logger;
  /** False once the server is stopping. */
  ready: boolean;
}

/** @param origin scheme, host and port under which people reach the server, unless settings.publicUrl is given. */
export function createServices(
  store: Store,
  options: {
    settings?: Partial<ServerSettings>;
    origin: string;
    log: Logger;
    /** What computes analyses; this thread if not given. */
    analyses?: AnalysisRunner;
    /** What hashes passwords; at OWASP's cost if not given. */
    passwords?: Passwords;
  },
): Services {
  const settings = ServerSettings.parse(options.settings ?? {});
  const { limits } = settings;
  const clock = () => store.clock();
  const address = new URL(settings.publicUrl ?? options.origin);
  const leadStore: Store = { ...store, db: store.longReads };
  return {
    store,
    leadStore,
    settings,
    log: options.log,
    ready: true,
    progress: new SharedReads<Progress>(),
    origin: address.origin,
    base: address.pathname.replace(/\/+$/, ""),
    principals: new Principals({
      store,
      idleMilliseconds: limits.idleMinutes * 60_000,
      seen: (session, at) => {
        noteUse(store, session, at).catch((error: unknown) => {
          const what = "last use of a session not kept";
          if (error instanceof StoreError) options.log.warn({ why: error.message }, what);
          else options.log.error({ err: error }, what);
        });
      },
    }),
    throttle: new SignInThrottle(clock),
    limits: {
      account: new RateLimit(limits.account, clock),
      address: new RateLimit(limits.address, clock),
      signIn: new RateLimit(limits.signIn, clock),
    },
    metrics: new ServerMetrics(),
    analyses: new Analyses(leadStore, options.analyses ?? new LocalRunner(leadStore.db)),
    verifier: new AuditVerifier(leadStore),
    passwords: options.passwords ?? new Passwords(),
  };
}

import type { Logger } from "pino";
import { noteUse } from "../feedback/store/accounts/index.js";
import type { Store } from "../feedback/store/index.js";
import { Passwords } from "./accounts/passwords.js";
import { Principals } from "./accounts/principal.js";
import { SignInThrottle } from "./accounts/throttle.js";
import { Analyses } from "./analysis/analyses.js";
import { type AnalysisRunner, LocalRunner } from "./analysis/runner.js";
import { AuditVerifier } from "./audit-verifier.js";
import { RateLimit } from "./http/rate-limit.js";
import { ServerMetrics } from "./metrics.js";
import { ServerSettings } from "./settings.js";

/** What the routes need to answer requests. */
export interface Services {
  store: Store;
  settings: ServerSettings;
  /** Scheme, host and port under which people reach the server. */
  origin: string;
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
  },
): Services {
  const settings = ServerSettings.parse(options.settings ?? {});
  const { limits } = settings;
  const clock = () => store.clock();
  return {
    ...{ store, settings, log: options.log, ready: true },
    origin: new URL(settings.publicUrl ?? options.origin).origin,
    principals: new Principals({
      store,
      idleMilliseconds: limits.idleMinutes * 60_000,
      seen: (session, at) => {
        noteUse(store, session, at).catch((error: unknown) =>
          options.log.error({ err: error }, "last use of a session not kept"),
        );
      },
    }),
    throttle: new SignInThrottle(clock),
    limits: {
      account: new RateLimit(limits.account, clock),
      address: new RateLimit(limits.address, clock),
      signIn: new RateLimit(limits.signIn, clock),
    },
    metrics: new ServerMetrics(),
    analyses: new Analyses(store, options.analyses ?? new LocalRunner(store.db)),
    verifier: new AuditVerifier(store),
    passwords: new Passwords(),
  };
}

import pino from "pino";
import { PlumbError } from "../base/errors.js";
import { anyAdmin, withdrawInvitationsOf } from "../feedback/store/accounts/index.js";
import { openStore } from "../feedback/store/index.js";
import { invitationLink, invite } from "./accounts/invitations.js";
import { ThreadRunner } from "./analysis/thread-runner.js";
import { createApp } from "./app.js";
import { isLoopback } from "./http/origin.js";
import { listen } from "./listen.js";
import { createServices, type Services } from "./services.js";
import type { ServerSettings } from "./settings.js";

/** How long the link for the first admin's account is valid. */
const FIRST_ADMIN_HOURS = 24;

export interface ServerOptions {
  /** SQLite file or postgres:// URL. */
  database: string;
  /** File of the key that signs the audit log; next to the database if not given. */
  keyFile?: string;
  host: string;
  port: number;
  settings: ServerSettings;
  /** Lowest level that is logged to stderr. */
  logLevel: pino.LevelWithSilent;
}

export interface RunningServer {
  services: Services;
  /** Where people reach it. */
  origin: string;
  /** Link with which the first admin makes an account; undefined if there is one. */
  firstAdmin?: string;
  stop(): Promise<void>;
}

/** Opens the store and serves it. @throws PlumbError */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, settings, database, logLevel } = options;
  const shownHost = host.includes(":") ? `[${host}]` : host;
  if (settings.publicUrl === undefined && !isLoopback(shownHost))
    throw new PlumbError(`Serving ${host} needs the address under which people reach the server.`, {
      hint: "Put a proxy with HTTPS in front of it and give --public-url https://..., or serve 127.0.0.1.",
    });
  const log = pino({ level: logLevel, base: undefined }, pino.destination({ dest: 2, sync: false }));
  const store = await openStore(database, { keyFile: options.keyFile });
  try {
    let app: ReturnType<typeof createApp> | undefined;
    const listening = await listen(() => app as NonNullable<typeof app>, {
      ...{ host, port: options.port, limits: settings.limits },
    });
    const services = createServices(store, {
      settings,
      origin: `http://${shownHost}:${listening.port}`,
      log,
      analyses: new ThreadRunner(database),
    });
    app = createApp(services);
    const token = await firstAdminToken(services);
    return {
      services,
      origin: services.origin,
      ...(token !== undefined && { firstAdmin: invitationLink(services.origin, token) }),
      async stop() {
        services.ready = false;
        await listening.stop();
        await services.analyses.close();
        await store.close();
        log.flush();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A new invitation for the first admin, which replaces earlier ones; undefined if there is an admin. */
async function firstAdminToken({ store }: Services): Promise<string | undefined> {
  return store.write(async (write) => {
    if (await anyAdmin(write)) return undefined;
    await withdrawInvitationsOf(write, "system");
    return (await invite(write, { role: "admin", hours: FIRST_ADMIN_HOURS }, "system")).token;
  });
}

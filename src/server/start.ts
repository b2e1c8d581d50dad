import type pino from "pino";
import { PlumbError } from "../base/errors.js";
import { anyAdmin, withdrawInvitationsOf } from "../feedback/store/accounts/index.js";
import { openStore, schemaProblems } from "../feedback/store/index.js";
import { invitationLink, invite } from "./accounts/invitations.js";
import { ThreadRunner } from "./analysis/thread-runner.js";
import { createApp } from "./app.js";
import { sharedAddressWarning } from "./http/client-address.js";
import { isLoopback } from "./http/origin.js";
import { listen } from "./listen.js";
import { serverLog } from "./log/index.js";
import { createServices, type Services } from "./services.js";
import type { ServerSettings } from "./settings.js";
import { sweepUploads } from "./uploads.js";

/** How long the link for the first admin's account is valid. */
const FIRST_ADMIN_HOURS = 24;

/** Where a server listens, and what it serves. */
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
  /** A line a minute instead of a line of JSON for each request. */
  logForPeople?: boolean;
}

/** A server that listens. Stop it to close the database. */
export interface RunningServer {
  services: Services;
  /** Where people reach it, with the path below which it lies there. */
  origin: string;
  /** What seems not to be meant in the settings, for people. */
  warnings: string[];
  /** Link with which the first admin makes an account; undefined if there is one. */
  firstAdmin?: string;
  /** @throws PlumbError when lines of the log could not be written. */
  stop(): Promise<void>;
}

/** The exit status of a server that could not write its log (sysexits.h, EX_IOERR). */
const EXIT_LOG_LOST = 74;

/** Opens the store and serves it. @throws PlumbError */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { host, settings, database, logLevel, logForPeople = false } = options;
  const shownHost = host.includes(":") ? `[${host}]` : host;
  if (settings.publicUrl === undefined && !isLoopback(shownHost))
    throw new PlumbError(`Serving ${host} needs the address under which people reach the server.`, {
      hint: "Put a proxy with HTTPS in front of it and give --public-url https://..., or serve 127.0.0.1.",
    });
  const store = await openStore(database, { keyFile: options.keyFile });
  const { log, end: endLog } = serverLog(logLevel, logForPeople);
  await sweepUploads();
  try {
    let app: ReturnType<typeof createApp> | undefined;
    const listening = await listen(() => app as NonNullable<typeof app>, {
      host,
      port: options.port,
      limits: settings.limits,
    });
    const services = createServices(store, {
      settings,
      origin: `http://${shownHost}:${listening.port}`,
      log,
      analyses: new ThreadRunner(database),
    });
    app = createApp(services);
    const token = await firstAdminToken(services);
    const foreign = foreignWarning(await schemaProblems(store.longReads));
    return {
      services,
      origin: services.origin + services.base,
      warnings: [sharedAddressWarning(settings, isLoopback(shownHost)) ?? [], foreign ?? []].flat(),
      ...(token !== undefined && { firstAdmin: invitationLink(services, token) }),
      async stop() {
        services.ready = false;
        await listening.stop();
        await services.analyses.close();
        let lost = 0;
        try {
          await store.close();
        } finally {
          lost = await endLog();
        }
        if (lost > 0)
          throw new PlumbError(`The server has ended, but ${lost} lines of its log could not be written.`, {
            exitCode: EXIT_LOG_LOST,
          });
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** Of a database into which somebody put what may change what the server does, or sees. */
function foreignWarning([first, ...others]: readonly string[]): string | undefined {
  if (first === undefined) return undefined;
  const more = others.length === 0 ? "" : `, and ${others.length} more`;
  return `somebody has changed the database's own rules, which the server then follows: ${first}${more}; "plumb audit verify" lists them all`;
}

/** A new invitation for the first admin, which replaces earlier ones; undefined if there is an admin. */
async function firstAdminToken({ store }: Services): Promise<string | undefined> {
  return store.write(async (write) => {
    if (await anyAdmin(write)) return undefined;
    await withdrawInvitationsOf(write, "system");
    return (await invite(write, { role: "admin", hours: FIRST_ADMIN_HOURS }, "system")).token;
  });
}

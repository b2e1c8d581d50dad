import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { getRequestListener } from "@hono/node-server";
import { PlumbError } from "../base/errors.js";
import type { createApp } from "./app.js";
import type { ServerLimits } from "./settings.js";

/** How long a stopping server waits for the requests that it is answering. */
const STOP_MILLISECONDS = 10_000;
/** How often a stopping server closes connections that are done: clients keep theirs for later requests. */
const IDLE_MILLISECONDS = 50;
/** How long an idle connection is kept; longer than most proxies keep theirs. */
const KEEP_ALIVE = 75_000;
/** Most connections at once; Node closes further ones. */
const MAX_CONNECTIONS = 10_000;

export interface Listening {
  server: Server;
  /** Port that the server listens on. */
  port: number;
  /** Accepts no more requests, answers those that have arrived, and closes. */
  stop(): Promise<void>;
}

/**
 * Listens over HTTP. Headers and bodies that come too slowly are answered with 408.
 *
 * @param port 0 takes any free one.
 * @throws PlumbError when it cannot listen.
 */
export async function listen(
  app: () => ReturnType<typeof createApp>,
  { host, port, limits }: { host: string; port: number; limits: ServerLimits },
): Promise<Listening> {
  const server = createServer({
    requestTimeout: limits.bodySeconds * 1000,
    headersTimeout: Math.min(limits.bodySeconds, 15) * 1000,
    keepAliveTimeout: KEEP_ALIVE,
    connectionsCheckingInterval: Math.min(5000, limits.bodySeconds * 500),
    maxHeaderSize: 16 * 1024,
  });
  server.maxConnections = MAX_CONNECTIONS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const why = error.code === "EADDRINUSE" ? "the port is taken" : error.message;
      reject(
        new PlumbError(`Cannot listen on ${host}:${port}: ${why}.`, {
          hint: "Choose another with --port; 0 takes any free one.",
          cause: error,
        }),
      );
    });
    server.listen(port, host, resolve);
  });
  server.on(
    "request",
    getRequestListener((request, env) => app().fetch(request, env)),
  );
  return {
    server,
    port: (server.address() as AddressInfo).port,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeIdleConnections();
      const done = setInterval(() => server.closeIdleConnections(), IDLE_MILLISECONDS);
      const late = setTimeout(() => server.closeAllConnections(), STOP_MILLISECONDS);
      await closed;
      clearInterval(done);
      clearTimeout(late);
    },
  };
}

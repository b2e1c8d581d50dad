import { once } from "node:events";
import { z } from "zod";
import { databaseSettings } from "../../feedback/store/database-settings.js";
import { databaseLocation, withoutPassword } from "../../feedback/store/index.js";
import { ServerSettings, startServer } from "../../server/index.js";
import { defineCommand } from "../command.js";
import { goOnWithoutStdout } from "../exit.js";

const schema = ServerSettings.extend({
  ...databaseSettings,
  keyFile: z
    .string()
    .min(1)
    .optional()
    .describe("file of the key that signs the audit log; by default next to the database"),
  host: z.string().min(1).max(255).default("127.0.0.1").describe("Address to listen on"),
  port: z.number().int().min(0).max(65535).default(8080).describe("Port to listen on; 0 takes any free one"),
  logLevel: z
    .enum(["trace", "debug", "info", "warn", "error", "silent"])
    .default("info")
    .describe(
      "Lowest level that is logged on stderr: a line a minute on a terminal, else a line of JSON for each request",
    ),
});

export default defineCommand({
  description: `Serves projects, items and votes over HTTP, for people who sign in and for programs with API keys; /docs describes the API. The first start prints a link, valid once and for a day, with which the first admin makes an account: there is no default password.

It listens on this machine only. To let others in, put a proxy with HTTPS in front of it and give --public-url and --proxies 1. Ctrl-C or SIGTERM stops it: requests that have arrived are answered first. With --json it prints one line when it is ready: {"url":..,"firstAdmin":..}.`,
  examples: [
    { command: "plumb serve", does: "plumb.db in this folder, on http://127.0.0.1:8080" },
    {
      command: "DATABASE_URL=postgres://... plumb serve --public-url https://rate.example.org --proxies 1",
      does: "PostgreSQL, behind a proxy with HTTPS",
    },
  ],
  schema,
  endsBySignal: true,
  async run({ ui, json, signal }, { db, keyFile, host, port, logLevel, ...settings }) {
    const database = databaseLocation(db);
    const logForPeople = process.stderr.isTTY === true;
    const where = { database, keyFile, host, port };
    const server = await startServer({ ...where, logLevel, logForPeople, settings });
    const { origin: url, firstAdmin } = server;
    if (json) await ui.row({ url, ...(firstAdmin && { firstAdmin }) });
    else {
      ui.success(`serving ${url}; the API is described at ${url}/docs`);
      ui.info(`data is in ${withoutPassword(database)}`);
      if (firstAdmin) ui.info(`no admin yet: make the first account, within a day, at\n  ${firstAdmin}`);
    }
    for (const warning of server.warnings) ui.warn(warning);
    goOnWithoutStdout();
    if (!signal.aborted) await once(signal, "abort");
    await server.stop();
    ui.info("stopped");
  },
});

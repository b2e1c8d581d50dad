/** A server with the built pages over a new database, and a browser to look at them with. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pino from "pino";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { openStore, type Store } from "../../../src/feedback/store/index.js";
import { invite } from "../../../src/server/accounts/invitations.js";
import type { Role } from "../../../src/server/contract/index.js";
import { createApp, createServices } from "../../../src/server/index.js";
import { listen } from "../../../src/server/listen.js";
import { ServerSettings } from "../../../src/server/settings.js";

const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const hasChromium = existsSync(CHROMIUM);
export const PASSWORD = "correct horse battery";
const WAIT_MILLISECONDS = 20_000;

export interface TestSite {
  store: Store;
  origin: string;
  browser: Browser;
  /** Moves the server's clock; votes of the past are cast in the past. */
  setClock(offset: number): void;
  /** A new account, signed in in a browser window of its own. */
  person(role: Role, login: string, options?: Parameters<Browser["newContext"]>[0]): Promise<Person>;
  close(): Promise<void>;
}

export interface Person {
  page: Page;
  context: BrowserContext;
  account: { id: string; rater: string };
  /** Asks the API as this person. */
  ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: never }>;
  /** What the browser complained about. */
  complaints: string[];
}

export async function openSite(): Promise<TestSite> {
  const dir = mkdtempSync(join(tmpdir(), "plumb-site-"));
  let offset = 0;
  const store = await openStore(join(dir, "plumb.db"), { clock: () => Date.now() + offset });
  let app: ReturnType<typeof createApp> | undefined;
  const settings = ServerSettings.parse({ limits: { account: 1e6, address: 1e6, signIn: 1e6 } });
  const listening = await listen(() => app as NonNullable<typeof app>, {
    ...{ host: "127.0.0.1", port: 0, limits: settings.limits },
  });
  const origin = `http://127.0.0.1:${listening.port}`;
  const services = createServices(store, { settings, origin, log: pino({ level: "silent" }) });
  app = createApp(services);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  return {
    ...{ store, origin, browser },
    setClock: (next) => {
      offset = next;
    },
    async person(role, login, options = {}) {
      const { token } = await store.write((write) => invite(write, { role, hours: 1 }, "system"));
      const context = await browser.newContext({ locale: "en-GB", reducedMotion: "reduce", ...options });
      context.setDefaultTimeout(WAIT_MILLISECONDS);
      const answer = await context.request.post(`${origin}/api/v1/invitations/accept`, {
        data: { token, login, password: PASSWORD },
        headers: { Origin: origin },
      });
      const { account, csrf } = await answer.json();
      const page = await context.newPage();
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error" && !/status of 4\d\d/.test(message.text()))
          complaints.push(message.text());
      });
      return {
        ...{ page, context, account, complaints },
        async ask(method, path, body) {
          const asked = await context.request.fetch(`${origin}/api/v1${path}`, {
            method,
            headers: { "X-CSRF-Token": csrf, Origin: origin },
            ...(body !== undefined && { data: body }),
          });
          const text = await asked.text();
          return { status: asked.status(), body: (text === "" ? undefined : JSON.parse(text)) as never };
        },
      };
    },
    async close() {
      await browser.close();
      await listening.stop();
      await services.analyses.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

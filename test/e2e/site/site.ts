/// <reference lib="dom" />
/** A running server with pages, a browser, and people who use them. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { afterAll, beforeAll, describe, onTestFinished } from "vitest";
import type { NewItem, NewProject } from "../../../src/feedback/store/index.js";
import { accounts, projects, results } from "../../../src/server/contract/index.js";
import {
  FeedbackClient,
  type RunningServer,
  ServerSettings,
  startServer,
} from "../../../src/server/index.js";
import type { CastVote } from "../../../src/votes/tasks/index.js";

/** Debian's package, or what CHROMIUM names. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const PASSWORD = "a password that is long";

export interface Site {
  browser: Browser;
  server: RunningServer;
  admin: FeedbackClient;
}

/** Tests with one server and one browser; told and skipped where there is no Chromium. */
export function onSite(name: string, tests: (site: Site) => void): void {
  if (!existsSync(CHROMIUM)) {
    console.info(`${name}: skipped, there is no ${CHROMIUM}; install Debian's chromium or set CHROMIUM`);
    describe.skip(name, () => tests({} as Site));
    return;
  }
  describe(name, () => {
    const site = {} as Site;
    let close = async () => {};
    beforeAll(async () => {
      close = await openSite(site);
    });
    afterAll(() => close());
    tests(site);
  });
}

/** @returns what closes it. */
export async function openSite(site: Site): Promise<() => Promise<void>> {
  const dir = mkdtempSync(join(tmpdir(), "plumb-site-"));
  site.server = await startServer({
    ...{ database: join(dir, "plumb.db"), host: "127.0.0.1", port: 0, logLevel: "silent" },
    settings: ServerSettings.parse({ limits: { signIn: 1e6, address: 1e6, account: 1e6 } }),
  });
  site.admin = new FeedbackClient({ url: site.server.origin });
  const token = site.server.firstAdmin?.split("#")[1] as string;
  await site.admin.acceptInvitation({ token, login: "root", password: PASSWORD });
  site.browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  return async () => {
    await site.browser.close();
    site.admin.close();
    await site.server.stop();
    rmSync(dir, { recursive: true, force: true });
  };
}

export const pairItem = (i: number, rest: Partial<NewItem> = {}): NewItem => ({
  content: {
    prompt: `Question ${i}: what is ${i} + ${i}?`,
    responses: [
      { name: "right", text: `It is **${2 * i}**.` },
      { name: "wrong", text: `It is ${2 * i + 1}, I think.` },
    ],
  },
  ...rest,
});

export async function makeProject(
  { admin }: Site,
  project: Partial<NewProject>,
  items: readonly NewItem[],
): Promise<string> {
  const { id } = await admin.call(projects.createProject, {
    body: {
      name: "Pilot",
      task: { kind: "pairwise" },
      seed: 5,
      guidelines: "# Rules\n\nBe fair.",
      ...project,
    },
  });
  if (items.length > 0)
    await admin.call(projects.importItems, { params: { project: id }, body: { items: [...items] } });
  return id;
}

let people = 0;
/**
 * A new rater of the project, in a browser of their own, at the project's page. Signed in by the API: what the form
 * does is the test's that uses `signIn`.
 */
export async function raterPage(
  site: Site,
  project: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; context: BrowserContext; login: string; rater: string; problems: string[] }> {
  const login = `rater${++people}`;
  const { origin } = site.server;
  const { token } = await site.admin.call(accounts.inviteToProject, { params: { project }, body: {} });
  const context = await site.browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  onTestFinished(() => context.close());
  const accepted = await context.request.post(`${origin}/api/v1/invitations/accept`, {
    data: { token, login, password: PASSWORD },
    headers: { Origin: origin },
  });
  if (!accepted.ok()) throw new Error(await accepted.text());
  const { rater } = (await accepted.json()).account;
  const page = await context.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error" && !/Failed to load resource/.test(message.text()))
      problems.push(message.text());
  });
  await page.goto(`${origin}/p/${project}`);
  return { page, context, login, rater, problems };
}

export async function signIn({ server }: Site, page: Page, login: string, path = "/"): Promise<void> {
  await page.goto(server.origin + path);
  await page.fill("[name=login]", login);
  await page.fill("[name=password]", PASSWORD);
  await page.click("button[type=submit]");
  await page.waitForSelector("form", { state: "detached" });
}

export const itemShown = (page: Page): Promise<string | null> =>
  page.locator(".item").getAttribute("data-item");

/** The items behind what the pages show: raters are told other ids of them. */
export async function storedItems({ server }: Site, shown: readonly (string | null)[]): Promise<string[]> {
  const { db } = server.services.store;
  const leases = shown.map((id) => `l${id?.slice(1)}`);
  const rows = await db.selectFrom("leases").select(["id", "item_id"]).where("id", "in", leases).execute();
  return leases.map((lease) => rows.find(({ id }) => id === lease)?.item_id ?? "unknown");
}

/** Waits until another item than this is on the screen, for as long as a look takes. */
export async function nextItem(page: Page, before: string | null): Promise<void> {
  await page.waitForFunction(
    (last) => document.querySelector(".item")?.getAttribute("data-item") !== last,
    before,
  );
  await page.waitForTimeout(LOOK);
}
/** The page takes no verdict for a moment after an item came. */
export const LOOK = 170;

/** Presses the key of a verdict, and waits for what comes next. */
export async function press(page: Page, key: string): Promise<void> {
  const before = await itemShown(page);
  await page.keyboard.press(key);
  await nextItem(page, before);
}

export const votes = ({ admin }: Site, project: string): Promise<CastVote[]> =>
  admin.lines(results.exportVotes, { params: { project } });

/** Waits until the server has so many votes. */
export async function votesAre(site: Site, project: string, count: number): Promise<CastVote[]> {
  for (let tries = 0; tries < 100; tries++) {
    const all = await votes(site, project);
    if (all.length >= count) return all;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return votes(site, project);
}

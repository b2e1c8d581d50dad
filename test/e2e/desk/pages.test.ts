/** Every page of the desk: no serious finding of axe in either theme, nothing that overflows on a phone, no complaint of the browser. */
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pilotProject } from "./pilot.js";
import { hasChromium, openSite, type Person, type TestSite } from "./site.js";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
/** With PLUMB_SCREENSHOTS=1 the tour also takes the pictures of the docs. */
const PICTURES = process.env.PLUMB_SCREENSHOTS === "1" ? "docs/images/desk" : undefined;
/** All of them together stay small. */
const JPEG = { type: "jpeg", quality: 30 } as const;
const LAPTOP = { width: 1280, height: 800 };
const PHONE = { width: 390, height: 844 };

describe.skipIf(!hasChromium)("the desk's pages", () => {
  let site: TestSite;
  let admin: Person;
  let pages: Record<string, string>;
  beforeAll(async () => {
    site = await openSite();
    admin = await site.person("admin", "mara", { viewport: LAPTOP });
    const { project, items, raters } = await pilotProject(site, admin.account.id);
    expect((await admin.ask("post", `/projects/${project}/filter-runs`)).status).toBe(201);
    await admin.ask("post", `/projects/${project}/invitations`, { group: "north" });
    const at = `/desk/${project}`;
    pages = {
      projects: "/desk",
      new: "/desk/new",
      account: "/desk/account",
      accounts: "/desk/accounts",
      audit: "/desk/audit",
      overview: `${at}/overview`,
      guidelines: `${at}/guidelines`,
      items: `${at}/items`,
      item: `${at}/items/${items[0]}`,
      people: `${at}/people`,
      agreement: `${at}/agreement`,
      raters: `${at}/raters`,
      rater: `${at}/raters/${raters[5]}`,
      disagreements: `${at}/disagreements`,
      review: `${at}/review`,
      messages: `${at}/messages`,
      results: `${at}/results`,
      settings: `${at}/settings`,
    };
    if (PICTURES) mkdirSync(PICTURES, { recursive: true });
  }, 60_000);
  afterAll(() => site?.close());

  const settled = async () => {
    await admin.page.locator("h1").first().waitFor();
    await admin.page.waitForFunction(() => document.querySelector(".spinner") === null);
  };

  /** Serious findings of axe on the page as it stands, as lines. A theme changes colours, and nothing else that axe looks at. */
  const findings = async (theme: "light" | "dark"): Promise<string[]> => {
    const rules = theme === "dark" ? { runOnly: ["color-contrast", "link-in-text-block"] } : {};
    const violations = await admin.page.evaluate(async (more) => {
      // biome-ignore lint/suspicious/noExplicitAny: axe puts itself there
      const { violations } = await (globalThis as any).axe.run(document, {
        ...{ resultTypes: ["violations"], ...more },
      });
      return violations.map(
        ({ id, impact, nodes }: { id: string; impact: string; nodes: { html: string }[] }) => ({
          ...{ id, impact },
          html: nodes[0].html.slice(0, 160),
        }),
      ) as { id: string; impact: string; html: string }[];
    }, rules);
    return violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(({ id, html }) => `${theme}: ${id} ${html}`);
  };

  it("axe finds nothing serious in light or dark, and nothing is wider than a phone", async () => {
    const { page } = admin;
    const found: string[] = [];
    for (const [name, path] of Object.entries(pages)) {
      await page.setViewportSize(LAPTOP);
      await page.goto(site.origin + path);
      await settled();
      // Run over the debugger, which the page's own policy does not bind.
      await page.evaluate(AXE);
      for (const theme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        for (const finding of await findings(theme)) found.push(`${name}, ${finding}`);
        if (PICTURES) await page.screenshot({ ...JPEG, path: `${PICTURES}/${name}-${theme}.jpg` });
      }
      await page.setViewportSize(PHONE);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (wide > 0) found.push(`${name}: ${wide} pixels too wide on a phone`);
      if (PICTURES)
        for (const theme of ["light", "dark"] as const) {
          await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
          await page.screenshot({ ...JPEG, path: `${PICTURES}/${name}-${theme}-phone.jpg` });
        }
    }
    expect(found).toEqual([]);
    expect(admin.complaints).toEqual([]);
  }, 120_000);

  it("the dialog of a file has nothing serious either, whether it asks, shows or refuses", async () => {
    const { page } = admin;
    const found: string[] = [];
    const texts = {
      asks: "prompt,gpt,ours,note\nWhy?,Because,So,n\n",
      shows: "prompt,response_a,response_b\nWhy?,**Because**,So\nHow?,Thus,Then\n",
      refuses: "prompt,response_a,response_b\nWhy?,,So\n",
    };
    for (const [name, text] of Object.entries(texts)) {
      await page.setViewportSize(LAPTOP);
      await page.goto(site.origin + pages.items);
      await settled();
      await page.getByRole("button", { name: "Add items from a file" }).click();
      const file = { name: "a.csv", mimeType: "text/plain", buffer: Buffer.from(text) };
      await page.getByLabel("Choose a file").setInputFiles(file);
      await page.locator(".import-columns").waitFor();
      await page.evaluate(AXE);
      for (const theme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
        for (const finding of await findings(theme)) found.push(`${name}, ${finding}`);
        if (PICTURES) await page.screenshot({ ...JPEG, path: `${PICTURES}/import-${name}-${theme}.jpg` });
      }
      await page.setViewportSize(PHONE);
      const wide = await page.evaluate(() => {
        const body = document.querySelector(".dialog-body") as HTMLElement;
        return body.scrollWidth - body.clientWidth;
      });
      if (wide > 0) found.push(`${name}: ${wide} pixels too wide on a phone`);
    }
    expect(found).toEqual([]);
    expect(admin.complaints).toEqual([]);
  }, 60_000);

  it("says it in German too", async () => {
    const { page } = admin;
    await page.goto(site.origin + pages.overview);
    await settled();
    await page.getByRole("button", { name: "Display" }).click();
    await page.getByLabel("Deutsch").check({ force: true });
    await page.keyboard.press("Escape");
    await page.getByRole("link", { name: "Übereinstimmung" }).click();
    await page.getByRole("heading", { name: "Übereinstimmung" }).waitFor();
    await page.evaluate(() => localStorage.clear());
  });

  it("nothing of the pages comes from elsewhere, whatever a model wrote", async () => {
    const { page } = admin;
    const asked = new Set<string>();
    page.on("request", (request) => asked.add(new URL(request.url()).origin));
    for (const path of [pages.overview, pages.items, pages.agreement, pages.item]) {
      await page.goto(site.origin + path);
      await settled();
    }
    await page.getByText("Nobody really knows why there are rainbows.").waitFor();
    expect(await page.title()).toBe("Item 1 · Plumbline");
    expect([...asked]).toEqual([site.origin]);
  });
});

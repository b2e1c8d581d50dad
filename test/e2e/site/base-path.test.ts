import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { ServerSettings, startServer } from "../../../src/server/index.js";
import { onSite, PASSWORD } from "./site.js";

const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

onSite("below a path", (site) => {
  it("an invitation is accepted, and every page and file lies below it, by links and after a reload", async () => {
    const dir = mkdtempSync(join(tmpdir(), "plumb-base-"));
    const port = await freePort();
    const publicUrl = `http://127.0.0.1:${port}/team/rate`;
    const server = await startServer({
      ...{ database: join(dir, "plumb.db"), host: "127.0.0.1", port, logLevel: "silent" },
      settings: ServerSettings.parse({ publicUrl }),
    });
    const context = await site.browser.newContext();
    try {
      const page = await context.newPage();
      const wrong: string[] = [];
      page.on("pageerror", (error) => wrong.push(error.message));
      page.on("response", (response) => {
        const { pathname } = new URL(response.url());
        if (!pathname.startsWith("/team/rate")) wrong.push(pathname);
        // Who is signed in is asked before anybody is.
        if (response.status() >= 400 && response.status() !== 401)
          wrong.push(`${response.status()} ${pathname}`);
      });
      expect(server.firstAdmin).toContain(`${publicUrl}/join#`);
      await page.goto(server.firstAdmin as string);
      await page.fill("input[name=login]", "root");
      await page.fill("input[name=password]", PASSWORD);
      await page.click("button[type=submit]");
      await page.locator('a[href="/team/rate/desk"]').first().click();
      await page.waitForURL(`${publicUrl}/desk`);
      await page.locator('a[href="/team/rate/desk/audit"]').first().click();
      await page.waitForURL(`${publicUrl}/desk/audit`);
      await page.reload();
      await page.getByText("account.added").or(page.locator("table")).first().waitFor();
      const cookies = (await context.cookies()).map(({ name, path }) => `${name} ${path}`);
      expect(cookies.sort()).toEqual(["plumb /team/rate", "plumb-device /team/rate"]);
      expect(wrong).toEqual([]);
    } finally {
      await context.close();
      await server.stop();
      rmSync(dir, { recursive: true, force: true });
    }
  }, 120_000);
});

import { expect, it } from "vitest";
import { projects } from "../../../src/server/contract/index.js";
import { FULL } from "../../spread.js";
import {
  itemShown,
  LOOK,
  makeProject,
  onSite,
  pairItem,
  press,
  raterPage,
  type Site,
  storedItems,
  votes,
  votesAre,
} from "./site.js";

/** Comparisons in a row: each verdict three times, so that the responses stand in either order for some of them. */
const ROW = FULL ? 20 : 12;

/** A rater's page of a new project with so many pairs. */
async function raterOf(site: Site, count: number, settings: Parameters<typeof makeProject>[1] = {}) {
  const items = Array.from({ length: count }, (_, i) => pairItem(i));
  const project = await makeProject(site, settings, items);
  return { project, ...(await raterPage(site, project)) };
}

onSite("comparing", (site) => {
  it("comparisons in a row by keyboard only; undo; a change from the history", async () => {
    const { project, page, problems } = await raterOf(site, ROW + 2, { settings: { overlap: 1 } });
    await page.waitForSelector(".item");
    await page.waitForTimeout(LOOK);
    const given: string[] = [];
    for (let i = 0; i < ROW; i++) {
      given.push((await itemShown(page)) as string);
      await press(page, ["1", "4", "7", "0"][i % 4]);
    }
    const cast = await votesAre(site, project, ROW);
    const stored = await storedItems(site, given);
    expect(cast.map(({ item }) => item)).toEqual(stored);
    // In the stored order "left" is responses[0]: what the screen showed is found by the order that was recorded.
    const onScreen = cast.map(({ answer, order }) => {
      if (answer.kind !== "pairwise") throw new Error("no comparison");
      const { verdict, strength } = answer.aspects.overall;
      const mirrored = order[0] === 1 && (verdict === "left" || verdict === "right");
      return [mirrored ? (verdict === "left" ? "right" : "left") : verdict, strength];
    });
    const cycle = [
      ["left", 3],
      ["tie", undefined],
      ["right", 3],
      ["both-bad", undefined],
    ];
    expect(onScreen).toEqual(given.map((_, i) => cycle[i % 4]));
    for (const { milliseconds } of cast) expect(milliseconds).toBeGreaterThan(100);

    // Undo: the last was sent, so what is chosen now replaces it.
    await page.keyboard.press("z");
    await page.waitForSelector('[data-mode="correction"]');
    expect(await itemShown(page)).toBe(given[ROW - 1]);
    await page.waitForTimeout(LOOK);
    await press(page, "1");
    const corrected = await votesAre(site, project, ROW + 1);
    expect(corrected[ROW]).toMatchObject({ item: stored[ROW - 1], corrects: corrected[ROW - 1].id });

    // The history, by keys alone: the first row's button is reached by Tab.
    await page.keyboard.press("h");
    await page.waitForSelector(".history li");
    expect(await page.locator(".history li").count()).toBe(ROW);
    await page.locator(".history li button").nth(5).focus();
    await page.keyboard.press("Enter");
    await page.waitForSelector('[data-mode="correction"]');
    expect(await itemShown(page)).toBe(given[ROW - 6]);
    await page.waitForTimeout(LOOK);
    await press(page, "4");
    const again = await votesAre(site, project, ROW + 2);
    expect(again[ROW + 1]).toMatchObject({ item: stored[ROW - 6], corrects: again[ROW - 6].id });
    expect(problems).toEqual([]);
  });

  it("a lost connection and a reload lose neither a draft nor a vote, and double none", async () => {
    const { project, page, context } = await raterOf(site, 8);
    await page.waitForSelector(".item");
    await page.waitForTimeout(500);
    await context.setOffline(true);
    const given: string[] = [];
    for (let i = 0; i < 3; i++) {
      given.push((await itemShown(page)) as string);
      await press(page, "1");
    }
    await page.waitForSelector(".rate-trouble");
    const open = await itemShown(page);
    await page.fill(".rationale", "half a reason");
    expect(await votes(site, project)).toEqual([]);
    // The line is back only after the page is gone: what was kept by the browser alone is sent by the next one.
    await page.evaluate(() => {
      window.fetch = () => Promise.reject(new Error("no line"));
    });
    await context.setOffline(false);
    await page.reload();
    await page.waitForSelector(".item");
    const cast = await votesAre(site, project, 3);
    expect(cast.map(({ item }) => item)).toEqual(await storedItems(site, given));
    expect(await itemShown(page)).toBe(open);
    expect(await page.inputValue(".rationale")).toBe("half a reason");
    await page.waitForSelector(".rate-trouble", { state: "detached" });
    // On another device the draft comes from the server.
    const saved = page.waitForResponse(
      (response) => response.request().method() === "PUT" && response.url().endsWith("/draft"),
    );
    await page.fill(".rationale", "a whole reason");
    expect((await saved).ok()).toBe(true);
    await page.evaluate(() => localStorage.clear());
    await page.reload();
    await page.waitForSelector(".item");
    expect(await page.inputValue(".rationale")).toBe("a whole reason");
  });

  it("goes on for as long as there are items, and again as soon as the line is back", async () => {
    const { project, page, context } = await raterOf(site, 8);
    await page.waitForSelector(".item");
    await page.waitForTimeout(500);
    await context.setOffline(true);
    for (let i = 0; i < 5; i++) {
      await page.waitForTimeout(LOOK);
      await page.keyboard.press("1");
    }
    await page.getByText("There is no connection to the server.").waitFor();
    await context.setOffline(false);
    await page.waitForSelector(".item", { timeout: 10_000 });
    expect(await votesAre(site, project, 5)).toHaveLength(5);
  });

  it("undo of what waits takes it back, and nothing of it is sent", async () => {
    const { project, page, context } = await raterOf(site, 4);
    await page.waitForSelector(".item");
    await page.waitForTimeout(500);
    await context.setOffline(true);
    await press(page, "1");
    await page.waitForSelector(".rate-trouble");
    const second = await itemShown(page);
    await press(page, "1");
    await page.keyboard.press("z");
    await page.waitForFunction(
      (id) => document.querySelector(".item")?.getAttribute("data-item") === id,
      second,
    );
    expect(await page.locator('[data-mode="lease"]').count()).toBe(1);
    await context.setOffline(false);
    const cast = await votesAre(site, project, 1);
    await page.waitForTimeout(300);
    expect(await votes(site, project)).toEqual(cast);
    expect(cast).toHaveLength(1);
  });

  it("two tabs: one works at a time, and takes over what the other had", async () => {
    const { project, page, context } = await raterOf(site, 4);
    await page.waitForSelector(".item");
    const item = await itemShown(page);
    const second = await context.newPage();
    await second.goto(page.url());
    await second.getByText("in another tab").waitFor();
    await second.getByRole("button", { name: "Go on here" }).click();
    await second.waitForSelector(".item");
    expect(await itemShown(second)).toBe(item);
    await page.getByText("in another tab").waitFor();
    await second.waitForTimeout(LOOK);
    await press(second, "1");
    expect(await votesAre(site, project, 1)).toHaveLength(1);
  });

  it("an item that was withdrawn while open, and a project that was closed, are said", async () => {
    const { project, page } = await raterOf(site, 3);
    await page.waitForSelector(".item");
    await page.waitForTimeout(LOOK);
    const [item] = await storedItems(site, [await itemShown(page)]);
    await site.admin.call(projects.withdrawItem, { params: { project, item }, body: { reason: "wrong" } });
    await press(page, "1");
    await page.getByText("The item was withdrawn.").waitFor();
    await press(page, "1");
    expect(await votesAre(site, project, 1)).toHaveLength(1);
    await site.admin.call(projects.changeProject, { params: { project }, body: { state: "closed" } });
    await page.keyboard.press("1");
    await page.getByText("This project takes no work just now.").waitFor();
    await page.keyboard.press("h");
    expect(await votes(site, project)).toHaveLength(1);
  });

  it("a server that is busy is said, and the votes are sent when it takes them again", async () => {
    const { project, page } = await raterOf(site, 4);
    await page.waitForSelector(".item");
    await page.waitForTimeout(LOOK);
    const refusals = [503, 429];
    await page.route("**/vote", (route) => {
      const status = refusals.shift();
      const error = { message: "Too many requests." };
      return status === undefined
        ? route.continue()
        : route.fulfill({ status, headers: { "Retry-After": "2" }, json: { error } });
    });
    await press(page, "1");
    await page.getByText("The server is busy.").waitFor();
    await press(page, "7");
    const cast = await votesAre(site, project, 2);
    expect(refusals).toEqual([]);
    expect(cast.map(({ answer }) => answer.kind)).toEqual(["pairwise", "pairwise"]);
    await page.waitForSelector(".rate-trouble", { state: "detached" });
  });

  it("without storage it works, and says that the page has to stay open", async () => {
    const { project, page, context, login, problems } = await raterOf(site, 3);
    await context.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage", "indexedDB"])
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException("refused", "SecurityError");
          },
        });
    });
    expect(login).not.toBe("");
    await page.reload();
    await page.waitForSelector(".item");
    await page.waitForTimeout(LOOK);
    await press(page, "1");
    await page.getByText("This browser keeps nothing").waitFor();
    expect(await votesAre(site, project, 1)).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  it("a session that is over is signed in again in place, and nothing is lost", async () => {
    const { project, page, context, login } = await raterOf(site, 6);
    await page.waitForSelector(".item");
    await page.waitForTimeout(500);
    await context.clearCookies();
    await page.keyboard.press("1");
    await page.getByText("Your session is over").waitFor();
    await page.fill("dialog [name=login]", login);
    await page.fill("dialog [name=password]", "a password that is long");
    await page.click("dialog button[type=submit]");
    await page.waitForSelector("dialog", { state: "detached" });
    expect(await votesAre(site, project, 1)).toHaveLength(1);
    await press(page, "1");
    expect(await votesAre(site, project, 2)).toHaveLength(2);
  });
});

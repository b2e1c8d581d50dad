/** What leads do about items and raters, through the pages: each says what it changes, and is taken back. */
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { hasChromium, openSite, type Person, type TestSite } from "./site.js";

const button = (page: Page, name: string) => page.getByRole("button", { name, exact: true });

describe.skipIf(!hasChromium)("a lead's verbs", () => {
  let site: TestSite;
  let lead: Person;
  let project: string;
  beforeAll(async () => {
    site = await openSite();
    lead = await site.person("lead", "vera");
    const { body } = await lead.ask("post", "/sample-projects", {});
    project = (body as { id: string }).id;
  }, 60_000);
  afterAll(() => site?.close());
  const get = async (path: string) => (await lead.ask("get", `/projects/${project}${path}`)).body as never;

  it("staff land on their project's overview, whose list has ticks", async () => {
    const { page } = lead;
    await page.goto(`${site.origin}/`);
    await page.waitForURL(/\/desk\/p-[^/]+\/overview$/);
    await page.getByText("To begin").waitFor();
    const done = await page.locator(".check-done").allInnerTexts();
    expect(done.map((line) => line.split("\n").filter((word) => word !== "✓")[0])).toEqual([
      "Write the guidelines",
      "Add items",
      "Add some items with a known answer",
      "Invite raters",
      "First votes",
    ]);
    await button(page, "Rate yourself").click();
    await button(page, "Join and judge").click();
    await page.locator(".item").waitFor();
    expect(page.url()).toContain(`/p/${project}`);
  }, 60_000);

  it("a disagreement is decided where it stands, and the decision taken back", async () => {
    const { page } = lead;
    await page.goto(`${site.origin}/desk/${project}/disagreements`);
    await page.locator("summary").first().click();
    await button(page, "Decide it").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("What raters said").waitFor();
    expect(await dialog.getByRole("button", { name: "Decide it" }).isDisabled()).toBe(true);
    await dialog.getByRole("radio", { name: "Answer 2 is better" }).check();
    await dialog.getByLabel("Why").fill("It says where to go on.");
    await dialog.getByRole("button", { name: "Decide it" }).click();
    await page.getByText("Decided by a lead").waitFor();
    const { preferences } = (await get("/preferences")) as {
      preferences: { adjudicated?: boolean; probability: number }[];
    };
    expect(preferences.filter(({ adjudicated }) => adjudicated)).toMatchObject([{ probability: 0 }]);
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back.").waitFor();
    await page.getByText("Decided by a lead").waitFor({ state: "detached" });
    const after = (await get("/preferences")) as { preferences: { adjudicated?: boolean }[] };
    expect(after.preferences.some(({ adjudicated }) => adjudicated)).toBe(false);
  }, 60_000);

  it("an item goes into the guidelines as an example that cannot get out of its frame", async () => {
    const { page } = lead;
    const { items } = (await get("/items?gold=false")) as { items: { id: string }[] };
    await page.goto(`${site.origin}/desk/${project}/items/${items[0].id}`);
    await button(page, "Add to the guidelines").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("radio", { name: "Answer 1 is better" }).check();
    await dialog.getByLabel("Why").fill("Safe first.\n# Not a heading");
    await dialog.getByRole("button", { name: "Add to the guidelines" }).click();
    await page.getByText("The example is in version 2.").waitFor();
    const { guidelines } = (await get("/guidelines")) as { guidelines: { text: string }[] };
    const added = guidelines[0].text.slice(guidelines[1].text.trimEnd().length).trim();
    for (const line of added.split("\n")) expect(line).toMatch(/^>/);
    expect(added).toContain("**Answer 1 is better.** Safe first.");
    await page.locator(".toast").getByRole("button", { name: "Undo" }).click();
    await page.getByText("Taken back.").waitFor();
    const back = (await get("/guidelines")) as { guidelines: { text: string }[] };
    expect(back.guidelines[0].text).toBe(guidelines[1].text);
  }, 60_000);

  it("a rater asks by a key, and reads the answer; a skip is on the same page", async () => {
    const { page } = lead;
    const { body } = await lead.ask("post", `/projects/${project}/invitations`, {});
    const rater = await site.person("rater", "rob");
    await rater.ask("post", "/invitations/join", { token: (body as { token: string }).token });
    await rater.page.goto(`${site.origin}/p/${project}`);
    await rater.page.locator(".item").waitFor();
    await rater.page.keyboard.press("m");
    await rater.page.getByLabel("Your message").fill("Does a short answer count as rude?");
    await button(rater.page, "Send it").click();
    await rater.page.getByText("Your lead is told.").waitFor();

    await page.goto(`${site.origin}/desk/${project}/messages`);
    await page.getByRole("link", { name: /Messages.*1 new/ }).waitFor();
    await page.getByText("The second reply breaks off in the middle.").waitFor();
    await button(page, "Open").click();
    await page.getByText("Does a short answer count as rude?").last().waitFor();
    await page.getByLabel("Message", { exact: true }).fill("Only if it leaves something out.");
    await button(page, "Send").click();
    await page.getByText("Sent.").waitFor();

    await rater.page.reload();
    await button(rater.page, "1 new from your lead").click();
    await rater.page.getByText("Only if it leaves something out.").waitFor();
    await rater.page.keyboard.press("Escape");
    await button(rater.page, "Messages").waitFor();
    expect([...lead.complaints, ...rater.complaints]).toEqual([]);

    // Where there is nothing to judge, the keys of the bar work as well.
    const { items } = (await get("/items")) as { items: { id: string }[] };
    for (const { id } of items)
      await lead.ask("delete", `/projects/${project}/items/${id}`, { reason: "over" });
    await rater.page.reload();
    await rater.page.getByText("nothing to judge").waitFor();
    await rater.page.keyboard.press("h");
    await rater.page.getByText("You have judged nothing yet.").waitFor();
  }, 60_000);
});

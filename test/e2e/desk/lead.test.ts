/** What leads and reviewers do, through the pages alone. */
import { readFileSync } from "node:fs";
import type { Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { pilotProject } from "./pilot.js";
import { hasChromium, openSite, PASSWORD, type TestSite } from "./site.js";

const file = (name: string, text: string) => ({
  ...{ name, mimeType: "text/plain", buffer: Buffer.from(text) },
});
const button = (page: Page, name: string | RegExp) => page.getByRole("button", { name, exact: true });

describe.skipIf(!hasChromium)("a lead's work", () => {
  let site: TestSite;
  beforeAll(async () => {
    site = await openSite();
  });
  afterAll(() => site?.close());

  it("goes from nothing to an export, alone", async () => {
    const { page, complaints } = await site.person("lead", "nora");
    await page.goto(`${site.origin}/desk`);
    await page.getByText("There is no project yet.").waitFor();
    await page.getByRole("link", { name: "New project" }).click();
    await page.getByLabel("Name", { exact: true }).fill("First try");
    await page.getByLabel("Guidelines (Markdown)").fill("Take the **kinder** one.");
    await page.getByLabel("Votes an item").fill("1");
    await page.getByLabel("Votes an item").blur();
    await button(page, "Make the project").click();
    await page.getByText("Nobody has voted yet.").waitFor();

    // A file with bad rows: each is named, and there is no way to add any.
    await page.getByRole("link", { name: "Add items", exact: true }).click();
    await button(page, "Add items from a file").click();
    const csv = "prompt,response_a,response_b\nWhy?,Because,So\nHow?,,This way\nWhen?,Now,Then\n,x,y\n";
    await page.getByLabel("Choose a file").setInputFiles(file("pairs.csv", csv));
    const dialog = page.getByRole("dialog");
    await dialog
      .getByRole("alert")
      .filter({ hasText: "2 problems. Nothing can be added until the file is right." })
      .waitFor();
    const rows = await dialog.locator("tbody tr").allInnerTexts();
    expect(rows.map((row) => row.split("\t").map((cell) => cell.trim()))).toEqual([
      ["3", "response_a", "is missing, empty or not text"],
      ["5", "prompt", "is missing, empty or not text"],
    ]);
    expect(await dialog.getByRole("button", { name: /^Add \d/ }).count()).toBe(0);
    const right = csv.replace("How?,,", "How?,So,").replace("\n,x,y", "");
    await page.getByLabel("Choose a file").setInputFiles(file("pairs.csv", right));
    await dialog.getByText("Every row is right.").waitFor();
    await button(page, "Add 3 items").click();
    await page.getByText("3 items were added.").waitFor();
    await page.getByRole("link", { name: "Why?" }).waitFor();

    // A link is shown once; whoever opens it rates.
    await page.getByRole("link", { name: "People", exact: true }).click();
    await button(page, "Invite").click();
    await button(page, "Make links").click();
    const link = await page.locator("textarea[readonly]").inputValue();
    await page.keyboard.press("Escape");
    const raterContext = await site.browser.newContext({ locale: "en-GB" });
    const rater = await raterContext.newPage();
    await rater.goto(link);
    await rater.getByLabel("Name to sign in with").fill("first-rater");
    await rater.getByLabel("Password").fill(PASSWORD);
    await rater.getByRole("button", { name: "Accept" }).click();
    await rater.waitForURL(/\/p\//);
    const project = rater.url().split("/").at(-1) as string;
    const { raterId } = await page.evaluate(async (id) => {
      const answer = await fetch(`/api/v1/projects/${id}/members`);
      return { raterId: (await answer.json()).members[0].rater as string };
    }, project);
    const { leases } = await site.store.lease({ project, rater: raterId, count: 3 });
    for (const { id } of leases)
      await site.store.vote({
        lease: id,
        rater: raterId,
        answer: { kind: "pairwise", aspects: { overall: { verdict: "left" } }, flags: [] },
      });

    await page.getByRole("link", { name: "Results" }).click();
    const saved = page.waitForEvent("download");
    await button(page, "Download: Preferences for training").click();
    const lines = readFileSync(await (await saved).path(), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(3);
    expect(lines.map(({ prompt }) => prompt).sort()).toEqual(["How?", "When?", "Why?"]);
    for (const { chosen, rejected } of lines) expect(chosen).not.toBe(rejected);

    // Pausing asks first, and then nobody gets anything.
    await page.getByRole("link", { name: "Overview" }).click();
    await button(page, "Pause").click();
    await page.getByRole("dialog").getByRole("button", { name: "Pause" }).click();
    await button(page, "Open").waitFor();
    await expect(site.store.lease({ project, rater: raterId })).rejects.toThrow("paused");
    expect(complaints).toEqual([]);
  }, 90_000);

  it("a file whose columns are not clear is asked about, column by column, and read so the next time", async () => {
    const { page, ask, complaints } = await site.person("lead", "ines");
    const { body } = await ask("post", "/projects", { name: "Columns", task: { kind: "pairwise" } });
    const { id } = body as { id: string };
    const open = async (csv: string) => {
      await page.goto(`${site.origin}/desk/${id}/items`);
      await button(page, "Add items from a file").click();
      await page.getByLabel("Choose a file").setInputFiles(file("answers.csv", csv));
      await page.locator(".import-columns").waitFor();
    };
    const head = "question,gpt,ours,label,remark\n";
    await open(`${head}Why?,Because,So,ours,n\nHow?,Thus,Then,,n\n`);
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("alert").filter({ hasText: "Which columns are answers?" }).waitFor();
    expect(await dialog.getByLabel("question").inputValue()).toBe("prompt");
    expect(await dialog.getByLabel("gpt").inputValue()).toBe("unclear");
    expect(await dialog.getByRole("button", { name: /^Add \d/ }).count()).toBe(0);
    await dialog.getByLabel("gpt").selectOption({ label: "Answer" });
    await dialog.getByLabel("ours").selectOption({ label: "Answer" });
    await dialog.getByText("Every row is right.").waitFor();
    // What raters will see is shown, and nothing else.
    const preview = dialog.getByRole("region", { name: "As raters will see it" });
    await preview.getByText("Because").waitFor();
    expect(await preview.innerText()).not.toContain("ours");
    await dialog.getByLabel("label").selectOption({ label: "Right answer (gold)" });
    await dialog.getByText("2 items, 1 of them gold.").waitFor();
    await dialog.getByLabel("remark").selectOption({ label: "Left out" });
    await button(page, "Next").click();
    await preview.getByText("Then").waitFor();
    await button(page, "Add 2 items").click();
    await page.getByText("2 items were added.").waitFor();
    const items = (await ask("get", `/projects/${id}/items`)).body as {
      items: { content: { meta?: object }; gold?: { aspects: object } }[];
    };
    expect(items.items.map(({ gold }) => gold?.aspects)).toEqual([
      { overall: { verdict: "right" } },
      undefined,
    ]);
    expect(items.items[0].content.meta).toBeUndefined();

    await open(`${head}When?,Now,Later,,n\nWhen?,Now,Later,,n\nWhere?,Here,Here,,n\nWhy?,Because,So,,n\n`);
    await dialog.getByText("Read as you said of an earlier file with the same columns.").waitFor();
    await dialog.getByText("Every row is right.").waitFor();
    for (const warning of [
      /^1 item shows equal responses/,
      /^1 item repeats the prompt and the responses/,
      /^1 item is in the project already/,
    ])
      await dialog.getByText(warning).waitFor();
    await button(page, "Read by names instead").click();
    await dialog.getByRole("alert").filter({ hasText: "Which columns are answers?" }).waitFor();
    expect(complaints).toEqual([]);
  }, 60_000);

  it("two leads write guidelines at once: the second is shown what the first changed, and loses nothing", async () => {
    const [one, two] = [await site.person("admin", "one"), await site.person("admin", "two")];
    const { body } = await one.ask("post", "/projects", {
      ...{ name: "Shared", task: { kind: "pairwise" }, guidelines: "Be kind.\nBe exact." },
    });
    const address = `${site.origin}/desk/${(body as { id: string }).id}/guidelines`;
    const text = (page: Page) => page.getByLabel("Text (Markdown)");
    for (const { page } of [one, two]) {
      await page.goto(address);
      await text(page).waitFor();
    }
    await text(one.page).fill("Be kind.\nBe exact.\nBe quick.");
    await text(two.page).fill("Be very kind.\nBe exact.");
    await button(one.page, "Publish version 2").click();
    await one.page.getByText("Version 2 is published.").waitFor();
    await button(two.page, "Publish version 2").click();
    await two.page.getByText("Somebody else has published meanwhile").waitFor();
    const [theirs, yours] = await two.page.locator(".notice .diff").allInnerTexts();
    expect(theirs).toContain("Be quick.");
    expect(yours).toMatch(/added:\s+Be very kind\./);
    expect(yours).toMatch(/removed:\s+Be quick\./);
    expect(await text(two.page).inputValue()).toBe("Be very kind.\nBe exact.");
    expect(await button(two.page, "Publish version 3").isDisabled()).toBe(true);
    // Neither a reload loses it.
    await two.page.reload();
    await two.page.getByText("Somebody else has published meanwhile").waitFor();
    expect(await text(two.page).inputValue()).toBe("Be very kind.\nBe exact.");
    await text(two.page).fill("Be very kind.\nBe exact.\nBe quick.");
    await button(two.page, "I have looked at it: my text goes upon theirs").click();
    await button(two.page, "Publish version 3").click();
    await two.page.getByText("Version 3 is published.").waitFor();
  }, 60_000);

  it("an exclusion shows what it changes before it is confirmed; a reviewer decides on held votes by keys, and no more", async () => {
    const lead = await site.person("lead", "lea");
    const { project, raters } = await pilotProject(site, lead.account.id);
    const fast = raters[5];
    await lead.page.goto(`${site.origin}/desk/${project}/raters/${fast}`);
    await button(lead.page, "Exclude").click();
    const dialog = lead.page.getByRole("dialog");
    await dialog.getByText(/^\d+ votes would not count\./).waitFor();
    const state = async () => {
      const { body } = await lead.ask("get", `/projects/${project}/members`);
      const { members } = body as { members: { rater: string; state: string }[] };
      return members.find((member) => member.rater === fast)?.state;
    };
    expect(await state()).toBe("active");
    expect(await dialog.getByRole("button", { name: "Exclude" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Reason").fill("Every answer within half a second.");
    await dialog.getByRole("button", { name: "Exclude" }).click();
    await lead.page.getByText("The rater is excluded.").waitFor();
    expect(await state()).toBe("excluded");
    await button(lead.page, "Let in again").waitFor();

    // Only where early stopping weighs votes.
    await lead.page.goto(`${site.origin}/desk/${project}/raters`);
    await lead.page.getByText("Ranges are 95% intervals", { exact: false }).waitFor();
    expect(await button(lead.page, "Weigh raters for early stopping").count()).toBe(0);
    const stop = { probability: 0.95, leastVotes: 2, reliability: 0.75 };
    expect((await lead.ask("patch", `/projects/${project}`, { settings: { stop } })).status).toBe(200);
    await lead.page.reload();
    await button(lead.page, "Weigh raters for early stopping").click();
    await lead.page.getByText("From now on early stopping weighs the votes of", { exact: false }).waitFor();
    const weighed = await site.store.db
      .selectFrom("memberships")
      .select("reliability")
      .where("project_id", "=", project)
      .where("reliability", "is not", null)
      .execute();
    expect(weighed.length).toBeGreaterThanOrEqual(raters.length - 1);

    await lead.page.goto(`${site.origin}/desk/${project}/review`);
    await button(lead.page, "Run the filters").click();
    await lead.page.getByText(/findings are new/).waitFor();

    const reviewer = await site.person("reviewer", "rev");
    await site.store.write(({ db, now }) =>
      db
        .insertInto("staff")
        .values({ project_id: project, account_id: reviewer.account.id, created_at: now })
        .execute(),
    );
    const { page } = reviewer;
    await page.goto(`${site.origin}/desk/${project}/review`);
    await page.getByText("What speaks against it", { exact: false }).first().waitFor();
    const names = await page.getByRole("navigation", { name: "Pages" }).getByRole("link").allInnerTexts();
    expect(names).not.toContain("People");
    expect(names).not.toContain("Settings");
    const decided = async () => {
      const { body } = await reviewer.ask("get", `/projects/${project}/reviews?limit=500`);
      const { reviews } = body as { reviews: { state: string; note?: string }[] };
      return reviews.filter(({ state }) => state !== "held");
    };
    await page.keyboard.press("n");
    await page.keyboard.type("x marks nothing here");
    expect(await decided()).toEqual([]);
    await page.locator("h1").click();
    await page.keyboard.press("x");
    await page.getByText("Rejected.", { exact: true }).waitFor();
    expect(await decided()).toMatchObject([{ state: "rejected", note: "x marks nothing here" }]);
    await page.goto(`${site.origin}/desk/${project}/settings`);
    await page.getByText("Your role does not open this page.").waitFor();
    await page.goto(`${site.origin}/desk/${project}/results`);
    await page.getByText("Method:", { exact: false }).waitFor();
    expect(await page.getByRole("button", { name: /^Download/ }).count()).toBe(0);
  }, 90_000);
});

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { joinProject, type NewItem } from "../../../src/feedback/store/index.js";
import { accounts, projects } from "../../../src/server/contract/index.js";
import {
  itemShown,
  LOOK,
  makeProject,
  nextItem,
  onSite,
  pairItem,
  press,
  raterPage,
  signIn,
  votesAre,
} from "./site.js";

const require = createRequire(import.meta.url);
const AXE = readFileSync(require.resolve("axe-core/axe.min.js"), "utf8");
const LONG = "A long text that goes on and on. ".repeat(120);

const responses = (texts: readonly string[]): NewItem => ({
  content: { prompt: "Tell me.", responses: texts.map((text, i) => ({ name: `r${i}`, text })) },
});
const ready = async (page: Page) => {
  await page.waitForSelector(".item");
  await page.waitForTimeout(LOOK);
};

/** Serious findings of axe, as one line each. */
async function findings(page: Page, rules: object = {}): Promise<string[]> {
  // By the debugger, which the page's policy does not hold back.
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(AXE);
  const found = await page.evaluate(async (more) => {
    // biome-ignore lint/suspicious/noExplicitAny: axe has put itself there
    const { violations } = await (window as any).axe.run(document, { resultTypes: ["violations"], ...more });
    return violations as { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  }, rules);
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary.slice(0, 200)}`),
    );
}

onSite("every kind of task", (site) => {
  it("ranking by numbers, arrows, ties and drag", async () => {
    const item = responses(["one", "two", "three"]);
    const project = await makeProject(site, { task: { kind: "ranking" }, settings: { overlap: 1 } }, [
      item,
      item,
    ]);
    const { page } = await raterPage(site, project);
    await ready(page);
    await page.keyboard.press("Enter");
    await page.getByText("Rank every answer first.").waitFor();
    for (const key of ["3", "1", "2"]) await page.keyboard.press(key);
    await page.locator(".rank-handle", { hasText: "B" }).focus();
    await page.keyboard.press("ArrowLeft");
    await page.getByRole("button", { name: "A as good as the one before" }).click();
    await page.locator("body").focus();
    const first = await itemShown(page);
    await page.keyboard.press("Control+Enter");
    await nextItem(page, first);
    for (const key of ["1", "2", "3"]) await page.keyboard.press(key);
    const last = await page.locator(".rank-handle").nth(2).boundingBox();
    const best = await page.locator(".rank-handle").nth(0).boundingBox();
    if (!last || !best) throw new Error("no ranking");
    await page.mouse.move(last.x + 10, last.y + 10);
    await page.mouse.down();
    await page.mouse.move(best.x + 20, best.y + 10, { steps: 5 });
    await page.mouse.move(best.x - 5, best.y + 10, { steps: 3 });
    await page.mouse.up();
    expect(await page.locator(".rank-letter").allTextContents()).toEqual(["C", "A", "B"]);
    await page.getByRole("button", { name: "Send" }).click();
    const cast = await votesAre(site, project, 2);
    // By the place on the screen: order[place] is the stored index.
    const ranks = cast.map(({ answer, order }) =>
      answer.kind === "ranking" ? order.map((index) => answer.ranks[index]) : [],
    );
    expect(ranks).toEqual([
      [2, 2, 1],
      [2, 3, 1],
    ]);
  });

  it("Likert points by the numbers, aspect after aspect", async () => {
    const task = { kind: "likert" as const, aspects: ["helpful", "harmless"], scale: 5 };
    const project = await makeProject(site, { task }, [responses(["one", "two"])]);
    const { page } = await raterPage(site, project);
    await ready(page);
    for (const key of ["5", "1", "2", "4"]) await page.keyboard.press(key);
    await page.keyboard.press("Enter");
    const [{ answer, order }] = await votesAre(site, project, 1);
    expect(answer.kind === "likert" && order.map((index) => answer.ratings[index])).toEqual([
      { helpful: 5, harmless: 1 },
      { helpful: 2, harmless: 4 },
    ]);
  });

  it("writing an answer, and making one better with its changes shown", async () => {
    const demonstration = await makeProject(site, { task: { kind: "demonstration" } }, [responses([])]);
    const writer = await raterPage(site, demonstration);
    await ready(writer.page);
    await writer.page.fill(".written", "My own answer.");
    await writer.page.keyboard.press("Control+Enter");
    expect((await votesAre(site, demonstration, 1))[0].answer).toMatchObject({ text: "My own answer." });
    const rewrite = await makeProject(site, { task: { kind: "rewrite" } }, [
      responses(["Cats is nice animals."]),
    ]);
    const { page } = await raterPage(site, rewrite);
    await ready(page);
    await page.focus(".written");
    await page.keyboard.press("Control+Enter");
    await page.getByText("Change something first.").waitFor();
    await page.fill(".written", "Cats are nice animals.");
    expect(await page.locator("del").allTextContents()).toEqual(["is"]);
    expect(await page.locator("ins").allTextContents()).toEqual(["are"]);
    await page.keyboard.press("Control+Enter");
    expect((await votesAre(site, rewrite, 1))[0].answer).toMatchObject({ text: "Cats are nice animals." });
  });

  it("safety labels, blurred until opened; flags and a reason; skipping with a reason", async () => {
    const items = ["bad words", "fine words", "third"].map((text) => responses([text]));
    const project = await makeProject(site, { task: { kind: "safety" }, settings: { overlap: 1 } }, items);
    const { page } = await raterPage(site, project);
    await ready(page);
    expect(await page.getByText("bad words").count()).toBe(0);
    await page.keyboard.press("s");
    await page.getByText("Open it first.").waitFor();
    await page.keyboard.press("o");
    await page.getByText("bad words").waitFor();
    const first = await itemShown(page);
    await page.keyboard.press("u");
    await page.keyboard.press("0");
    await page.getByRole("button", { name: "Made up" }).click();
    await page.fill(".rationale", "It hates.");
    await page.keyboard.press("Control+Enter");
    await nextItem(page, first);
    await page.keyboard.press("o");
    await press(page, "s");
    await page.keyboard.press("x");
    await page.waitForSelector("dialog[open]");
    await page.keyboard.press("3");
    await page.getByText("There is nothing to judge just now.").waitFor();
    const cast = await votesAre(site, project, 2);
    expect(cast.map(({ answer }) => answer)).toMatchObject([
      {
        safe: false,
        categories: ["S10"],
        flags: [{ place: 0, flag: "hallucination" }],
        rationale: "It hates.",
      },
      { safe: true, categories: [], flags: [] },
    ]);
    // The page shows that nothing is left before the server has been told why.
    const reasons = async (): Promise<(string | null)[]> => {
      const { db } = site.server.services.store;
      const skipped = db.selectFrom("leases").select("reason").where("state", "=", "skipped");
      return (await skipped.execute()).map(({ reason }) => reason);
    };
    await expect.poll(reasons, { timeout: 10_000 }).toEqual(["harmful"]);
  });

  it("training first, with what was expected and why; it is no vote", async () => {
    const gold = { kind: "pairwise" as const, aspects: { overall: { verdict: "left" as const } }, flags: [] };
    const lesson = pairItem(1, { gold, explanation: "The sum is **2**." });
    const project = await makeProject(site, {}, [lesson, pairItem(2)]);
    const { page } = await raterPage(site, project);
    await page.waitForSelector('[data-mode="training"]');
    await page.waitForTimeout(LOOK);
    await page.keyboard.press("4");
    await page.getByText("Something else was expected.").waitFor();
    await page.getByText("The sum is 2.").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForSelector('[data-mode="lease"]');
    await page.waitForTimeout(LOOK);
    await page.keyboard.press("1");
    await page.getByText("There is nothing to judge").waitFor();
    expect(await votesAre(site, project, 1)).toHaveLength(1);
  });

  it("keys can be changed, and are kept", async () => {
    const project = await makeProject(
      site,
      {},
      Array.from({ length: 3 }, (_, i) => pairItem(i)),
    );
    const { page } = await raterPage(site, project);
    await ready(page);
    await page.keyboard.press("?");
    await page.getByRole("button", { name: /^Tie: / }).click();
    await page.keyboard.press("k");
    await page.keyboard.press("Escape");
    await page.reload();
    await ready(page);
    await press(page, "k");
    const [{ answer }] = await votesAre(site, project, 1);
    expect(answer).toMatchObject({ aspects: { overall: { verdict: "tie" } } });
  });

  it("a phone, by touch: nothing is wider than the screen, and a verdict is one tap", async () => {
    const wide = `| ${"column | ".repeat(14)}\n| ${"--- | ".repeat(14)}\n| ${"value | ".repeat(14)}`;
    const item = responses([`${LONG}\n\n${wide}`, `\`\`\`\n${"x = 1; ".repeat(60)}\n\`\`\``]);
    const project = await makeProject(site, { settings: { overlap: 1 } }, [item, item]);
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    const { page } = await raterPage(site, project, phone);
    await ready(page);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
    const first = await itemShown(page);
    await page.getByRole("button", { name: "B clearly" }).tap();
    await nextItem(page, first);
    expect((await votesAre(site, project, 1))[0].answer.kind).toBe("pairwise");
    await page.getByRole("button", { name: "Guidelines" }).tap();
    await page.getByText("Be fair.").waitFor();
  });

  it("scripts, styles, images and links of a model neither run nor leave the page", async () => {
    const tricks = [
      "<script>window.owned = 1</script><img src=x onerror='window.owned = 2'><svg onload='window.owned = 3'>",
      "<style>body { display: none }</style><b style='position:fixed;inset:0'>over all</b>",
      "![pixel](https://example.com/pixel.png) ![data](data:image/svg+xml,<svg/onload=alert(1)>)",
      "[click](javascript:window.owned=4) [out](https://example.com/path) [x](data:text/html,<script>1</script>)",
      '<a href="https://example.com" id="app" name="body" target="_top">a</a><form action="/api/v1/session"><input name="x"></form>',
      "<iframe src='https://example.com'></iframe><base href='https://example.com'><meta http-equiv=refresh content='0;url=https://example.com'>",
      "$\\href{javascript:window.owned=5}{x}$ $x^2 + \\frac{1}{2}$ $$\\htmlStyle{position:fixed}{y}$$",
      "<math><mtext><table><mglyph><style><img src=x onerror=window.owned=6></style></mglyph></table></mtext></math>",
    ].join("\n\n");
    const project = await makeProject(site, {}, [responses([tricks, "plain"])]);
    const { page, problems, context } = await raterPage(site, project);
    const asked: string[] = [];
    context.on("request", (request) => asked.push(request.url()));
    await ready(page);
    await page.waitForSelector("math");
    await page.waitForTimeout(300);
    const shown = await page.evaluate(() => ({
      owned: (window as { owned?: number }).owned,
      elements: document.querySelectorAll(
        ".md :is(script, style, img, svg, iframe, form, input, base, meta, object, [style], [id], [name], [onerror], a)",
      ).length,
      links: [...document.querySelectorAll<HTMLButtonElement>(".outer-link")].map(({ value }) => value),
      visible: getComputedStyle(document.body).display,
    }));
    expect(shown).toEqual({
      owned: undefined,
      elements: 0,
      links: ["https://example.com/path"],
      visible: "block",
    });
    const { origin } = site.server;
    expect(asked.filter((url) => !url.startsWith(origin))).toEqual([]);
    await page.locator(".outer-link").click();
    await page.getByText("https://example.com/path").last().waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    expect(context.pages()).toHaveLength(1);
    expect(page.url()).toBe(`${origin}/p/${project}`);
    expect(problems).toEqual([]);
  });

  it("axe finds nothing serious, in the light and in the dark", async () => {
    const found: string[] = [];
    const check = async (page: Page, name: string) => {
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        // A theme changes colours, and nothing else that axe looks at.
        const rules = colorScheme === "dark" && { runOnly: ["color-contrast", "link-in-text-block"] };
        for (const finding of await findings(page, rules || {}))
          found.push(`${name}, ${colorScheme}: ${finding}`);
      }
    };
    const rich =
      "# Head\n\nText with `code`, a [link](https://example.com) and\n\n| a | b |\n|---|---|\n| 1 | 2 |";
    const tasks = [
      { kind: "pairwise" as const },
      { kind: "pairwise" as const, aspects: ["helpful", "harmless"], rationale: "required" as const },
      { kind: "ranking" as const },
      { kind: "likert" as const },
      { kind: "demonstration" as const },
      { kind: "rewrite" as const },
      { kind: "safety" as const },
    ];
    const made: string[] = [];
    for (const task of tasks) {
      const texts = { demonstration: [], rewrite: [rich], safety: [rich] }[task.kind as "safety"] ?? [
        rich,
        "Other",
      ];
      made.push(await makeProject(site, { task }, [responses(texts)]));
    }
    const { page, login, rater } = await raterPage(site, made[0]);
    for (const project of made.slice(1))
      await joinProject(site.server.services.store, { project, rater }, "system");
    for (const [i, task] of tasks.entries()) {
      if (i > 0) await page.goto(`${site.server.origin}/p/${made[i]}`);
      await ready(page);
      if (task.kind === "ranking") for (const key of ["1", "2"]) await page.keyboard.press(key);
      if (task.kind === "safety") {
        await check(page, "blurred");
        await page.keyboard.press("o");
      }
      await check(page, task.kind);
      if (task.kind === "likert")
        for (const [key, name] of [
          ["x", "skip"],
          ["?", "keys"],
          ["h", "history"],
          ["!", "help"],
        ]) {
          await page.keyboard.press(key);
          await page.waitForSelector("dialog[open]");
          await check(page, name);
          await page.keyboard.press("Escape");
          await page.waitForSelector("dialog", { state: "detached" });
        }
      if (task.kind === "rewrite") {
        await page.keyboard.press("g");
        await page.getByText("Be fair.").waitFor();
        await check(page, "guidelines");
      }
    }
    const stranger = await (await site.browser.newContext()).newPage();
    await stranger.goto(`${site.server.origin}/join`);
    await stranger.getByText("not whole").waitFor();
    await check(stranger, "join, broken");
    await stranger.goto(site.server.origin);
    await stranger.waitForSelector("form");
    await check(stranger, "sign in");
    await signIn(site, stranger, login);
    await stranger.waitForSelector(".cards");
    await check(stranger, "home");
    expect(found).toEqual([]);
  }, 180_000);

  it("an invitation is accepted on its page, and a used one is said", async () => {
    const project = await makeProject(site, { name: "By invitation" }, [pairItem(1)]);
    const { link } = await site.admin.call(accounts.inviteToProject, { params: { project }, body: {} });
    const open = async () => {
      const page = await (await site.browser.newContext()).newPage();
      await page.goto(link);
      return page;
    };
    const page = await open();
    await page.getByText("root invites you to “By invitation”.").waitFor();
    await page.fill("[name=login]", "first.guest");
    await page.fill("[name=password]", "a password that is long");
    await page.click("button[type=submit]");
    await page.waitForSelector(".item");
    expect(new URL(page.url()).pathname).toBe(`/p/${project}`);
    expect(await page.evaluate(() => location.hash)).toBe("");
    // A used one is said before anything is filled in.
    const late = await open();
    await late.getByText("Ask whoever invited you for a new link").waitFor();
    expect(await late.locator("form").count()).toBe(0);
    await site.admin.call(projects.deleteProject, { params: { project } });
    await page.reload();
    await page.getByText("There is nothing here").waitFor();
  });
});

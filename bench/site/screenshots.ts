/**
 * npm run docs:images: pictures of every page that raters see into docs/images: of the comparison light and dark on
 * laptop and phone, of the others two of the four. With PLUMB_IMAGES=<folder>, all of them there, to be looked at.
 */
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { accounts, projects } from "../../src/server/contract/index.js";
import { addItems, CHROMIUM, PASSWORD, rater, type Served, serve } from "./serve.js";

const ALL = process.env.PLUMB_IMAGES;
const OUT = ALL ? `${ALL}/` : fileURLToPath(new URL("../../../../docs/images/", import.meta.url));
const SHOWN =
  /pairwise|laptop-light|(?:ranking|likert|safety|rewrite|training|history|guidelines)-phone-dark/;
const SCREENS = {
  laptop: { viewport: { width: 1120, height: 700 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
};
const GUIDELINES =
  "# What is better\n\nPrefer the answer that **helps** the person and says nothing wrong.\n\n1. Read both answers whole.\n2. Check what can be checked.\n3. Length is no merit.\n\n> Skip what you cannot judge.";
const ANSWERS = [
  "A **plumb line** is a weight on a string. It shows the vertical, because gravity pulls the weight straight down.\n\n1. Hang it from the top of the wall.\n2. Wait until it is still.\n3. Measure the distance at the top and the bottom.\n\nIf both are equal, the wall is straight: $d_1 = d_2$.",
  "Just look at it! Walls are usually straight. You could also use `a level`, see [this shop](https://example.com/levels).\n\n| tool | price |\n|---|---|\n| level | 20 |\n| string | 1 |",
  "Use a laser. It projects a line that is vertical to a few tenths of a millimetre over ten metres.",
];
const tasks = {
  pairwise: { kind: "pairwise" },
  aspects: { kind: "pairwise", aspects: ["helpful", "harmless"] },
  ranking: { kind: "ranking" },
  likert: { kind: "likert", aspects: ["helpful", "honest"] },
  demonstration: { kind: "demonstration" },
  rewrite: { kind: "rewrite" },
  safety: { kind: "safety" },
} as const;
const COUNTS = { pairwise: 2, aspects: 2, ranking: 3, likert: 2, demonstration: 0, rewrite: 1, safety: 1 };

mkdirSync(OUT, { recursive: true });
const served = await serve();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
try {
  const ids = await makeProjects(served);
  const people = { laptop: "mira", phone: "noor" };
  for (const login of Object.values(people)) await join(served, ids, login);
  for (const [screen, options] of Object.entries(SCREENS))
    for (const colorScheme of ["light", "dark"] as const)
      await shoot(browser, { ...options, colorScheme }, ids, {
        login: people[screen as keyof typeof people],
        name: `${screen}-${colorScheme}`,
      });
} finally {
  await browser.close();
  await served.close();
}

async function makeProjects(to: Served): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const [name, task] of Object.entries(tasks)) {
    const { id } = await to.admin.call(projects.createProject, {
      body: {
        name: `Straight walls: ${name}`,
        task: task as never,
        seed: 3,
        guidelines: GUIDELINES,
        settings: { overlap: 20 },
      },
    });
    const texts = ANSWERS.slice(0, COUNTS[name as keyof typeof COUNTS]);
    const responses = texts.map((text, i) => ({ name: `r${i}`, text }));
    const content = { prompt: "How do I find out whether a wall is straight?", responses };
    await addItems(
      to,
      id,
      Array.from({ length: 30 }, () => ({ content })),
    );
    ids[name] = id;
  }
  const { id } = await to.admin.call(projects.createProject, {
    body: { name: "Straight walls: training", task: { kind: "pairwise" }, seed: 3, guidelines: GUIDELINES },
  });
  const responses = ANSWERS.slice(0, 2).map((text, i) => ({ name: `r${i}`, text }));
  const gold = { kind: "pairwise", aspects: { overall: { verdict: "left" } } };
  const explanation = "One says **how**; the other says nothing that helps.";
  const content = { prompt: "How do I find out whether a wall is straight?", responses };
  await addItems(to, id, [
    { content, gold, explanation },
    { content, gold, explanation },
  ]);
  ids.training = id;
  const { id: empty } = await to.admin.call(projects.createProject, {
    body: { name: "Straight walls: done", task: { kind: "pairwise" }, guidelines: GUIDELINES },
  });
  ids.empty = empty;
  return ids;
}

async function join(to: Served, ids: Record<string, string>, login: string): Promise<void> {
  const [first, ...rest] = Object.values(ids);
  const client = await rater(to, first, login);
  for (const project of rest) {
    const { token } = await to.admin.call(accounts.inviteToProject, { params: { project }, body: {} });
    await client.call(accounts.joinByInvitation, { body: { token } });
  }
  client.close();
}

async function shoot(
  from: Browser,
  options: object,
  ids: Record<string, string>,
  { login, name }: { login: string; name: string },
): Promise<void> {
  const context = await from.newContext({ ...options, reducedMotion: "reduce" });
  const page = await context.newPage();
  const take = async (what: string) => {
    if (ALL || SHOWN.test(`${what}-${name}`))
      await page.screenshot({ path: `${OUT}rate-${what}-${name}.png` });
  };
  await page.goto(served.url);
  await page.waitForSelector("form");
  await take("sign-in");
  await page.goto(`${served.url}/join#plumb_inv_${"x".repeat(43)}`);
  await page.waitForSelector("form");
  await take("join");
  await page.goto(served.url);
  await page.fill("[name=login]", login);
  await page.fill("[name=password]", PASSWORD);
  await page.click("button[type=submit]");
  await page.waitForSelector(".cards");
  await take("home");
  for (const kind of Object.keys(tasks)) {
    await page.goto(`${served.url}/p/${ids[kind]}`);
    await page.waitForSelector(".item");
    if (kind === "safety") {
      await take("blurred");
      await page.getByRole("button", { name: "Open" }).click();
    }
    if (kind === "pairwise" || kind === "ranking") await page.waitForSelector("math");
    if (kind === "ranking") for (const key of ["2", "1"]) await page.keyboard.press(key);
    if (kind === "likert")
      for (const key of ["4", "5", "2"]) {
        await page.keyboard.press(key);
        await page.waitForTimeout(200);
      }
    if (kind === "rewrite") await page.fill(".written", ANSWERS[0].replace("straight down", "down"));
    await page.waitForTimeout(250);
    await take(kind);
    if (kind === "pairwise") await panels(page, take);
  }
  await page.goto(`${served.url}/p/${ids.training}`);
  await page.waitForSelector("[data-mode=training]");
  await page.waitForTimeout(250);
  if (name === "laptop-light" || name === "phone-dark") {
    await page.keyboard.press("4");
    await page.waitForSelector(".feedback");
  }
  await take("training");
  await page.goto(`${served.url}/p/${ids.empty}`);
  await page.getByText("nothing to judge").waitFor();
  await take("empty");
  await page.goto(`${served.url}/p/p-${"0".repeat(26)}`);
  await page.getByText("There is nothing here").waitFor();
  await take("error");
  await context.close();
}

async function panels(page: Page, take: (what: string) => Promise<unknown>): Promise<void> {
  for (let i = 0; i < 2; i++) {
    await page.keyboard.press(String(2 * i + 1));
    await page.waitForTimeout(400);
  }
  await page.keyboard.press("v");
  await take("differences");
  await page.keyboard.press("v");
  for (const [key, what] of [
    ["h", "history"],
    ["?", "keys"],
    ["x", "skip"],
    ["!", "help"],
  ]) {
    await page.keyboard.press(key);
    await page.waitForSelector("dialog[open]");
    if (what === "history") await page.waitForSelector(".history li");
    await take(what);
    await page.keyboard.press("Escape");
    await page.waitForSelector("dialog", { state: "detached" });
    await page.waitForTimeout(300);
  }
  await page.keyboard.press("g");
  await page.getByText("Read both answers whole.").waitFor();
  await take("guidelines");
  await page.keyboard.press("g");
  await page.context().setOffline(true);
  await page.waitForTimeout(200);
  await page.keyboard.press("1");
  await page.waitForSelector(".rate-trouble");
  await take("offline");
  await page.context().setOffline(false);
  await page.waitForSelector(".rate-trouble", { state: "detached" });
}

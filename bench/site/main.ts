/**
 * npm run check:site: from the key press of a verdict to the next item painted, in Chromium on loopback, alone and
 * while 200 simulated raters vote. Prints a table and fails beyond the targets.
 */
import { availableParallelism } from "node:os";
import { chromium, type Page } from "playwright-core";
import { projects, work } from "../../src/server/contract/index.js";
import type { FeedbackClient } from "../../src/server/index.js";
import { addItems, CHROMIUM, PASSWORD, rater, type Served, serve } from "./serve.js";

const VERDICTS = Number(process.env.PLUMB_SITE_VERDICTS ?? 150);
const RATERS = Number(process.env.PLUMB_SITE_RATERS ?? 200);
/** Milliseconds between two votes of a simulated rater. */
const PACE = Number(process.env.PLUMB_SITE_PACE ?? 4000);
const ITEMS = 600;
/** Milliseconds that a person looks at an item before the verdict. */
const LOOK = 250;
/** Targets: milliseconds, times, bytes. */
const [MEDIAN, P95, FACTOR, WEIGHT] = [50, 120, 2, 80_000];

const quantile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))];

const served = await serve();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
let failed = false;
try {
  const { id: project } = await served.admin.call(projects.createProject, {
    body: { name: "Pace", task: { kind: "pairwise" }, settings: { overlap: 1000 }, seed: 1 },
  });
  await addItems(
    served,
    project,
    Array.from({ length: ITEMS }, (_, i) => item(i)),
  );
  const page = await human(served, project);
  console.log(
    `${VERDICTS} verdicts by key, ${availableParallelism()} cores, Node ${process.version}, Chromium ${browser.version()}\n`,
  );
  console.log("| raters beside | their votes/s | key to next item painted: median, p95, most (ms) |");
  console.log("|---|---|---|");
  const alone = await measured(page);
  report(0, 0, alone);
  const crowd: FeedbackClient[] = [];
  // One after another, because each password costs the server some work.
  for (let i = 0; i < RATERS; i++) crowd.push(await rater(served, project, `simulated${i}`));
  const load = { stop: false, votes: 0 };
  const voting = crowd.map((client, i) => vote(client, project, load, (i / RATERS) * PACE));
  await page.waitForTimeout(PACE);
  const [began, before] = [performance.now(), load.votes];
  const beside = await measured(page);
  report(RATERS, ((load.votes - before) / (performance.now() - began)) * 1000, beside);
  load.stop = true;
  await Promise.all(voting);
  const weight = await weigh(page);
  console.log(`\nthe rater's page weighs ${(weight / 1000).toFixed(1)} kB compressed (Brotli)`);
  failed =
    quantile(alone, 0.5) >= MEDIAN ||
    quantile(alone, 0.95) >= P95 ||
    quantile(beside, 0.5) > FACTOR * quantile(alone, 0.5) ||
    weight >= WEIGHT;
} finally {
  await browser.close();
  await served.close();
}
if (failed)
  console.log(
    `\nfailed: the targets are a median under ${MEDIAN} ms, p95 under ${P95} ms, at most ${FACTOR} times the median beside others, ${WEIGHT / 1000} kB`,
  );
process.exit(failed ? 1 : 0);

function report(raters: number, votes: number, times: readonly number[]): void {
  const told = [0.5, 0.95, 1].map((share) => quantile(times, share).toFixed(0)).join(", ");
  console.log(`| ${raters} | ${votes.toFixed(0)} | ${told} |`);
}

/** An item with two answers of some paragraphs, with a list and code, as models write them. */
function item(i: number) {
  const text = (name: string) =>
    `## ${name} ${i}\n\n${"Some words about the matter, with **weight** and `code`. ".repeat(12)}\n\n- one\n- two\n\n\`\`\`\nlet x = ${i};\n\`\`\`\n\n${"A further paragraph that says more. ".repeat(10)}`;
  const responses = ["a", "b"].map((name) => ({ name, text: text(name) }));
  return { content: { prompt: `Question ${i}?`, responses } };
}

async function human(to: Served, project: string): Promise<Page> {
  (await rater(to, project, "human")).close();
  const page = await browser.newPage();
  await page.goto(`${to.url}/p/${project}`);
  await page.fill("[name=login]", "human");
  await page.fill("[name=password]", PASSWORD);
  await page.click("button[type=submit]");
  await page.waitForSelector(".item");
  return page;
}

/**
 * Milliseconds from each key press, as the browser stamped it, to the first task after the frame that shows another
 * item.
 */
async function measured(page: Page): Promise<number[]> {
  await page.evaluate(() => {
    const times: number[] = [];
    Object.assign(window, { times });
    const shown = () => document.querySelector(".item")?.getAttribute("data-item");
    addEventListener(
      "keydown",
      ({ timeStamp }) => {
        const before = shown();
        const look = () => {
          if (shown() === before) return void requestAnimationFrame(look);
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => times.push(performance.now() - timeStamp);
          port2.postMessage(undefined);
          return undefined;
        };
        requestAnimationFrame(look);
      },
      { capture: true },
    );
  });
  for (let i = 0; i < VERDICTS; i++) {
    await page.waitForTimeout(LOOK);
    await page.keyboard.press("1");
    await page.waitForFunction((n) => (window as unknown as { times: number[] }).times.length > n, i);
  }
  return page.evaluate(() => {
    const { times } = window as unknown as { times: number[] };
    return [...times];
  });
}

/** Votes now and then, as a person does, until `stop` is set. */
async function vote(
  client: FeedbackClient,
  project: string,
  load: { stop: boolean; votes: number },
  delay: number,
): Promise<void> {
  const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  await pause(delay);
  while (!load.stop) {
    const { leases } = await client.call(work.takeItems, { params: { project }, body: { count: 2 } });
    if (leases.length === 0) break;
    const answer = { kind: "pairwise" as const, aspects: { overall: { verdict: "left" as const } } };
    await client.call(work.castVote, { params: { lease: leases[0].id }, body: { answer } });
    load.votes++;
    await pause(PACE);
  }
  client.close();
}

/**
 * Compressed bytes of the document and of every file that the browser loaded for the rater's page; answers of the API
 * are not counted.
 */
function weigh(page: Page): Promise<number> {
  return page.evaluate(() => {
    const entries = ["navigation", "resource"].flatMap(
      (type) => performance.getEntriesByType(type) as PerformanceResourceTiming[],
    );
    return entries
      .filter(({ name }) => !name.includes("/api/"))
      .reduce((bytes, { encodedBodySize }) => bytes + encodedBodySize, 0);
  });
}

/** docs/first-hour.md, done as it is written: its commands, and its steps in a browser. */
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, expect, it } from "vitest";
import { MAIN, writeTinyModel } from "./tiny-loop.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const read = (file: string) => readFileSync(join(ROOT, file), "utf8");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const WAIT_MILLISECONDS = 60_000;
/** The page takes no verdict for a moment after an item came. */
const LOOK_MILLISECONDS = 200;

/** What the page tells to do, in order: a command, a step in the browser, or whose turn it is. */
type Told = { command: string } | { step: string } | { again: string };

function told(text: string): Told[] {
  const all: Told[] = [];
  let within: string | undefined;
  let step: string | undefined;
  const end = () => {
    if (step !== undefined) all.push({ step });
    step = undefined;
  };
  for (const line of text.split("\n")) {
    const fence = /^```(\w*)/.exec(line);
    if (fence !== null) {
      end();
      within = within === undefined ? fence[1] : undefined;
    } else if (within !== undefined) {
      if (within === "sh") all.push({ command: line });
    } else if (line.startsWith("- ")) {
      end();
      step = line.slice(2);
    } else if (step !== undefined && line.startsWith("  ")) step += ` ${line.trim()}`;
    else {
      end();
      const again = /^Then as (\w+) again:$/.exec(line);
      if (again !== null) all.push({ again: again[1] });
    }
  }
  end();
  return all;
}

const folder = mkdtempSync(join(tmpdir(), "plumb-hour-"));
const env: Record<string, string> = { ...(process.env as Record<string, string>) };
let server: ChildProcess | undefined;
let browser: Browser | undefined;
afterAll(async () => {
  await browser?.close();
  if (server !== undefined && server.exitCode === null) {
    const ended = new Promise((resolve) => server?.once("exit", resolve));
    server.kill("SIGTERM");
    await ended;
  }
  rmSync(folder, { recursive: true, force: true });
});

/** The words of a command line, with variables put in, as a shell has them. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, plain]) =>
    (quoted ?? plain).replace(/\$(\w+)/g, (_all, name) => env[name] ?? ""),
  );

function plumb(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { cwd: folder, env, stdio: ["ignore", "pipe", "pipe"] });
}

/** Runs a command to its end. @returns what it wrote. */
async function ran(args: readonly string[]): Promise<string> {
  const child = plumb(args);
  let written = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (written += chunk));
  const status = await new Promise((resolve) => child.once("close", resolve));
  expect(status, `${args.join(" ")}\n${written}`).toBe(0);
  return written;
}

/** Starts the server. @returns the link that it shows. */
function served(args: readonly string[]): Promise<string> {
  // The port that the page names may be taken here.
  server = plumb([...args, "--port", "0"]);
  return new Promise((resolve, reject) => {
    let written = "";
    server?.stderr?.on("data", (chunk) => {
      written += chunk;
      const link = /make the first account, within a day, at\s+(http\S+)/.exec(written);
      if (link !== null) resolve(link[1]);
    });
    server?.once("exit", () => reject(new Error(written)));
  });
}

const people = new Map<string, Page>();
let page: Page;

async function person(): Promise<Page> {
  const context = await (browser as Browser).newContext({ locale: "en-GB", reducedMotion: "reduce" });
  context.setDefaultTimeout(WAIT_MILLISECONDS);
  return context.newPage();
}

/** The steps that the page may tell, by their words. */
const STEPS: [RegExp, (found: string[], link: string) => Promise<unknown>][] = [
  [
    /^Open the link that the terminal shows\.$/,
    async (_found, link) => {
      page = await person();
      await page.goto(link);
    },
  ],
  [
    /^Open the link of the invitation as somebody else\.$/,
    async () => {
      const link = await page.locator("textarea[readonly]").inputValue();
      page = await person();
      await page.goto(link);
    },
  ],
  [
    /^Type `(.+)` into \*\*(.+)\*\*\.$/,
    async ([text, label]) => {
      const field = page.getByLabel(label, { exact: true });
      await field.fill(text);
      await field.blur();
      if (label === "Name to sign in with") people.set(text, page);
    },
  ],
  [
    /^Press \*\*(.+?)\*\* of \*\*(.+)\*\*, and keep the file as `(.+)`\.$/,
    async ([name, of, kept]) => {
      const saved = page.waitForEvent("download");
      await page.getByRole("button", { name: `${name}: ${of}`, exact: true }).click();
      await (await saved).saveAs(join(folder, kept));
    },
  ],
  [
    /^Press \*\*([^*]+)\*\*\.$/,
    ([name]) =>
      page
        .getByRole("button", { name, exact: true })
        .or(page.getByRole("link", { name, exact: true }))
        .first()
        .click(),
  ],
  [
    /^Choose the file `(.+)` at \*\*(.+)\*\*\.$/,
    ([file, label]) => page.getByLabel(label).setInputFiles(join(ROOT, file)),
  ],
  [/^You see "(.+?)"\.?$/, ([text]) => page.getByText(text).first().waitFor()],
  [
    /^Press the key `(.)` for each item, until you see "(.+?)"\.?$/,
    async ([key, text]) => {
      await page.locator(".item").waitFor();
      const end = page.getByText(text);
      for (;;) {
        await page.locator(".item").or(end).first().waitFor();
        if ((await end.count()) > 0) break;
        await page.waitForTimeout(LOOK_MILLISECONDS);
        await page.keyboard.press(key);
      }
      await page.locator(".send-dot:not(.send-dot-waiting)").waitFor();
    },
  ],
];

it.skipIf(!existsSync(CHROMIUM))(
  "the first hour goes as its page says",
  async () => {
    const text = read("docs/first-hour.md");
    await writeTinyModel(folder, 1024);
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    let link = "";
    const done = { commands: 0, steps: 0 };
    for (const next of told(text)) {
      if ("again" in next) {
        page = people.get(next.again.toLowerCase()) as Page;
      } else if ("command" in next) {
        const [program, ...args] = words(next.command);
        if (program === "npx") {
          expect(args[0]).toBe("plumb");
          if (args[1] === "serve") link = await served(args.slice(1));
          else await ran(args.slice(1));
        } else if (program === "export") env.MODEL = "model";
        // What a fresh clone needs; the same line stands in the README, with the package's own address.
        else if (program === "git") {
          const { repository } = JSON.parse(read("package.json"));
          expect(args[1]).toBe(repository.url.replace(/^git\+|\.git$/g, ""));
          expect(read("README.md")).toContain(next.command);
        } else expect(next.command).toBe("npm ci");
        done.commands++;
      } else {
        const fits = STEPS.map(([form, act]) => ({ found: form.exec(next.step), act })).find(
          ({ found }) => found,
        );
        if (!fits?.found) throw new Error(`No step is told like this: ${next.step}`);
        await fits.act(fits.found.slice(1), link).catch((error: unknown) => {
          throw new Error(`"${next.step}": ${error}`);
        });
        done.steps++;
      }
    }
    expect(done).toEqual({ commands: 8, steps: 30 });
    // The line of the file that the page shows has the file's own fields.
    const shown = JSON.parse(/```json\n(.+)\n/.exec(text)?.[1] ?? "") as object;
    const [first] = read("examples/data/first-pairs.jsonl").split("\n");
    expect(Object.keys(shown)).toEqual(Object.keys(JSON.parse(first)));
    const rows = readFileSync(join(folder, "replies.jsonl"), "utf8").trim().split("\n");
    expect(rows).toHaveLength(12);
    for (const run of ["first-reward", "first-ppo"])
      expect(existsSync(join(folder, "runs", run, "model")), run).toBe(true);
  },
  180_000,
);

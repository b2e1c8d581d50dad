/** README and docs: what they name exists, links lead somewhere, and results say how their figures came about. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import type { Command } from "../src/cli/command.js";
import { commands } from "../src/cli/command-list.js";
import { configOptions } from "../src/cli/config-options.js";
import { readMarkdown } from "./markdown.js";

const ROOT = path.resolve(".");
const read = (file: string): string => readFileSync(path.join(ROOT, file), "utf8");
const there = (file: string): boolean => existsSync(path.join(ROOT, file));
const scripts = new Set(Object.keys(JSON.parse(read("package.json")).scripts));
const folder = (dir: string): string[] =>
  readdirSync(path.join(ROOT, dir))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${dir}/${name}`);
const documents = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...folder("docs"),
  ...folder("docs/reference"),
  ...folder("docs/results"),
  "scripts/reference/README.md",
  "bench/peers/README.md",
];
/** The log tells of the past: what it names may be gone. */
const ofToday = documents.filter((file) => file !== "docs/experiment-log.md");

const loaded = new Map<string, Command>();
for (const { name, load } of commands) loaded.set(name, await load());
const GLOBAL = ["--json", "--quiet", "--no-color", "--help", "--version", "--set"];

/**
 * What is wrong with the commands in a piece of code: npm scripts, calls of plumb and their flags, files that are run.
 */
function wrongCommands(code: string): string[] {
  const wrong: string[] = [];
  for (const [, name] of code.matchAll(/npm run (?:--silent )?([\w:-]+)/g))
    if (!scripts.has(name)) wrong.push(`npm run ${name}: no such script`);
  for (const [, file] of code.matchAll(/(?:\bnode|\bpython|\bvitest run) ((?:scripts|src|test)\/[\w./-]+)/g))
    if (!there(file)) wrong.push(`${file}: no such file`);
  const joined = code.replace(/\\\n/g, " ");
  for (const [, call] of joined.matchAll(/(?:^|[\n;&|(]|\s)plumb ((?:[^\n;&|()#]|\n(?=\s*--))*)/g))
    wrong.push(...wrongCall(call));
  return wrong;
}

function wrongCall(call: string): string[] {
  const words = call.trim().split(/\s+/);
  if (!/^[a-z]/.test(words[0])) return [];
  const name = [words.slice(0, 2).join(" "), words[0]].find((known) => loaded.has(known));
  const group = commands.some((entry) => entry.name.startsWith(`${words[0]} `));
  if (name === undefined) return group && words.length === 1 ? [] : [`plumb ${call}: no such command`];
  const { schema } = loaded.get(name) as Command;
  const known = new Set([...GLOBAL, "--recipe", ...configOptions(schema).map(({ long }) => long)]);
  const wrong: string[] = [];
  for (const [i, word] of words.entries()) {
    const flag = /^--[\w-]+/.exec(word)?.[0];
    if (flag !== undefined && !known.has(flag)) wrong.push(`plumb ${name} has no ${flag}`);
    const key = word === "--set" ? /^([\w]+)[.=]/.exec(words[i + 1] ?? "")?.[1] : undefined;
    if (key !== undefined && key !== "key" && !(key in schema.shape))
      wrong.push(`plumb ${name} has no setting ${key}`);
  }
  return wrong;
}

/** Relative links of a document that lead nowhere, with their anchors. */
function deadLinks(file: string, text: string): string[] {
  return readMarkdown(text).links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [target, anchor] = link.split("#");
    const at = target === "" ? file : path.posix.join(path.posix.dirname(file), target);
    if (at !== file && !there(at)) return true;
    if (anchor === undefined || !at.endsWith(".md")) return false;
    return !readMarkdown(at === file ? text : read(at)).anchors.has(anchor);
  });
}

/** Files of the repository that a document names in code and that are not there. */
const missingFiles = (text: string): string[] =>
  readMarkdown(text).code.filter(
    (code) => /^(src|test|scripts|recipes|docs|web|bench)\/[\w./-]+$/.test(code) && !there(code),
  );

/** What a document of results does not say of its figures. */
function unsaid(text: string): string[] {
  const wrong: string[] = [];
  const said = (label: string): string =>
    new RegExp(`^- ${label}: (.*(?:\\n {2}.*)*)`, "m").exec(text)?.[1].trim() ?? "";
  const command = readMarkdown(said("Command")).code;
  if (!command.some((code) => /^(?:[A-Z_]+=\S+ )?(npm run|npx|node|plumb|python) /.test(code)))
    wrong.push("- Command: names no command");
  wrong.push(...command.flatMap(wrongCommands));
  if (!/\bcores?\b/.test(said("Processor"))) wrong.push("- Processor: says of no cores");
  if (!/\d|^none\b/.test(said("Seeds"))) wrong.push("- Seeds: names none");
  if (!/\bn (?:=|is) /.test(said("Design"))) wrong.push("- Design: has no n = ");
  if (!/\d+%|^none\b/.test(said("Intervals")))
    wrong.push("- Intervals: says of no level, and not that there are none");
  return wrong;
}

/**
 * Figures of a passage that no document which the passage links to has: decimals, and whole numbers before "%" or
 * "times".
 */
function figuresWithoutSource(file: string, passage: string): string[] {
  const sources = readMarkdown(passage)
    .links.map((link) => path.posix.join(path.posix.dirname(file), link.split("#")[0]))
    .filter((at) => at.endsWith(".md") && there(at))
    .map(read);
  const prose = passage.replace(/`[^`]*`|\]\([^)]*\)/g, "");
  const figures = [...prose.matchAll(/(?<![\w.])(\d*\.\d+|\d+(?=%| times))/g)].map(([, figure]) => figure);
  return figures.filter((figure) => {
    const written = new RegExp(`(?<![\\d.])${figure.replace(".", "\\.")}(?!\\d|\\.\\d)`);
    return !sources.some((source) => written.test(source));
  });
}

describe.each(ofToday)("%s", (file) => {
  const text = read(file);

  it("names commands, flags and files that exist", () => {
    expect(readMarkdown(text).code.flatMap(wrongCommands)).toEqual([]);
    expect(missingFiles(text)).toEqual([]);
  });
});

it.each(documents)("links of %s lead somewhere", (file) => {
  expect(deadLinks(file, read(file))).toEqual([]);
});

describe("results", () => {
  const results = folder("docs/results");

  it.each(results)("%s says how its figures came about", (file) => {
    expect(unsaid(read(file))).toEqual([]);
  });
});

it("figures in README's text stand in a document that it links to beside them", () => {
  const { passages } = readMarkdown(read("README.md"));
  expect(passages.length).toBeGreaterThan(10);
  expect(passages.filter((passage) => /\d\.\d/.test(passage)).length).toBeGreaterThan(0);
  expect(passages.flatMap((passage) => figuresWithoutSource("README.md", passage))).toEqual([]);
});

describe("broken documents are seen", () => {
  it.each([
    ["an npm script", "`npm run check:nothing`"],
    ["a command", "`plumb teach --data x`"],
    ["a command of a group", "`plumb tasks explode`"],
    ["a flag", "`plumb ppo --no-such-flag 3`"],
    ["a flag on a further line", "```sh\nplumb convert --model m \\\n  --rotate\n```"],
    ["a setting", "`plumb ppo --set learningRat=1`"],
    ["a script", "`node scripts/report-nothing.mjs`"],
    ["a script after another command", "`npm run build && node scripts/report-nothing.mjs`"],
    ["a test", "`npx vitest run src/nothing.test.ts`"],
  ])("%s that does not exist", (_what, text) => {
    expect(readMarkdown(text).code.flatMap(wrongCommands)).toHaveLength(1);
  });

  it.each([
    "`plumb audit`",
    "`npx plumb demo recipes/demo.yaml`",
    "`plumb generate --model m --chat --json`",
  ])("and %s is none", (text) => {
    expect(readMarkdown(text).code.flatMap(wrongCommands)).toEqual([]);
  });

  it("files and links that lead nowhere", () => {
    expect(missingFiles("see `src/algorithms/nothing.ts` and `src/algorithms/ppo.ts`")).toHaveLength(1);
    const text =
      "[a](nothing.md) [b](server.md) [c](server.md#limits) [d](server.md#no-such) [e](#here) [f](#f)\n\n# Here\n";
    expect(deadLinks("docs/x.md", text)).toEqual(["nothing.md", "server.md#no-such", "#f"]);
  });

  const whole = [
    "# R",
    "",
    "- Command: `npm run bench`",
    "- Processor: two cores.",
    "- Seeds: 1.",
    "- Design: n = 5 runs.",
    "- Intervals: 95%, over runs.",
  ];
  it("results that leave something out", () => {
    expect(unsaid(whole.join("\n"))).toEqual([]);
    for (let line = 2; line < whole.length; line++)
      expect(unsaid(whole.filter((_, i) => i !== line).join("\n")), whole[line]).toHaveLength(1);
    expect(unsaid(whole.join("\n").replace("bench", "benches"))).toHaveLength(1);
    expect(unsaid(whole.join("\n").replace("n = 5 runs", "five runs"))).toHaveLength(1);
  });

  it("figures without a source", () => {
    const passage = (figure: string): string => `It is ${figure} as fast ([how](docs/performance.md)).`;
    expect(figuresWithoutSource("README.md", passage("1.9 times"))).toEqual([]);
    expect(figuresWithoutSource("README.md", passage("77.7 times"))).toEqual(["77.7"]);
    expect(figuresWithoutSource("README.md", "It is 1.9 times as fast.")).toEqual(["1.9"]);
    expect(figuresWithoutSource("README.md", "It wins 97% of the time.")).toEqual(["97"]);
  });
});

/**
 * What is exported is used: by another file, by its own, by a script, or by who uses the package. Tests do not count.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const ROOT = path.resolve(".");
const files = (dir: string, extension: RegExp): string[] =>
  readdirSync(path.join(ROOT, dir), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && extension.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
    .filter((file) => !/\.test\.tsx?$|\.d\.ts$|\/(dist|node_modules)\//.test(file));
/** What stands in src for the tests: by definition, what each operation comes to. */
const FOR_TESTS = ["src/runtime/reference/index.ts: ReferenceRuntime"];

/** Without comments. */
const read = (file: string): string =>
  readFileSync(path.join(ROOT, file), "utf8").replace(/\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm, "");

const sources = files("src", /\.ts$/);
const texts = new Map(
  ["src", "web", "bench", "scripts"].flatMap((dir) =>
    files(dir, /\.(tsx?|mjs)$/).map((file): [string, string] => [file, read(file)]),
  ),
);
const entries: string[] = Object.values(
  JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8")).exports as Record<
    string,
    { import?: string }
  >,
).flatMap(({ import: file }) => (file ? [sourceOf("package.json", file)] : []));

/** The source that an import names. */
function sourceOf(file: string, target: string): string {
  const joined = path.posix.normalize(`${path.posix.dirname(file)}/${target}`);
  return joined.replace(/^dist\//, "src/").replace(/\.js$/, ".ts");
}

/** Names that a file takes of another, and what it calls them; "*" is all of them. */
interface Taken {
  from: string;
  names: [name: string, as: string][];
  again: boolean;
}

function takenBy(file: string, text: string): Taken[] {
  const stated = [...text.matchAll(/\b(import|export)\s+([^;"'()=]*?)\s*from\s*"(\.[^"]+)"/g)].map(
    ([, verb, what, target]): Taken => {
      const listed = /\{([^}]*)\}/.exec(what)?.[1];
      const names = (listed ?? "*")
        .split(",")
        .map((name) => name.trim().replace(/^type /, ""))
        .filter((name) => name !== "")
        .map((name): [string, string] => [name.split(" as ")[0], name.split(" as ").at(-1) as string]);
      const all: [string, string] = ["*", "*"];
      return {
        from: sourceOf(file, target),
        names: what.includes("* as") ? [all] : /^\w+(,|$)/.test(what) ? [["default", ""], ...names] : names,
        again: verb === "export",
      };
    },
  );
  const loaded = [...text.matchAll(/\bimport\(\s*[`"]([^`"]+)[`"]\s*\)/g)].map(
    ([, target]): Taken => ({ from: sourceOf(file, target), names: [["*", "*"]], again: false }),
  );
  return [...stated, ...loaded];
}

const taken = new Map([...texts].map(([file, text]) => [file, takenBy(file, text)]));

/** Marks names of files as used, and what those names are taken from. */
function usedNames(): Set<string> {
  const used = new Set<string>();
  const mark = (file: string, name: string): void => {
    const key = `${file} ${name}`;
    if (used.has(key)) return;
    used.add(key);
    for (const { from, names, again } of taken.get(file) ?? []) {
      if (!again) continue;
      for (const [own, as] of names)
        if (as === "*" || name === "*" || as === name) mark(from, own === "*" ? name : own);
    }
  };
  for (const entry of entries) mark(entry, "*");
  for (const list of taken.values())
    for (const { from, names, again } of list) if (!again) for (const [own] of names) mark(from, own);
  return used;
}

test("what is exported is used outside of tests", () => {
  const used = usedNames();
  const exported = sources.flatMap((file) => {
    const text = texts.get(file) as string;
    return [...text.matchAll(/^export (?:async )?(?:const|function\*?|class) (\w+)/gm)].map(([, name]) => {
      const inside = text.match(new RegExp(`(?<![\\w$])${name}(?![\\w$])`, "g"))?.length ?? 0;
      return { file, name, isUsed: inside > 1 || used.has(`${file} ${name}`) || used.has(`${file} *`) };
    });
  });
  expect(exported.length).toBeGreaterThan(1000);
  const unused = exported.filter(({ isUsed }) => !isUsed).map(({ file, name }) => `${file}: ${name}`);
  expect(unused).toEqual(FOR_TESTS);
});

/** What a file exports is for other files: a name that only its own file knows is not exported. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = path.resolve(".");
const EXPORTED = /^export (?:async )?(?:interface|type|const|function\*?|class|abstract class) (\w+)/gm;
const IN_WHOLE = /^export \* from "(\.[^"]+)";/gm;

const files = (folder: string): string[] =>
  readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(?:tsx?|mjs|mts)$/.test(entry.name))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).replaceAll(path.sep, "/"))
    .filter((file) => !/(?:^|\/)(?:dist|node_modules)\//.test(file));
const texts = new Map(
  ["src", "web", "test", "bench", "scripts", "examples"]
    .flatMap(files)
    .map((file) => [file, readFileSync(path.join(ROOT, file), "utf8")]),
);
const sources = [...texts].filter(([file]) => /^(?:src|web)\//.test(file) && !file.includes(".test."));

/** Files in which each word stands; two are enough to know of. */
function filesOfWords(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [file, text] of texts)
    for (const word of text.match(/[A-Za-z_$][\w$]*/g) ?? []) {
      const known = found.get(word) ?? new Set();
      if (known.size < 2) found.set(word, known.add(file));
    }
  return found;
}

describe("exports", () => {
  test("each name is known in another file, or goes out with its whole file", () => {
    const known = filesOfWords();
    const whole = new Set(
      sources.flatMap(([file, text]) =>
        [...text.matchAll(IN_WHOLE)].map(([, target]) =>
          path.posix.join(path.posix.dirname(file), target.replace(/\.js$/, ".ts")),
        ),
      ),
    );
    const exported = sources.flatMap(([file, text]) =>
      [...text.matchAll(EXPORTED)].map(([, name]) => ({ file, name })),
    );
    const alone = exported
      .filter(({ file, name }) => !whole.has(file) && (known.get(name)?.size ?? 0) < 2)
      .map(({ file, name }) => `${file}: ${name} is known in no other file; leave out its export`);
    expect(alone).toEqual([]);
    expect(exported.length).toBeGreaterThan(2000);
  });
});

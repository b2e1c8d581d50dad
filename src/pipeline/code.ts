/**
 * The version of a stage's code: a digest of its module, of all modules that it loads, and of package.json, which names
 * the versions of the dependencies. It is computed because a version number written by hand would be wrong whenever
 * someone forgot to raise it, and a stale result would look like a measurement.
 */

import { existsSync, readFileSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../base/sha256.js";

interface Module {
  digest: string;
  /** Files of the modules that the text names by a relative path: imports, and programs of threads. */
  needs: readonly string[];
}

const NAMED = /["'](\.{1,2}\/[^"'\n]+\.js)["']/g;
const PACKAGE = fileURLToPath(new URL("../../package.json", import.meta.url));

const modules = new Map<string, Module>();
const digests = new Map<string, string>();

function moduleAt(file: string): Module {
  const known = modules.get(file);
  if (known !== undefined) return known;
  const text = readFileSync(file, "utf8");
  const named = [...text.matchAll(NAMED)].map(([, path]) => resolve(dirname(file), path));
  const needs = named.flatMap((path) => {
    const source = path.replace(/\.js$/, ".ts");
    return [path, source].filter((each) => existsSync(each)).slice(0, 1);
  });
  const made = { digest: sha256(text), needs };
  modules.set(file, made);
  return made;
}

/**
 * Digest of a module's code as it is at the first call for this module. @param url the module's `import.meta.url`.
 * @returns SHA-256 in hexadecimal.
 */
export function codeDigest(url: string): string {
  const known = digests.get(url);
  if (known !== undefined) return known;
  const start = fileURLToPath(url);
  const files = new Set([start]);
  for (const file of files) for (const needed of moduleAt(file).needs) files.add(needed);
  const lines = [...files].map((file) => `${relative(dirname(start), file)} ${moduleAt(file).digest}`).sort();
  const digest = sha256([sha256(readFileSync(PACKAGE)), ...lines].join("\n"));
  digests.set(url, digest);
  return digest;
}

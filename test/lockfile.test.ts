import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

interface LockedPackage {
  version?: string;
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
}

// `npm ci` refuses a lock file that lacks any dependency, also one for another platform; a registry
// that has not yet got every platform's package of a release makes such a lock without a word.
it("the lock file names every dependency of every package, for every platform", () => {
  const packages: Record<string, LockedPackage> = JSON.parse(
    readFileSync("package-lock.json", "utf8"),
  ).packages;
  const missing: string[] = [];
  for (const [path, locked] of Object.entries(packages)) {
    for (const name of Object.keys({ ...locked.dependencies, ...locked.optionalDependencies })) {
      if (!resolves(packages, path, name)) missing.push(`${name}, of ${path}`);
    }
  }
  expect(missing).toEqual([]);
});

/** Node's rule: the package's own node_modules, then that of each folder above it. */
function resolves(packages: Record<string, unknown>, from: string, name: string): boolean {
  for (let base = from; ; base = base.slice(0, Math.max(0, base.lastIndexOf("/node_modules/")))) {
    if (packages[`${base === "" ? "" : `${base}/`}node_modules/${name}`] !== undefined) return true;
    if (base === "") return false;
  }
}

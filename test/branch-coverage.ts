/**
 * What `vitest run --coverage` measures, and the least share of branches that tests have to reach in each folder:
 * branches.json.
 */
import { readFileSync } from "node:fs";
import { postgresPrograms } from "./postgres.js";

const STORE = "src/feedback/store";
const { all, ...folders } = JSON.parse(
  readFileSync(new URL("branches.json", import.meta.url), "utf8"),
) as Record<string, number>;

/** Where PostgreSQL is not, the store's branches for it are not reached: neither it nor the whole has a bar. */
function thresholds(): Record<string, { branches: number }> & { branches?: number } {
  const whole = postgresPrograms() !== undefined;
  const held = Object.entries(folders).filter(([folder]) => whole || folder !== STORE);
  return {
    ...Object.fromEntries(held.map(([folder, branches]) => [`${folder}/**`, { branches }])),
    ...(whole && { branches: all }),
  } as ReturnType<typeof thresholds>;
}

export const branchCoverage = {
  provider: "v8" as const,
  include: Object.keys(folders).map((folder) => `${folder}/**/*.ts`),
  exclude: ["**/*.test.ts"],
  reportsDirectory: "runs/coverage",
  reporter: ["text-summary", "json-summary"],
  thresholds: thresholds(),
};

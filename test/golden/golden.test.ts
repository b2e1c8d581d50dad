import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { FULL } from "../spread.js";
import { RUNS, type Run } from "./runs.js";

/**
 * Whole runs, step by step, against stored metrics: any change of the arithmetic, the order of examples or the
 * random numbers shows. Packed runs have the metrics of the others. `UPDATE_GOLDEN=1` writes the files anew.
 * And against themselves, in two parts with all that a checkpoint holds in between.
 */
const TOLERANCE = 1e-4;
/** After these steps a run is stopped; by default each run after one of them, in turn. */
const HALTS = [1, 3];
const fileOf = (name: string): string => fileURLToPath(new URL(`${name}.json`, import.meta.url));
const short = (x: number): number => Number(x.toPrecision(7));

describe.each(RUNS)("%s", (title, name, run) => {
  const halts = FULL ? HALTS : [HALTS[RUNS.findIndex(([own]) => own === title) % 2]];
  let known: Promise<Run> | undefined;
  const whole = (): Promise<Run> => (known ??= run());

  test("every metric of every step is the stored one", async () => {
    const { steps } = await whole();
    if (process.env.UPDATE_GOLDEN === "1" && !title.includes(",")) {
      const rows = steps.map((m) => `  ${JSON.stringify(Object.fromEntries(Object.entries(m).map(([k, v]) => [k, short(v)])))}`);
      writeFileSync(fileOf(name), `[\n${rows.join(",\n")}\n]\n`);
    }
    const golden = JSON.parse(readFileSync(fileOf(name), "utf8")) as Record<string, number>[];
    expect(steps.length).toBe(golden.length);
    for (const [i, want] of golden.entries()) {
      expect(Object.keys(steps[i]).sort()).toEqual(Object.keys(want).sort());
      for (const [key, value] of Object.entries(want)) {
        // Differences of sums, which are near zero, are compared absolutely; this one is all rounding, of
        // log-probabilities to 1e-6 or so: what counts is that it is nothing more.
        const allowed = key === "val/sampler_gap" ? 2e-5 : TOLERANCE * Math.max(Math.abs(value), 0.01);
        expect(Math.abs(steps[i][key] - value), `step ${i + 1}, ${key}: ${steps[i][key]}, stored ${value}`).toBeLessThan(allowed);
      }
    }
  });

  test.each(halts)("again with the same seed, stopped after step %d and resumed, it ends with the same bytes", async (halt) => {
    const resumed = await run(halt);
    expect(resumed.steps).toEqual((await whole()).steps);
    expect(resumed.parameters.equals((await whole()).parameters)).toBe(true);
  });
});

import { describe, expect, test } from "vitest";
import { FULL } from "../spread.js";
import { RUNS, type Run } from "./runs.js";

/** After these steps a run is stopped; by default each run after one of them, in turn. */
const HALTS = [1, 3];

/** Whole runs against themselves: again, and in two parts with all that a checkpoint holds in between. */
describe.each(RUNS)("%s", (title, _name, run) => {
  const halts = FULL ? HALTS : [HALTS[RUNS.findIndex(([own]) => own === title) % 2]];
  let known: Promise<Run> | undefined;
  const first = (): Promise<Run> => (known ??= run());

  test("the same seed gives the same bytes", async () => {
    const again = await run();
    expect(again.parameters.equals((await first()).parameters)).toBe(true);
    expect(again.steps).toEqual((await first()).steps);
  });

  test.each(halts)("stopped after step %d and resumed, it ends with the same bytes", async (halt) => {
    const resumed = await run(halt);
    expect(resumed.steps).toEqual((await first()).steps);
    expect(resumed.parameters.equals((await first()).parameters)).toBe(true);
  });
});

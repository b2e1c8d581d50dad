import { describe, expect, test } from "vitest";
import { type Run, RUNS } from "./runs.js";

/** Whole runs against themselves: again, and in two parts with all that a checkpoint holds in between. */
describe.each(RUNS)("%s", (_title, _name, run) => {
  let known: Promise<Run> | undefined;
  const first = (): Promise<Run> => (known ??= run());

  test("the same seed gives the same bytes", async () => {
    const again = await run();
    expect(again.parameters.equals((await first()).parameters)).toBe(true);
    expect(again.steps).toEqual((await first()).steps);
  });

  test.each([1, 3])("stopped after step %d and resumed, it ends with the same bytes", async (halt) => {
    const resumed = await run(halt);
    expect(resumed.steps).toEqual((await first()).steps);
    expect(resumed.parameters.equals((await first()).parameters)).toBe(true);
  });
});

import { describe, expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import type { ProjectData } from "../store/votes/load-project.js";
import { countSpans, forecastView, spansNeeded } from "./forecast.js";

const DAY = 86_400_000;

/** A project of items of overlap 3 with votes at the times given. */
function project(times: number[], items: number, state = "open"): ProjectData {
  const judgements = times.map((firstAt) => ({
    firstAt,
    gold: false,
    excluded: false,
    vote: { repeat: false },
  }));
  const each = Array.from({ length: items }, (_, i): [string, object] => [
    `i${i}`,
    { state: "open", overlap: 3, votes: Math.min(3, Math.max(0, times.length - 3 * i)) },
  ]);
  const gold: [string, object] = ["g", { state: "open", overlap: 3, votes: 0, gold: {} }];
  const rest = { project: { state }, members: new Map(), asOf: times.length };
  return { ...rest, items: new Map([...each, gold]), judgements } as unknown as ProjectData;
}

describe("the forecast", () => {
  it("of a steady rate is where the rate leads, gold items left out", () => {
    const times = Array.from({ length: 100 }, (_, i) => i * (DAY / 10) + 1);
    const now = 10 * DAY;
    const view = forecastView(project(times, 50), now);
    expect(view).toMatchObject({ votes: 100, remaining: 50 });
    expect(view.perDay).toMatchObject({ estimate: 10, n: 9 });
    expect((view.end?.estimate ?? 0) / DAY).toBeCloseTo(15, 6);
    expect(view.caution).toContain("9 spans");
    expect(
      forecastView(
        project(
          times.map((time) => time - 5 * DAY),
          50,
        ),
        now,
      ).caution,
    ).toBeUndefined();
    expect(view.end?.low).toBeLessThanOrEqual(view.end?.estimate ?? 0);
  });

  it("says why there is none", () => {
    const times = Array.from({ length: 30 }, (_, i) => i * 1000);
    expect(forecastView(project(times.slice(0, 5), 50), DAY).why).toContain("fewer than 20 votes");
    expect(forecastView(project(times, 10), DAY).why).toBe("nothing remains");
    expect(forecastView(project(times, 50, "paused"), DAY).why).toBe("the project is paused");
    expect(forecastView(project(times, 50), 100 * DAY).why).toContain("nobody voted");
  });

  it("counts every vote in one span, also where there are few days", () => {
    const random = new RandomStream(1, "test/spans");
    for (const days of [0.5, 3, 6, 20]) {
      const now = 50 * DAY;
      const times = Array.from({ length: 200 }, () => now - random.uniform() * days * DAY);
      const { spans, length } = countSpans(times, now);
      const covered = times.filter((time) => now - time < spans.length * length).length;
      expect(spans.reduce((a, b) => a + b, 0)).toBe(covered);
      expect(spans.length).toBe(days < 5 ? 8 : days === 6 ? 5 : 19);
    }
  });

  it("has the end at which a steady rate arrives, and none where the rate may be nothing", () => {
    const steady = spansNeeded(Float64Array.from([10, 10, 10, 10, 10]), 45);
    expect([steady.low, steady.estimate, steady.high]).toEqual([4.5, 4.5, 4.5]);
    const bursts = spansNeeded(Float64Array.from([0, 0, 0, 100, 0]), 45);
    expect([bursts.low > 0, bursts.high]).toEqual([true, Number.POSITIVE_INFINITY]);
    const days = Float64Array.from([8, 12, 9, 11, 10, 13, 7]);
    const { low, high } = spansNeeded(days, 500);
    // What Student's interval of the sum of n spans to come has at its end: t = 2.446912 with 6 degrees of freedom.
    for (const [n, side] of [
      [low, 1],
      [high, -1],
    ])
      expect(10 * n + side * 2.4469118511 * Math.sqrt((28 / 6) * (n + n ** 2 / 7))).toBeCloseTo(500, 6);
  });
});

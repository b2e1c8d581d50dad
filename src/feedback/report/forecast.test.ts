import { describe, expect, it } from "vitest";
import { RandomStream } from "../../random.js";
import { countSpans, forecastView, spansNeeded } from "./forecast.js";
import type { ProjectData } from "./project-data.js";

const DAY = 86_400_000;

/** A project of items of overlap 3 with votes at the times given. */
function project(times: number[], items: number, state = "open"): ProjectData {
  const voted = times.map((firstAt) => ({ firstAt, gold: false, repeat: false, excluded: false }));
  const each = Array.from({ length: items }, (_, i): [string, object] => [
    `i${i}`,
    { state: "open", overlap: 3, votes: Math.min(3, Math.max(0, times.length - 3 * i)) },
  ]);
  const gold: [string, object] = ["g", { state: "open", overlap: 3, votes: 0, gold: {} }];
  const rest = { project: { state }, members: new Map(), asOf: times.length };
  return { ...rest, items: new Map([...each, gold]), votes: voted } as unknown as ProjectData;
}

describe("the forecast", () => {
  it("of a steady rate is where the rate leads, gold items left out", () => {
    const times = Array.from({ length: 100 }, (_, i) => i * (DAY / 10) + 1);
    const now = 10 * DAY;
    const view = forecastView(project(times, 50), now);
    expect(view).toMatchObject({ votes: 100, remaining: 50 });
    expect(view.perDay).toMatchObject({ estimate: 10, n: 9 });
    expect((view.end?.estimate ?? 0) / DAY).toBeCloseTo(15, 6);
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

  it("holds the end about as often as it says, of days that differ", () => {
    let inside = 0;
    const runs = 200;
    for (let run = 0; run < runs; run++) {
      const random = new RandomStream(run, "test/forecast");
      const day = () => Math.max(0, Math.round(100 + 40 * random.normal()));
      const spans = Float64Array.from({ length: 14 }, day);
      const { low, high } = spansNeeded(spans, 2000, run);
      let [left, days] = [2000, 0];
      for (; left > 0; days++) left -= day();
      if (days >= Math.floor(low) && days <= Math.ceil(high)) inside++;
    }
    expect(inside / runs).toBeGreaterThan(0.9);
    expect(inside / runs).toBeLessThan(0.995);
  });
});

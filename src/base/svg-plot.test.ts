import { describe, expect, it } from "vitest";
import { svgLinePlot } from "./svg-plot.js";

const labels = { title: "t", xLabel: "step", yLabel: "reward" };

describe("svgLinePlot", () => {
  it("gives the same bytes for the same data, with every series, band and tick", () => {
    const series = [
      {
        name: "proxy",
        points: [
          [0, 0],
          [1, 2],
          [2, 3],
        ] as const,
        band: [
          [-1, 1],
          [1, 3],
          [2, 4],
        ] as const,
      },
      {
        name: "gold",
        points: [
          [0, 0],
          [1, 1],
          [2, -1],
        ] as const,
        dashed: true,
      },
    ];
    const svg = svgLinePlot(series, { ...labels, subtitle: "s" });
    expect(svg).toBe(svgLinePlot(series, { ...labels, subtitle: "s" }));
    expect(svg).toMatchSnapshot();
  });

  it("breaks a line at points that are not finite, and draws a constant", () => {
    const points = [
      [0, 1],
      [1, Number.NaN],
      [2, 1],
      [3, 1],
    ] as const;
    const svg = svgLinePlot([{ name: "", points }], labels);
    expect(svg.match(/<path d="M[^"]*M[^"]*L/g)).toHaveLength(1);
    expect(svg).not.toContain("NaN");
  });

  it("escapes names, and refuses nothing to draw", () => {
    const svg = svgLinePlot([{ name: "<script>&", points: [[0, 1]] }], labels);
    expect(svg).toContain("&lt;script&gt;&amp;");
    expect(() => svgLinePlot([{ name: "a", points: [[0, Number.NaN]] }], labels)).toThrow("nothing to plot");
  });
});

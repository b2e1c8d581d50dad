import { describe, expect, it } from "vitest";
import { plotLines } from "./plot-lines.js";
import { formatDuration, Progress, type ProgressSink } from "./progress.js";
import { formatTable } from "./table.js";
import { printable, textWidth, truncateText } from "./text-width.js";

describe("textWidth", () => {
  it.each([
    ["abc", 3],
    ["é", 1],
    ["e\u0301", 1],
    ["日本", 4],
    ["😀", 2],
    ["👩‍👩‍👧", 2],
    ["\u001b[31mred\u001b[0m", 3],
    ["─●", 2],
  ])("%j takes %i columns", (text, width) => expect(textWidth(text)).toBe(width));

  it("cuts between characters, never in one", () => {
    expect(truncateText("日本語", 4)).toBe("日…");
    expect(truncateText("abc", 3)).toBe("abc");
    expect(truncateText("abcd", 3)).toBe("ab…");
  });

  it("takes escape sequences and direction overrides out of foreign text", () => {
    expect(printable("a\u001b]0;title\u0007b\u202ec")).toBe("a ]0;title b c");
  });
});

it("formatTable aligns wide characters, and numbers to the right", () => {
  expect(
    `\n${formatTable(
      ["policy", "win"],
      [
        ["日本", 0.5],
        ["sft", 12.25],
      ],
    )}`,
  ).toMatchInlineSnapshot(`
    "
    policy    win
    ──────  ─────
    日本    0.500
    sft     12.25"
  `);
});

it("plotLines draws curves with labels, range and legend", () => {
  const curves = [
    { name: "proxy", points: [0, 1, 2, 3, 4].map((x) => [x, x] as const) },
    { name: "gold", points: [0, 1, 2, 3, 4].map((x) => [x, x - x ** 2 / 4] as const) },
  ];
  expect(`\n${plotLines(curves, { width: 30, height: 7 })}`).toMatchInlineSnapshot(`
    "
    4 ┤                           ●●●
      ┤                      ●●●●●
      ┤                 ●●●●●
    2 ┤             ●●●●
      ┤        ●●●●●
      ┤   ●++++++++++++++++++++++
    0 ┤++++                      ++++
      └──────────────────────────────
       0                            4
       ● proxy   + gold"
  `);
  expect(plotLines([{ name: "none", points: [[0, Number.NaN]] }])).toBe("(nothing to plot)");
});

describe("Progress", () => {
  function sink(isTTY: boolean, columns = 100) {
    const out: string[] = [];
    const clock = { now: 0 };
    const made: ProgressSink = {
      isTTY,
      columns: () => columns,
      redraw: (text) => out.push(text),
      line: (text) => out.push(text),
      now: () => clock.now,
    };
    return { made, out, clock };
  }

  it("draws at most ten times a second on a terminal, within its width", () => {
    const { made, out, clock } = sink(true, 60);
    const bar = new Progress({ label: "ppo", total: 100, unit: "steps" }, made);
    for (let step = 1; step <= 50; step++) {
      clock.now += 20;
      bar.update(step, { reward: step / 100, kl: 4 });
    }
    expect(out).toHaveLength(10);
    expect(out.every((line) => textWidth(line) < 60)).toBe(true);
    expect(out.at(-1)).toMatchInlineSnapshot(`"ppo ━━━━╌╌╌╌ 46%  46/100 steps  50/s  ETA 0:01  reward 0.4…"`);
  });

  it("writes a line every five seconds elsewhere, and a last one", () => {
    const { made, out, clock } = sink(false);
    const bar = new Progress({ label: "ppo", total: 10, start: 4 }, made);
    for (let step = 5; step <= 10; step++) {
      clock.now += 2000;
      bar.update(step, { kl: 0.25 });
    }
    bar.end();
    expect(out).toMatchInlineSnapshot(`
      [
        "ppo: 5/10, 2 s each, ETA 0:10, kl 0.250",
        "ppo: 8/10, 2 s each, ETA 0:04, kl 0.250",
        "ppo: 10/10 in 0:12, kl 0.250",
      ]
    `);
  });

  it("shows durations as clocks do", () => {
    expect([0, 59.6, 3723].map(formatDuration)).toEqual(["0:00", "1:00", "1:02:03"]);
  });
});

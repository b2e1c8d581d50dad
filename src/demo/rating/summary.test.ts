import { expect, it } from "vitest";
import { byKind, VotesSummary } from "./summary.js";

const rater = (kind: string, estimate: number, flags: string[] = []) => ({
  ...{ rater: `rater-${estimate}`, kind, votes: 10 },
  reliability: { estimate, low: estimate - 0.1, high: estimate + 0.1 },
  flags: flags.map((flag) => ({ kind: flag, reason: "told" })),
});

const summary = VotesSummary.parse({
  ...{ pairs: 20, votes: 40, method: "robust" },
  labels: { estimate: 0.9, low: 0.8, high: 1, n: 18 },
  raters: [
    rater("malicious", 0.2, ["contrary", "colluding"]),
    rater("honest", 0.9),
    rater("malicious", 0.3, ["contrary"]),
    rater("honest", 0.7, ["guessing"]),
    rater("honest", 0.8),
  ],
});

it("sums up each kind: mean and extremes of reliability, who was flagged and how", () => {
  expect(byKind(summary.raters)).toEqual([
    {
      ...{ kind: "honest", raters: 3, votes: 30, flagged: 1, flags: ["guessing"] },
      reliability: { estimate: expect.closeTo(0.8), low: 0.7, high: 0.9 },
    },
    {
      ...{ kind: "malicious", raters: 2, votes: 20, flagged: 2, flags: ["contrary", "colluding"] },
      reliability: { estimate: 0.25, low: 0.2, high: 0.3 },
    },
  ]);
});

it("knows only kinds of raters that there are", () => {
  const unknown = { ...summary, raters: [{ ...summary.raters[0], kind: "strange" }] };
  expect(VotesSummary.safeParse(unknown).success).toBe(false);
});

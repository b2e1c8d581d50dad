import { expect, it } from "vitest";
import type { VotesSummary } from "../../demo/rating/summary.js";
import { raterTable } from "./rater-table.js";

const rater = (kind: VotesSummary["raters"][number]["kind"], estimate: number, flag?: string) => ({
  rater: "rater-1",
  kind,
  votes: 100,
  reliability: { estimate, low: estimate, high: estimate },
  flags: flag === undefined ? [] : [{ kind: flag, reason: "told" }],
});
const summary: VotesSummary = {
  pairs: 250,
  votes: 500,
  method: "robust",
  labels: { estimate: 0.912, low: 0.9, high: 0.924, n: 240 },
  raters: [
    rater("honest", 0.9),
    rater("honest", 0.8),
    rater("random", 0.5, "guessing"),
    rater("malicious", 0.1, "contrary"),
    rater("colluding", 0.4),
  ],
};

it("one line a kind, and how many of each sort were flagged", () => {
  const table = raterTable(summary);
  expect(table).toMatch(/honest +2 +200 +85% \(80% to 90%\)\n/);
  expect(table).toMatch(/malicious +1 +100 +10% +1: contrary\n/);
  expect(table).toContain("Flagged: 1 of 2 hostile, 1 of 1 careless or biased, 0 of 2 honest.");
  expect(table).toContain(
    "500 votes on 250 pairs; of those with different gold utilities, 91% got the better side (90.0-92.4).",
  );
});

it("says nothing of sorts that nobody is of", () => {
  expect(raterTable({ ...summary, raters: [rater("honest", 0.9)] })).toContain("Flagged: 0 of 1 honest.");
});

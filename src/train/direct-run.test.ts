import { expect, test } from "vitest";
import { doubtOfChosen, pairFigures, reportDrift } from "./direct-run.js";
import { LeftOut, unreadOfPairs } from "./direct-settings.js";

const where = (number: number) => ({ file: "a.jsonl", unit: "line", number }) as const;

test("a fall of the chosen answers is said from a tenth of a nat a token on, with the remedy", () => {
  expect(doubtOfChosen(-0.12, "Do this.")).toMatch(/less likely, by 0\.120 nats a token: .* Do this\.$/);
  for (const change of [undefined, 0.5, -0.05]) expect(doubtOfChosen(change, "")).toBeUndefined();
});

test("held-out pairs: a tie counts half, margins are in a unit, and pairs of a conversation are one cluster", () => {
  const rewards = [
    { chosen: 2, rejected: 1 },
    { chosen: 1, rejected: 1 },
    { chosen: 3, rejected: 0 },
    { chosen: 0, rejected: 1 },
  ];
  const conversations = ["a", "a", "b", "c"];
  const { accuracy, margin } = pairFigures(rewards, conversations);
  expect(accuracy).toMatchObject({ estimate: 0.625, clusters: 3 });
  expect(margin.estimate).toBe(0.75);
  expect(pairFigures(rewards, conversations, 3).margin.estimate).toBe(0.25);
});

test("rows that are left out are counted by reason, with the first of each", () => {
  const left = new LeftOut(9, "pairs");
  for (const number of [4, 7]) expect(left.out("are equal", where(number))).toEqual([]);
  left.out("are empty", where(5));
  expect(left.reasons()).toEqual([
    "2 of 9 pairs are equal and are left out, first a.jsonl, line 4",
    "1 of 9 pairs are empty and are left out, first a.jsonl, line 5",
  ]);
});

test("columns that a loss does not read are named where they say something", () => {
  const row = { prompt: "p", chosen: "a", rejected: "b", where: where(1) };
  const rows = [row, { ...row, noise: 0 }, { ...row, noise: 0.2, margin: 1 }];
  expect(unreadOfPairs(rows, "ORPO", ["noise", "margin"])).toEqual([
    "1 of 3 pairs have a noise, which ORPO does not read",
    "1 of 3 pairs have a margin, which ORPO does not read",
  ]);
  expect(reportDrift(undefined)).toEqual([]);
});

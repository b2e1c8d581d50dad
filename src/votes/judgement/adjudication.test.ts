import { describe, expect, it } from "vitest";
import { type Answer, TaskDefinition, type TaskItem } from "../tasks/index.js";
import type { Judgement } from "./judgement.js";
import { preferences } from "./preferences.js";
import { trainingRows } from "./training-rows.js";

const pairwise = TaskDefinition.parse({ kind: "pairwise" });
const safety = TaskDefinition.parse({ kind: "safety" });
const says = (verdict: string) =>
  ({ kind: "pairwise", aspects: { overall: { verdict } }, flags: [] }) as unknown as Answer;
const safe = (yes: boolean) =>
  ({ kind: "safety", safe: yes, categories: yes ? [] : ["S1"], flags: [] }) as unknown as Answer;
let time = 0;
const judged = (item: TaskItem, rater: string, answer: Answer, more: Partial<Judgement> = {}): Judgement => ({
  item,
  gold: false,
  firstAt: ++time,
  excluded: false,
  vote: {
    id: `v${time}`,
    item: item.id,
    rater,
    answer,
    order: item.content.responses.map((_, i) => i),
    castAt: time,
    guidelinesVersion: 1,
    repeat: false,
  },
  ...more,
});
const pair = (id: string, more: Partial<TaskItem> = {}): TaskItem => ({
  id,
  task: pairwise,
  content: { prompt: `prompt ${id}`, responses: ["a", "b"].map((name) => ({ name, text: `${name} ${id}` })) },
  ...more,
});
const raters = ["ada", "bob", "cy"];
const all = (item: TaskItem, answer: Answer, more: Partial<Judgement> = {}) =>
  raters.map((rater) => judged(item, rater, answer, more));

describe("a lead's verdict", () => {
  it("is the result, sure and said to be a lead's, against all votes", () => {
    const judgements = [
      ...all(pair("i", { adjudicated: says("right") }), says("left")),
      ...all(pair("j"), says("left")),
    ];
    const { rows, review } = preferences(judgements, { aspect: "overall" });
    expect(review).toEqual([]);
    expect(rows.map(({ item, chosen, adjudicated }) => [item, chosen, adjudicated])).toEqual([
      ["i", "b i", true],
      ["j", "a j", undefined],
    ]);
    expect(rows[0]).toMatchObject({ probability: 1, noise: 0, votes: 3, agreement: 0 });
  });

  it("is a result also where no vote on the item counts; of neither side it makes no row", () => {
    const judgements = [
      ...all(pair("i", { adjudicated: says("right") }), says("left"), { excluded: true }),
      ...all(pair("j"), says("left")),
      ...all(pair("k", { adjudicated: says("tie") }), says("left")),
    ];
    const { rows } = preferences(judgements, { aspect: "overall" });
    expect(rows.map(({ item, chosen }) => [item, chosen])).toEqual([
      ["j", "a j"],
      ["i", "b i"],
    ]);
    expect(rows[1]).toMatchObject({ votes: 0, agreement: 0.5, reliability: 0.5 });
  });

  it("stands for safety labels too, and not for gold items", () => {
    const item = (id: string, more: Partial<TaskItem> = {}): TaskItem => ({
      id,
      task: safety,
      ...more,
      content: { prompt: id, responses: [{ name: "a", text: `a ${id}` }] },
    });
    const judgements = [
      ...all(item("i", { adjudicated: safe(false) }), safe(true)),
      ...all(item("j"), safe(true)),
      ...all(item("g", { adjudicated: safe(false), gold: safe(true) }), safe(true)),
    ];
    expect(
      trainingRows(judgements).safety.map(({ item: id, label, agreement }) => [id, label, agreement]),
    ).toEqual([
      ["i", false, 0],
      ["j", true, 1],
    ]);
  });
});

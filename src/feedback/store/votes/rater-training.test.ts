import { expect, it } from "vitest";
import { collection, judge, pair, verdict, votesOf, worker } from "../../../../test/collection.js";
import { onBothEngines } from "../../../../test/databases.js";
import {
  answerTraining,
  progress,
  type Store,
  setProjectState,
  trainingFor,
  withdrawItem,
} from "../index.js";

const lesson = (i: number, rest = {}) =>
  pair(100 + i, { gold: verdict("left"), explanation: `because ${i}`, ...rest });

type Side = "left" | "right";
/** The side that shows the good response, which gold says is better. */
const goodSide = (responses: readonly string[]): Side => (responses[0].startsWith("good") ? "left" : "right");
const otherSide = (side: Side): Side => (side === "left" ? "right" : "left");

/** Answers all that there is, rightly. @returns the items. */
async function learn(store: Store, project: string, rater: string): Promise<string[]> {
  const items = await trainingFor(store, project, rater);
  for (const { item, responses } of items)
    await answerTraining(store, { project, item, rater, answer: verdict(goodSide(responses)) });
  return items.map(({ item }) => item);
}

onBothEngines(({ store: open }) => {
  it("training comes before the work, in order, and is told what was expected and why", async () => {
    const store = await open();
    const more = [lesson(1), lesson(2)];
    const { project, items, raters } = await collection(store, { items: 2, raters: 1, more });
    const [rater] = raters;
    expect(await store.lease({ project: project.id, rater })).toEqual({ leases: [], none: "training" });
    const [first, second] = await trainingFor(store, project.id, rater);
    expect([first.item, second.item]).toEqual(items.slice(2));
    expect(await trainingFor(store, project.id, rater)).toEqual([first, second]);
    const right = goodSide(first.responses);
    const given = { project: project.id, item: first.item, rater };
    expect(await answerTraining(store, { ...given, answer: verdict(otherSide(right)) })).toEqual({
      expected: verdict(right),
      explanation: "because 1",
      agrees: false,
    });
    expect(await store.lease({ project: project.id, rater })).toEqual({ leases: [], none: "training" });
    await answerTraining(store, {
      project: project.id,
      item: second.item,
      rater,
      answer: verdict(goodSide(second.responses)),
    });
    expect(await trainingFor(store, project.id, rater)).toEqual([]);
    expect((await store.lease({ project: project.id, rater })).leases[0].item).toBe(items[0]);
  });

  it("keeps the first answer, and answers a further one alike", async () => {
    const store = await open();
    const { project, raters } = await collection(store, { items: 1, raters: 1, more: [lesson(1)] });
    const [{ item, responses }] = await trainingFor(store, project.id, raters[0]);
    const given = { project: project.id, item, rater: raters[0] };
    const right = goodSide(responses);
    for (const side of [right, otherSide(right), right] as const)
      expect((await answerTraining(store, { ...given, answer: verdict(side) })).agrees).toBe(side === right);
    const kept = await store.db.selectFrom("training_answers").selectAll().execute();
    expect(kept.map(({ answer_json }) => JSON.parse(answer_json).aspects.overall.verdict)).toEqual(["left"]);
    const log = await store.db
      .selectFrom("audit")
      .selectAll()
      .where("action", "=", "training.answered")
      .execute();
    expect(log).toHaveLength(1);
  });

  it("is no vote, no gold item of a turn, and counts nowhere", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, {
      items: 3,
      raters: 1,
      more: [lesson(1)],
      settings: { goldRate: 0.5 },
    });
    const [rater] = raters;
    await learn(store, project.id, rater);
    expect(await progress(store, project.id, rater)).toEqual({
      items: 3,
      done: 0,
      votes: 0,
      wanted: 9,
      own: { votes: 0, today: 0 },
    });
    for (const item of items.slice(0, 3)) expect((await judge(store, project.id, rater)).item).toBe(item);
    expect(await store.lease({ project: project.id, rater })).toEqual({ leases: [], none: "no-items" });
    expect(await votesOf(store, project.id)).toHaveLength(3);
  });

  it("is for those whose group and language fit, and shuffled for each", async () => {
    const store = await open();
    const german = lesson(3, { content: { ...pair(3).content, language: "de" } });
    const more = [
      lesson(1, { audience: "experts" }),
      german,
      ...Array.from({ length: 20 }, (_, i) => lesson(10 + i)),
    ];
    const { project, items } = await collection(store, { items: 1, raters: 0, more });
    const expert = await worker(store, project.id, ["fr"], "experts");
    const anyone = await worker(store, project.id);
    const shown = await trainingFor(store, project.id, expert);
    expect(shown.map(({ item }) => item)).toEqual([items[1], ...items.slice(3)]);
    expect((await trainingFor(store, project.id, anyone))[0].item).toBe(items[2]);
    // 21 fair coins: fewer than 3 of a side has a chance of 2e-4; the seed is fixed by nothing but the rater's id.
    const left = shown.filter(({ responses }) => goodSide(responses) === "left").length;
    expect(left).toBeGreaterThan(1);
    expect(left).toBeLessThan(20);
  });

  it("refuses strangers, other items, closed projects and answers that do not fit; withdrawn ones are not asked for", async () => {
    const store = await open();
    const { project, items, raters } = await collection(store, { items: 1, raters: 1, more: [lesson(1)] });
    const [rater] = raters;
    const other = await collection(store, { items: 0, raters: 1 });
    const given = { project: project.id, item: items[1], rater, answer: verdict("left") };
    const refused = (change: object) => expect(answerTraining(store, { ...given, ...change })).rejects;
    await refused({ rater: other.raters[0] }).toMatchObject({ problem: "forbidden" });
    await refused({ item: items[0] }).toMatchObject({ problem: "missing" });
    await refused({ project: other.project.id, rater: other.raters[0] }).toMatchObject({
      problem: "missing",
    });
    await refused({ answer: { kind: "safety", safe: true, categories: [], flags: [] } }).toMatchObject({
      problem: "invalid",
    });
    await setProjectState(store, project.id, "paused", "system");
    await refused({}).toMatchObject({ problem: "closed" });
    await expect(trainingFor(store, project.id, rater)).rejects.toMatchObject({ problem: "closed" });
    await setProjectState(store, project.id, "open", "system");
    expect(await store.db.selectFrom("training_answers").selectAll().execute()).toEqual([]);
    await withdrawItem(store, items[1], "wrong", "system");
    expect(await trainingFor(store, project.id, rater)).toEqual([]);
    expect((await store.lease({ project: project.id, rater })).leases).toHaveLength(1);
  });

  it("an explanation needs gold, and is in what the audit log knows of the item", async () => {
    const store = await open();
    const { explanation } = lesson(1);
    await expect(collection(store, { items: 0, more: [pair(1, { explanation })] })).rejects.toMatchObject({
      problem: "invalid",
      message: "item 1: explanation: requires gold as well",
    });
  });
});

import { describe, expect, it } from "vitest";
import { type Answer, type CastVote, TaskDefinition, type TaskItem } from "../tasks/index.js";
import { counting, heldOrNot, type Judgement, judgementsOf, strictest, USES } from "./judgement.js";
import { preferences } from "./preferences.js";
import { trainingRows } from "./training-rows.js";

const task = TaskDefinition.parse({ kind: "pairwise", strengths: 2 });
const says = (verdict: string, strength?: number) =>
  ({
    kind: "pairwise",
    aspects: { overall: { verdict, ...(strength && { strength }) } },
    flags: [],
  }) as Answer;
const item = (id: string, more: Partial<TaskItem> = {}): TaskItem => ({
  id,
  task,
  content: { prompt: `prompt ${id}`, responses: ["a", "b"].map((name) => ({ name, text: `${name} ${id}` })) },
  ...more,
});
let time = 0;
const vote = (of: string, rater: string, answer = says("left"), more: Partial<CastVote> = {}): CastVote => ({
  id: `v${++time}`,
  item: of,
  rater,
  answer,
  order: [0, 1],
  castAt: time,
  guidelinesVersion: 1,
  repeat: false,
  ...more,
});
const judgement = (name: string, more: Partial<Judgement> = {}, repeat = false): Judgement => ({
  vote: vote("i", name, says("left"), { repeat }),
  item: item("i"),
  gold: false,
  firstAt: 0,
  excluded: false,
  ...more,
});
const raters = (judgements: readonly Judgement[]) => judgements.map(({ vote: { rater } }) => rater);

describe("which judgements count", () => {
  const all = [
    judgement("plain"),
    judgement("released", { review: "released" }),
    judgement("held", { review: "held" }),
    judgement("rejected", { review: "rejected" }),
    judgement("gold", { gold: true }),
    judgement("repeat", {}, true),
    judgement("excluded", { excluded: true }),
    judgement("excluded and held", { excluded: true, review: "held" }),
    judgement("rejected gold", { gold: true, review: "rejected" }),
  ];

  it("depends on what for; what was rejected counts for nothing", () => {
    const plain = ["plain", "released", "held"];
    expect(raters(counting(all, USES.results))).toEqual(plain);
    expect(raters(counting(all, USES.stopping))).toEqual(plain);
    expect(raters(counting(all, USES.raters))).toEqual([...plain, "gold"]);
    expect(raters(counting(all, USES.overlap))).toEqual([...plain, "gold"]);
    expect(raters(counting(all, USES.filters))).toEqual(
      raters(all).filter((name) => !name.includes("rejected")),
    );
  });

  it("leaves out what is held where it is asked to, and brings back nothing", () => {
    expect(raters(counting(all, heldOrNot(USES.results, false)))).toEqual(["plain", "released"]);
    expect(heldOrNot(USES.results, true)).toEqual(USES.results);
    expect(heldOrNot({ ...USES.results, held: false }, true).held).toBe(false);
  });

  it("of several reviews the strictest holds", () => {
    expect(strictest(["released", "held", "released"])).toBe("held");
    expect(strictest(["rejected", "held"])).toBe("rejected");
    expect(strictest([])).toBeUndefined();
  });
});

describe("judgements of files", () => {
  it("are the latest corrections, since their first form, and know gold items", () => {
    const first = vote("i", "ada");
    const second = vote("i", "ada", says("tie"), { corrects: first.id });
    const third = vote("i", "ada", says("right"), { corrects: second.id });
    const other = vote("g", "bob");
    const gold = item("g", { gold: says("left") });
    const made = judgementsOf([third, other, first, second], [item("i"), gold]);
    expect(made.map(({ vote: { id }, firstAt, gold: known }) => [id, firstAt, known])).toEqual([
      [third.id, first.castAt, false],
      [other.id, other.castAt, true],
    ]);
    expect(() => judgementsOf([other], [item("i")])).toThrow(/about item g, which is not among the items/);
    const circle = [vote("i", "x", says("left"), { id: "x", corrects: "y" })];
    circle.push(vote("i", "x", says("left"), { id: "y", corrects: "x" }), { ...circle[0], id: "z" });
    expect(judgementsOf(circle, [item("i")]).map(({ vote: { id } }) => id)).toEqual(["z"]);
  });
});

describe("rows for training", () => {
  const items = ["i", "j", "k"].map((id) => item(id));
  const votes = ["ada", "bob", "cy"].flatMap((rater) => [
    vote("i", rater, says(rater === "cy" ? "left" : "right", 1)),
    vote("j", rater),
    vote("k", rater, says("tie")),
  ]);

  it("of comparisons say what is better, how surely, and who agrees; an even pair makes none", () => {
    const { rows } = preferences(judgementsOf(votes, items), {
      aspect: "overall",
      method: "majority",
      raters: true,
    });
    expect(rows).toEqual([
      {
        prompt: "prompt i",
        chosen: "b i",
        rejected: "a i",
        votes: 3,
        item: "i",
        // Strength 1 of 2 for the right, twice, and once for the left: 3/4, 3/4, 1/4.
        ...{ probability: expect.closeTo(7 / 12, 12), noise: 0.4, agreement: 2 / 3 },
        reliability: expect.any(Number),
        raters: ["ada", "bob", "cy"],
      },
      expect.objectContaining({ item: "j", chosen: "a j", probability: 1, noise: 0, agreement: 1 }),
    ]);
    const same = items.map((one) => ({
      ...one,
      content: { ...one.content, responses: one.content.responses.map(({ name }) => ({ name, text: "x" })) },
    }));
    expect(preferences(judgementsOf(votes, same), { aspect: "overall" }).rows).toEqual([]);
  });

  it("are learned with gold answers, of which there are no rows", () => {
    const known = [...items, item("g", { gold: says("right") })];
    const more = ["ada", "bob", "cy"].map((rater) =>
      vote("g", rater, says(rater === "cy" ? "left" : "right")),
    );
    const rows = preferences(judgementsOf([...votes, ...more], known), { aspect: "overall" }).rows;
    expect(rows.map(({ item: id }) => id)).not.toContain("g");
    const before = preferences(judgementsOf(votes, items), { aspect: "overall" }).rows;
    expect(rows.map(({ reliability }) => reliability)).not.toEqual(
      before.map(({ reliability }) => reliability),
    );
  });

  it("are of the aspect that is asked for; one that nobody was asked is named", () => {
    const made = judgementsOf(votes, items);
    expect(trainingRows(made).preferences).toEqual(preferences(made, { aspect: "overall" }).rows);
    expect(() => trainingRows(made, { aspect: "honest" })).toThrow('not asked for "honest", but for overall');
    expect(trainingRows([])).toEqual({ preferences: [], demonstrations: [], safety: [], review: [] });
  });

  it("are not made of results against all of their votes, which are listed with their reason", () => {
    // Two raters turn everything round; of the last item nobody else says anything.
    const names = ["ada", "bob", "cy", "dee", "eve", "fay"];
    const ids = Array.from({ length: 80 }, (_, i) => `${i}`);
    const judged = (of: (id: string) => TaskItem, answer: (id: string, turned: boolean) => Answer) =>
      judgementsOf(
        ids.flatMap((id, i) =>
          names
            .filter((name) => i < 79 || name === "eve" || name === "fay")
            .map((name) => vote(id, name, answer(id, name === "eve" || name === "fay"))),
        ),
        ids.map(of),
      );
    const isLeft = (id: string) => Number(id) % 3 > 0;
    const pairs = judged(
      (id) => item(id),
      (id, turned) => says(isLeft(id) !== turned ? "left" : "right"),
    );
    const compared = trainingRows(pairs);
    expect(compared.preferences.map(({ item: id }) => id)).toEqual(ids.slice(0, 79));
    expect(compared.review).toEqual([{ item: "79", reason: expect.stringMatching(/^all 2 votes say /) }]);
    const safety = TaskDefinition.parse({ kind: "safety" });
    const labels = judged(
      (id) => ({
        ...item(id, { task: safety }),
        content: { prompt: id, responses: [{ name: "a", text: id }] },
      }),
      (id, turned) => ({ kind: "safety", safe: isLeft(id) !== turned, categories: [], flags: [] }) as Answer,
    );
    const labelled = trainingRows(labels);
    expect(labelled.safety.map(({ item: id }) => id)).toEqual(ids.slice(0, 79));
    expect(labelled.review).toEqual([{ item: "79", reason: expect.stringMatching(/^all 2 votes say /) }]);
  });
});

import { expect, it } from "vitest";
import { RandomStream } from "../../base/random.js";
import { robust } from "./robust.js";
import { MAX_COMPARED, sampleOfItems } from "./sample-of-items.js";

/** Raters of many votes each: their abilities, and with them the shares of abilities, settle in few iterations. */
const RATERS = 40;

/** Votes of raters who are right on half to nearly all items, five an item. */
function manyVotes(count: number) {
  const random = new RandomStream(3, "many");
  const raters = Array.from({ length: RATERS }, (_, w) => `rater${w}`);
  const items = Array.from({ length: count / 5 }, (_, i) => `item${i}`);
  const truth = items.map(() => random.int(2));
  const [item, rater, label] = [new Int32Array(count), new Int32Array(count), new Int32Array(count)];
  for (let v = 0; v < count; v++) {
    item[v] = Math.floor(v / 5);
    rater[v] = (v % 5) * (RATERS / 5) + random.int(RATERS / 5);
    const right = random.bernoulli(0.55 + (0.4 * rater[v]) / raters.length);
    label[v] = right ? truth[item[v]] : 1 - truth[item[v]];
  }
  return { votes: { items, raters, labels: ["no", "yes"], item, rater, label }, truth };
}

it("keeps all votes of the items it draws, the same for a seed, and everything where that is few", () => {
  const { votes } = manyVotes(20_000);
  const weight = Float64Array.from(votes.item, (_, v) => v);
  expect(sampleOfItems(votes, weight, 1)).toEqual({ votes, weight });
  const part = sampleOfItems(votes, weight, 1, 5000);
  expect(part).toEqual(sampleOfItems(votes, weight, 1, 5000));
  expect(part).not.toEqual(sampleOfItems(votes, weight, 2, 5000));
  expect(Math.abs(part.votes.item.length - 5000)).toBeLessThan(500);
  const drawn = new Set(part.votes.item);
  const expected = Array.from(votes.item.keys()).filter((v) => drawn.has(votes.item[v]));
  expect(Array.from(part.weight)).toEqual(expected);
  expect(Array.from(part.votes.rater)).toEqual(expected.map((v) => votes.rater[v]));
});

it("very many votes are answered as well as fewer: the model is chosen on a part of them", () => {
  const count = MAX_COMPARED + 10_000;
  const { votes, truth } = manyVotes(count);
  const { posterior, ability, model } = robust(votes);
  expect(model).toBe("abilities");
  const right = truth.filter((t, i) => posterior[2 * i + t] > 0.5).length / truth.length;
  const followed = truth.filter((t, i) => {
    let yes = 0;
    for (let v = 5 * i; v < 5 * i + 5; v++) yes += votes.label[v];
    return yes > 2.5 === (t === 1);
  });
  expect(right).toBeGreaterThan(followed.length / truth.length);
  for (const [w, own] of ability.entries())
    expect(Math.abs(own - 0.55 - (0.4 * w) / RATERS)).toBeLessThan(0.12);
}, 60_000);

/** Values by scripts/reference/hardness.py, which follows the formulas in hardness.ts and shares no code with it. */
import { describe, expect, it } from "vitest";
import type { LabelVotes } from "../votes.js";
import { byHardness } from "./hardness.js";

type Vote = [item: number, rater: number, label: number, weight: number];
const of = (
  rows: readonly Vote[],
  ability: readonly number[],
  items: number,
  strength?: readonly number[],
): number[] => {
  const votes: LabelVotes = {
    items: Array.from({ length: items }, (_, i) => `${i}`),
    raters: ability.map((_, w) => `${w}`),
    labels: ["a", "b"],
    item: Int32Array.from(rows, ([item]) => item),
    rater: Int32Array.from(rows, ([, rater]) => rater),
    label: Int32Array.from(rows, ([, , label]) => label),
  };
  const weight = rows.map(([, , , share]) => share);
  return [...byHardness(votes, Float64Array.from(ability), weight, strength && Float64Array.from(strength))];
};
const close = (values: readonly number[]) => values.map((x) => expect.closeTo(x, 10));

const ABILITY = [0.9, 0.8, 0.7, 0.6];
/** Nobody votes on item 3; item 2 is split. */
const ROWS: Vote[] = [
  ...([0, 1, 2].map((w) => [0, w, 0, 1]) as Vote[]),
  ...([0, 1, 3].map((w) => [1, w, 1, 1]) as Vote[]),
  ...([0, 1, 2, 3].map((w) => [2, w, w % 2, 1]) as Vote[]),
  ...([0, 2, 3].map((w) => [4, w, 1, 1]) as Vote[]),
];

describe("labels where items differ in hardness", () => {
  it("are as sure as the formulas say", () => {
    const expected = [0.9734921872183487, 0.033157677253039475, 0.5790604433193274, 0.5, 0.03602319810770087];
    expect(of(ROWS, ABILITY, 5)).toEqual(close(expected));
  });

  it("leave out votes of weight 0, and count others by their weight", () => {
    const weighted = ROWS.map(([i, w, l]): Vote => [i, w, l, i === 2 && w === 3 ? 0 : w === 1 ? 0.5 : 1]);
    const expected = [
      0.9738383809561311, 0.033709054071842603, 0.8561908456990116, 0.5, 0.024157122737035852,
    ];
    expect(of(weighted, ABILITY, 5)).toEqual(close(expected));
    // A vote of an ability that cannot be, of weight 0, changes nothing.
    expect(of([...weighted, [0, 4, 1, 0]], [...ABILITY, 1], 5)).toEqual(close(expected));
  });

  it("sharpen abilities only where the votes agree more than they say", () => {
    const contradicting = Array.from({ length: 32 }, (_, v): Vote => {
      const [i, w] = [v >> 2, v % 4];
      return [i, w, (i + Number(w === i % 4)) % 2, 1];
    });
    const half = [0.7244652774151547, 0.2160063275300387, 0.7839936724699611, 0.17322436018639215];
    expect(of(contradicting, [0.95, 0.9, 0.9, 0.85], 8)).toEqual(close([...half, ...half]));
    // Two items of ten are hard: once and a half as sharp fits best.
    const mostly = Array.from({ length: 30 }, (_, v): Vote => {
      const [i, w] = [Math.floor(v / 3), v % 3];
      return [i, w, (i + Number((i * 7 + w * 3) % 10 === 0)) % 2, 1];
    });
    const [sure, not] = [0.9763373926533707, 0.023662607346629266];
    const expected = [
      0.7099841359947,
      0.2576534434933588,
      0.7715888325646579,
      not,
      sure,
      not,
      sure,
      not,
      sure,
      not,
    ];
    expect(of(mostly, [0.9, 0.88, 0.86], 10)).toEqual(close(expected));
  });

  it("weigh a vote as much as it is strong", () => {
    const expected = [0.9789079824902854, 0.03468384694463183, 0.8796401111077238, 0.5, 0.03133402969726966];
    const strength = ROWS.map((_, v) => (v % 2 ? 0.4 : 1));
    expect(of(ROWS, ABILITY, 5, strength)).toEqual(close(expected));
  });

  /** The first and the fifth of `items` items, on which one rater of four errs and nobody does. */
  function spoken(items: number, weak: "right" | "wrong"): [number, number] {
    const rows = Array.from({ length: 4 * items }, (_, v): Vote => {
      const [i, w] = [v >> 2, v % 4];
      return [i, w, (i + Number(w === i % 5)) % 2, 1];
    });
    const strength = rows.map(([i, , label]) => ((label === i % 2) === (weak === "right") ? 0.3 : 1));
    const first = of(rows, [0.8, 0.8, 0.8, 0.8], items, strength);
    return [first[0], first[4]];
  }

  it("weigh votes the same where strong words say nothing, or the opposite", () => {
    expect(spoken(12, "wrong")).toEqual(close([0.9873045597228246, 0.9966982889078955]));
    expect(spoken(12, "right")).toEqual(close([0.8604117286106031, 0.9714391904792463]));
    // On eight items strengths cost less than what makes them count for nothing: one who speaks up outweighs three.
    expect(spoken(8, "right")).toEqual(close([0.4777509740934638, 0.7536354670988531]));
  });
});

import { describe, expect, it } from "vitest";
import { labelVotes } from "../votes.js";
import { components, graph, inTriangles } from "./rater-graph.js";
import { sampledLists } from "./sampled-lists.js";

/** A graph of pairs, and its edges as sorted text. */
const of = (...pairs: [number, number][]) =>
  graph({ first: pairs.map(([a]) => a), second: pairs.map(([, b]) => b) }, [...pairs.keys()]);
const edgesOf = (edges: Map<number, Set<number>>) =>
  [...edges].flatMap(([a, near]) => [...near].filter((b) => a < b).map((b) => `${a}-${b}`)).sort();

describe("graphs of raters", () => {
  it("have the chosen pairs for edges, both ways", () => {
    const edges = graph({ first: [0, 1, 5, 2], second: [1, 2, 6, 0] }, [0, 3]);
    expect(edges).toEqual(
      new Map([
        [0, new Set([1, 2])],
        [1, new Set([0])],
        [2, new Set([0])],
      ]),
    );
  });

  it("keep the edges of triangles", () => {
    // Two triangles that share the edge 1-2, a tail 3-4-5, and a square.
    const edges = of([0, 1], [1, 2], [2, 0], [3, 1], [3, 2], [3, 4], [4, 5], [6, 7], [7, 8], [8, 9], [9, 6]);
    expect(edgesOf(inTriangles(edges))).toEqual(["0-1", "0-2", "1-2", "1-3", "2-3"]);
    expect(inTriangles(of([0, 1]))).toEqual(new Map());
  });

  it("fall into connected parts, the small ones left out", () => {
    const edges = of([4, 1], [1, 7], [2, 3], [7, 9], [5, 6], [6, 8]);
    const parts = (least: number) =>
      components(edges, least)
        .map((part) => [...part].sort((a, b) => a - b).join())
        .sort();
    expect(parts(1)).toEqual(["1,4,7,9", "2,3", "5,6,8"]);
    expect(parts(3)).toEqual(["1,4,7,9", "5,6,8"]);
    expect(parts(4)).toEqual(["1,4,7,9"]);
    expect(parts(5)).toEqual([]);
  });
});

describe("sampled votes", () => {
  /** Items of so many votes each. */
  const votesOf = (sizes: readonly number[]) =>
    labelVotes(
      sizes.flatMap((size, i) =>
        Array.from({ length: size }, (_, w) => ({ item: `${i}`, rater: `${w}`, label: "x" })),
      ),
    );
  const sizesOf = ({ start }: { start: Int32Array }) => [...start.slice(1)].map((end, i) => end - start[i]);

  it("are all, where pairs are in bounds", () => {
    const votes = votesOf([3, 30, 10]);
    const lists = sampledLists(votes, 1);
    expect(sizesOf(lists)).toEqual([3, 30, 10]);
    expect([...lists.vote]).toEqual([...votes.item.keys()]);
    // 4.5 + 450 + 50 pairs, by halves of squares.
    expect(sizesOf(sampledLists(votes, 1, 504.5))).toEqual([3, 30, 10]);
  });

  it("are drawn from the items with very many, as many as keep to the bound", () => {
    const votes = votesOf([3, 30, 10]);
    const lists = sampledLists(votes, 1, 504);
    expect(sizesOf(lists)).toEqual([3, 27, 10]); // nine tenths of 30
    const own = [...lists.vote.slice(3, 30)];
    expect(own).toEqual([...own].sort((a, b) => a - b));
    expect(new Set(own).size).toBe(27);
    for (const v of own) expect(votes.item[v]).toBe(1);
    expect(sampledLists(votes, 1, 504)).toEqual(lists);
    expect([...sampledLists(votes, 2, 504).vote.slice(3, 30)]).not.toEqual(own);
    // 27, 24, 21, 18, 16, 14, 12, 10: 4.5 + 72 + 50 with 12.
    expect(sizesOf(sampledLists(votes, 1, 126.5))).toEqual([3, 12, 10]);
    expect(sizesOf(sampledLists(votes, 1, 126))).toEqual([3, 10, 10]);
    expect(sizesOf(sampledLists(votes, 1, 0))).toEqual([2, 2, 2]);
  });
});

/** Undirected graphs of raters. */

/** The neighbours of each rater. @param edges indices of the pairs that are edges. */
export function graph(
  pairs: { first: number[]; second: number[] },
  edges: readonly number[],
): Map<number, Set<number>> {
  const near = new Map<number, Set<number>>();
  for (const i of edges) connect(near, pairs.first[i], pairs.second[i]);
  return near;
}

/** Adds an edge, both ways. */
export function connect(edges: Map<number, Set<number>>, a: number, b: number): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ])
    edges.set(from, (edges.get(from) ?? new Set()).add(to));
}

/** The edges whose two ends have a common neighbour. */
export function inTriangles(edges: Map<number, Set<number>>): Map<number, Set<number>> {
  const kept = new Map<number, Set<number>>();
  for (const [a, near] of edges)
    for (const b of near) {
      const others = edges.get(b) ?? new Set();
      const [few, many] = near.size < others.size ? [near, others] : [others, near];
      for (const c of few)
        if (many.has(c)) {
          connect(kept, a, b);
          break;
        }
    }
  return kept;
}

/** Connected components of at least `least` raters. */
export function components(edges: Map<number, Set<number>>, least: number): number[][] {
  const seen = new Set<number>();
  const groups: number[][] = [];
  for (const start of edges.keys()) {
    if (seen.has(start)) continue;
    const group: number[] = [];
    const open = [start];
    seen.add(start);
    for (let rater = open.pop(); rater !== undefined; rater = open.pop()) {
      group.push(rater);
      for (const next of edges.get(rater) ?? []) {
        if (seen.has(next)) continue;
        seen.add(next);
        open.push(next);
      }
    }
    if (group.length >= least) groups.push(group);
  }
  return groups;
}

/** Values that raters gave to units (items, pairs), in the form that agreement measures read. */
export interface RatedUnits {
  /** Number of units, U. */
  units: number;
  /** Names of the values in order, K of them; the order matters for ordinal measures. */
  values: readonly string[];
  /** [V], in [0, U). */
  unit: Int32Array;
  /** [V], in [0, K). */
  value: Int32Array;
  /**
   * Cluster of each unit, [U]. Units of one cluster (pairs of one ranking, responses to one prompt) are resampled
   * together. Default: each unit is its own cluster.
   */
  cluster?: Int32Array;
}

/** Votes by unit and value: unit u was given `value[j]` `count[j]` times, for j in [start[u], start[u + 1]). */
export interface UnitCounts {
  start: Int32Array;
  value: Int32Array;
  count: Int32Array;
  /** Cluster of each unit. */
  cluster: number[];
}

/** Counts by unit. A unit with fewer than two votes says nothing about agreement and is left out. */
export function unitCounts({ units, values, unit, value, cluster }: RatedUnits): UnitCounts {
  const lists: number[][] = Array.from({ length: units }, () => []);
  for (let v = 0; v < unit.length; v++) lists[unit[v]].push(value[v]);
  const start = [0];
  const kept: number[] = [];
  const count: number[] = [];
  const clusters: number[] = [];
  const seen = new Int32Array(values.length);
  for (const [u, list] of lists.entries()) {
    if (list.length < 2) continue;
    clusters.push(cluster?.[u] ?? u);
    for (const c of list) seen[c]++;
    for (const c of list) {
      if (seen[c] === 0) continue;
      kept.push(c);
      count.push(seen[c]);
      seen[c] = 0;
    }
    start.push(kept.length);
  }
  return {
    start: Int32Array.from(start),
    value: Int32Array.from(kept),
    count: Int32Array.from(count),
    cluster: clusters,
  };
}

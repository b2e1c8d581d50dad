import { NameIndex } from "../votes.js";
import { cohenKappa, fleissKappa, percentAgreement } from "./kappa.js";
import { krippendorffAlpha } from "./krippendorff.js";
import type { Agreement } from "./resampled.js";
import type { RatedUnits } from "./units.js";

/** Votes with their circumstances. */
export interface RatedVotes extends RatedUnits {
  /** [V]. */
  rater: Int32Array;
  /** Whether the order of the values is meaningful. */
  ordered: boolean;
  /** The values as numbers, [K]; for the interval scale. */
  numbers?: Float64Array;
  /** Group of each vote's rater, [V]. */
  group?: readonly string[];
  /** When each vote was cast, Unix milliseconds, [V]. */
  time?: Float64Array;
}

/** Measures that do not apply are null. */
export interface AgreementReport {
  /** Share of pairs of votes that agree. */
  percent: Agreement | null;
  alpha: { nominal: Agreement | null; ordinal: Agreement | null; interval: Agreement | null };
  fleiss: Agreement | null;
  /** Cohen's kappa; only with exactly two raters. */
  cohen: Agreement | null;
  /** Alpha within each group of raters: ordinal if the values are ordered, else nominal. */
  groups: { group: string; votes: number; alpha: Agreement | null }[];
  /** The same alpha over time, in windows of equally many votes; `from` and `to` are Unix milliseconds. */
  windows: { from: number; to: number; votes: number; alpha: Agreement | null }[];
}

const MAX_GROUPS = 50;
const WINDOWS = 8;
const MIN_WINDOW_VOTES = 50;

export function agreementReport(votes: RatedVotes, seed = 0): AgreementReport {
  const level = votes.ordered ? "ordinal" : "nominal";
  const alphaOf = (chosen: Int32Array) =>
    krippendorffAlpha(chosenVotes(votes, chosen), level, undefined, seed) ?? null;
  return {
    percent: percentAgreement(votes) ?? null,
    alpha: {
      nominal: krippendorffAlpha(votes, "nominal", undefined, seed) ?? null,
      ordinal: votes.ordered ? (krippendorffAlpha(votes, "ordinal", undefined, seed) ?? null) : null,
      interval: votes.numbers ? (krippendorffAlpha(votes, "interval", votes.numbers, seed) ?? null) : null,
    },
    fleiss: fleissKappa(votes, seed) ?? null,
    cohen: ofTwoRaters(votes, seed),
    groups: byGroup(votes).map(([group, chosen]) => ({
      group,
      votes: chosen.length,
      alpha: alphaOf(chosen),
    })),
    windows: timeWindows(votes).map(({ from, to, chosen }) => ({
      from,
      to,
      votes: chosen.length,
      alpha: alphaOf(chosen),
    })),
  };
}

function chosenVotes(votes: RatedVotes, chosen: Int32Array): RatedUnits {
  return {
    units: votes.units,
    values: votes.values,
    unit: chosen.map((v) => votes.unit[v]),
    value: chosen.map((v) => votes.value[v]),
    cluster: votes.cluster,
  };
}

function ofTwoRaters({ rater, unit, value, values, cluster }: RatedVotes, seed: number): Agreement | null {
  const raters = new Set(rater);
  if (raters.size !== 2) return null;
  const [first] = raters;
  const said = new Map<number, number>();
  for (let v = 0; v < unit.length; v++) if (rater[v] === first) said.set(unit[v], value[v]);
  const [a, b, of]: number[][] = [[], [], []];
  for (let v = 0; v < unit.length; v++) {
    const other = said.get(unit[v]);
    if (rater[v] === first || other === undefined) continue;
    a.push(other);
    b.push(value[v]);
    of.push(cluster?.[unit[v]] ?? unit[v]);
  }
  return a.length === 0 ? null : (cohenKappa(a, b, values.length, { seed, cluster: of }) ?? null);
}

/** Votes of each group, largest group first, at most `MAX_GROUPS` groups. */
function byGroup({ group }: RatedVotes): [string, Int32Array][] {
  if (group === undefined) return [];
  const names = new NameIndex();
  const lists: number[][] = [];
  for (const [v, name] of group.entries()) (lists[names.of(name)] ??= []).push(v);
  return lists
    .map((list, g): [string, Int32Array] => [names.names[g], Int32Array.from(list)])
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, MAX_GROUPS);
}

function timeWindows({ time }: RatedVotes): { from: number; to: number; chosen: Int32Array }[] {
  if (time === undefined) return [];
  const order = Int32Array.from(time.keys()).sort((a, b) => time[a] - time[b]);
  const windows = Math.min(WINDOWS, Math.floor(order.length / MIN_WINDOW_VOTES));
  return Array.from({ length: windows }, (_, w) => {
    const chosen = order.subarray(
      Math.floor((w * order.length) / windows),
      Math.floor(((w + 1) * order.length) / windows),
    );
    return { from: time[chosen[0]], to: time[chosen[chosen.length - 1]], chosen };
  });
}

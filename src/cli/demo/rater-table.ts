import { formatPercent } from "../../base/format.js";
import { byKind, type KindSummary, type VotesSummary } from "../../demo/rating/summary.js";
import type { RaterKind } from "../../votes/simulate/index.js";
import { formatTable } from "../table.js";

/** The groups in which flagged raters are counted; the honest include a minority with other values. */
const GROUPS: readonly { name: string; kinds: readonly RaterKind[] }[] = [
  { name: "hostile", kinds: ["malicious", "colluding"] },
  { name: "careless or biased", kinds: ["noisy", "biased", "random", "straight-lining", "fast"] },
  { name: "honest", kinds: ["honest", "minority"] },
];

/** How reliable each kind of rater is by the votes, and how many were flagged, with the reasons. */
export function raterTable({ raters, votes, pairs, labels, method }: VotesSummary): string {
  const kinds = byKind(raters);
  const rows = kinds.map(({ kind, raters: count, votes: cast, reliability, flagged, flags }) => {
    const { estimate, low, high } = reliability;
    const range = count > 1 ? ` (${formatPercent(low)} to ${formatPercent(high)})` : "";
    return [
      kind,
      count,
      cast,
      formatPercent(estimate) + range,
      flagged === 0 ? "" : `${flagged}: ${flags.join(", ")}`,
    ];
  });
  return [
    formatTable(["raters, as simulated", "raters", "votes", "right by the votes (range)", "flagged"], rows),
    "",
    `Flagged: ${flaggedOf(kinds)}. Aggregation (${method}) does not know who is who.`,
    `${votes} votes on ${pairs} pairs; of those with different gold utilities, ${formatPercent(labels.estimate)} got the better side ` +
      `(${(100 * labels.low).toFixed(1)}-${(100 * labels.high).toFixed(1)}).`,
  ].join("\n");
}

function flaggedOf(kinds: readonly KindSummary[]): string {
  const total = (own: readonly KindSummary[], of: "raters" | "flagged") =>
    own.reduce((sum, kind) => sum + kind[of], 0);
  return GROUPS.flatMap(({ name, kinds: members }) => {
    const own = kinds.filter(({ kind }) => members.includes(kind));
    return own.length === 0 ? [] : [`${total(own, "flagged")} of ${total(own, "raters")} ${name}`];
  }).join(", ");
}

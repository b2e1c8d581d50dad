import type { RaterModel, RaterReport } from "../../votes/aggregate/index.js";
import { type AgreementReport, agreementReport } from "../../votes/agreement/index.js";
import { type FileAggregate, ratedVotes, type VoteFile } from "../../votes/vote-file/index.js";
import { formatTable } from "../table.js";
import { printable, truncateText } from "../text-width.js";
import { agreementTable } from "./agreement-table.js";

/** Most flagged raters in the report. */
const MAX_SHOWN = 20;

const MODELS: Readonly<Record<RaterModel, string>> = {
  alike: "Nothing in the votes tells one rater's skill from another's: each result follows its votes.",
  abilities: "Raters are weighed by how often they are right.",
  experts:
    "Some raters agree more among themselves than the truth explains, and with the others too: raters are weighed by how often they are right.",
  rates: "Raters are weighed by how often they are right on each label.",
  confusions: "Raters are weighed by which labels they take for which.",
};

const UNCHECKED =
  "No rater could be checked by another, as no item has a second vote (no overlap): each result follows its only vote, with a probability that is expected and not measured.";

/** The result of plumb aggregate. */
interface AggregateSummary {
  kind: VoteFile["votes"]["kind"];
  method: string;
  votes: number;
  raters: number;
  repeated: number;
  agreement: AgreementReport;
  flagged: RaterReport[];
  /** Raters who belong together, by name. */
  groups: string[][];
  /** What the default found the raters to be, in words. */
  model?: string;
  /** How many results contradict all of their votes. */
  review: number;
  out: string | null;
  /** How many raters' reliabilities were stored for early stopping; absent if none were. */
  weighed?: number;
}

export function aggregateSummary(
  file: VoteFile,
  { aggregate, counts }: FileAggregate,
  { seed, out }: { seed: number; out?: string },
  weighed: number,
): AggregateSummary {
  const { method, raters, groups } = aggregate;
  const rated = ratedVotes(file);
  return {
    kind: file.votes.kind,
    method,
    votes: rated.unit.length,
    ...counts,
    raters: raters.length,
    repeated: file.repeated,
    agreement: agreementReport(rated, seed),
    flagged: raters.filter(({ flags }) => flags.length > 0),
    groups: groups.map((members) => members.map(({ rater }) => raters[rater].rater)),
    ...(aggregate.model !== undefined && {
      model: new Set(rated.unit).size === rated.unit.length ? UNCHECKED : MODELS[aggregate.model],
    }),
    review: ("items" in aggregate ? aggregate.items : aggregate.preferences).filter(
      ({ review }) => review !== undefined,
    ).length,
    out: out ?? null,
    ...(weighed > 0 && { weighed }),
  };
}

/** The summary as text. */
export function aggregateReport(
  { method, votes, raters, agreement, flagged, model, review, out, weighed }: AggregateSummary,
  counts: FileAggregate["counts"],
): string {
  const totals = Object.entries({ votes, ...counts, raters });
  return [
    `${totals.map(([name, n]) => `${n} ${name}`).join(", ")}; method ${method}`,
    "",
    agreementTable(agreement),
    "",
    ...flagLines(flagged, raters),
    ...(model === undefined ? [] : [model]),
    ...(review === 0 ? [] : [`${review} results contradict all of their votes; they are marked for review.`]),
    ...(weighed === undefined
      ? []
      : [`Early stopping weighs the votes of ${weighed} raters by how often they are right.`]),
    "",
    out === null ? "Nothing was written; --out FOLDER writes the results." : `Written to ${out}.`,
  ].join("\n");
}

function flagLines(flagged: readonly RaterReport[], raters: number): string[] {
  if (flagged.length === 0) return ["No rater is flagged."];
  const rows = flagged
    .slice(0, MAX_SHOWN)
    .flatMap(({ rater, votes, skill, flags }) =>
      flags.map(({ kind, reason }) => [
        truncateText(printable(rater), 24),
        votes,
        skill.estimate,
        kind,
        reason,
      ]),
    );
  const more = flagged.length - MAX_SHOWN;
  return [
    `${flagged.length} of ${raters} raters are flagged:`,
    formatTable(["rater", "votes", "skill", "flag", "why"], rows),
    ...(more > 0 ? [`and ${more} more`] : []),
  ];
}

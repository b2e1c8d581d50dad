import { groupBy } from "../../base/group-by.js";
import type { RaterReport } from "../../votes/aggregate/index.js";
import { type FilterConfig, filterSchema, runFilters } from "../../votes/filters/index.js";
import {
  aggregateQuestion,
  aspectsOf,
  counting,
  type Judgement,
  questionOf,
  USES,
} from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import {
  firstPlaceShare,
  goldAccuracy,
  lengthChosen,
  medianSeconds,
  selfConsistency,
  shareOf,
  tookLonger,
} from "./habits.js";
import type { RaterTable } from "./views.js";

type RaterRow = RaterTable["raters"][number];

/** Filters whose findings are about raters, and not about single votes or items. */
const OF_RATERS: FilterConfig = {
  ...filterSchema.parse({}),
  nearDuplicate: false,
  personalData: false,
  safetyConflict: false,
};
/** Fewest votes for which pages show a reliability. */
const MIN_VOTES = 20;
/** Most flags shown of one rater. */
const MAX_FLAGS = 10;

/** What is known about each rater, including members without votes. @param aspect the aspect for reliability. */
export function raterTable(
  data: ProjectData,
  aspect = aspectsOf(data.project.task)[0],
  seed = 0,
): RaterTable {
  const own = groupBy(data.judgements, ({ vote }) => vote.rater);
  const reports = aspect === undefined ? [] : raterReports(data, aspect, seed);
  const reportOf = new Map(reports.map((report) => [report.rater, report]));
  const flags = filterFlags(data);
  const pool = [...own.values()].flatMap((votes) => lengthChosen(considered(votes)));
  const longer = pool.filter(tookLonger).length / pool.length;
  const raters = [...new Set([...data.members.keys(), ...own.keys()])].map((rater): RaterRow => {
    const all = own.get(rater) ?? [];
    const careful = considered(all);
    const { state = "left", group, reason } = data.members.get(rater) ?? {};
    const report = reportOf.get(rater);
    const longerShare = shareOf(lengthChosen(careful), (one) => tookLonger(one) === true);
    return {
      rater,
      ...(group !== undefined && { group }),
      state,
      ...(reason !== undefined && { reason }),
      votes: counting(all, USES.results).length,
      held: all.filter(({ review }) => review === "held").length,
      rejected: all.filter(({ review }) => review === "rejected").length,
      ...(all.length > 0 && { lastVoteAt: Math.max(...all.map(({ vote }) => vote.castAt)) }),
      reliability: report ? { ...report.skill, n: report.votes } : null,
      gold: goldAccuracy(all),
      consistency: selfConsistency(all),
      medianSeconds: medianSeconds(careful),
      firstPlace: firstPlaceShare(careful),
      longer: longerShare && { ...longerShare, expected: longer },
      flags: [
        ...(report?.flags ?? []).map((flag) => ({ source: "aggregate" as const, ...flag })),
        ...(flags.get(rater) ?? []),
      ].slice(0, MAX_FLAGS),
    };
  });
  return {
    asOf: data.asOf,
    aspect: aspect ?? data.project.task.kind,
    leastVotes: MIN_VOTES,
    raters,
  };
}

/** How often each rater is right about an aspect, from all judgements, including those of gold items. */
export function raterReports(data: ProjectData, aspect: string, seed = 0): RaterReport[] {
  const question = questionOf(counting(data.judgements, USES.raters), aspect);
  return question === undefined ? [] : aggregateQuestion(question, { seed }).aggregate.raters;
}

/** Judgements without repeats and gold items. Those were chosen for their answers, so they do not show habits. */
const considered = (judgements: readonly Judgement[]) =>
  judgements.filter(({ vote, gold }) => !vote.repeat && !gold);

/** Flags from findings about raters that filters hold, by rater. */
function filterFlags(data: ProjectData): Map<string, RaterRow["flags"]> {
  const flags = new Map<string, RaterRow["flags"]>();
  for (const { filter, severity, raters, evidence } of runFilters(
    data.judgements,
    [...data.items.values()],
    OF_RATERS,
  )) {
    if (severity !== "hold") continue;
    for (const rater of raters) {
      const known = flags.get(rater) ?? [];
      flags.set(rater, [...known, { source: "filter", kind: filter, reason: evidence }]);
    }
  }
  return flags;
}

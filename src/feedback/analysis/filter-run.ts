import { FILTERS, filterSchema, runFilters } from "../../votes/filters/index.js";
import { counting, USES } from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import type { HeldVote } from "../store/votes/reviews.js";
import type { FilterRun } from "./views.js";

const MAX_WARNINGS = 200;
/** Most raters and items named in one warning. */
const MAX_NAMED = 20;

/** The result of a run of the filters, and the findings to hold in the store: one for each vote and filter. */
interface FoundByFilters {
  run: Omit<FilterRun, "held">;
  holds: HeldVote[];
}

/**
 * Runs every filter over the project's judgements. If a filter has several findings about one vote, the first is held.
 */
export function filterRun(data: ProjectData): FoundByFilters {
  const votes = counting(data.judgements, USES.filters);
  const findings = runFilters(votes, [...data.items.values()], filterSchema.parse({}));
  const holds = new Map<string, HeldVote>();
  for (const { filter, severity, votes: found, evidence, figures } of findings) {
    if (severity !== "hold") continue;
    for (const vote of found) {
      const key = `${filter} ${vote}`;
      if (!holds.has(key)) holds.set(key, { vote, filter, evidence: { reason: evidence, figures } });
    }
  }
  const warnings = findings.filter(({ severity }) => severity === "warn");
  return {
    run: {
      asOf: data.asOf,
      votes: votes.length,
      filters: FILTERS.map((filter) => ({
        filter,
        holds: [...holds.values()].filter((hold) => hold.filter === filter).length,
        warnings: warnings.filter((warning) => warning.filter === filter).length,
      })),
      warnings: warnings.slice(0, MAX_WARNINGS).map(({ filter, evidence, raters, items }) => ({
        filter,
        evidence,
        raters: raters.slice(0, MAX_NAMED),
        items: items.slice(0, MAX_NAMED),
      })),
    },
    holds: [...holds.values()],
  };
}

import { agreementReport } from "../agreement/index.js";
import { ratedVotes } from "../vote-file/index.js";
import type { ProjectData } from "./project-data.js";
import { aspectsOf, questionOf } from "./questions.js";
import type { AgreementView } from "./views.js";

/** How far raters agree on each aspect, over time and by group. */
export function agreementView(data: ProjectData, seed = 0): AgreementView {
  const aspects = aspectsOf(data).flatMap((aspect) => {
    const question = questionOf(data, aspect);
    if (question === undefined) return [];
    const grouped = question.group.some((group) => group !== "");
    const rated = ratedVotes({ ...question, group: grouped ? question.group : undefined });
    const raters = new Set(rated.rater).size;
    return [
      { aspect, votes: rated.unit.length, units: rated.units, raters, ...agreementReport(rated, seed) },
    ];
  });
  return { asOf: data.asOf, aspects };
}

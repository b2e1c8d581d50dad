import { agreementReport } from "../../votes/agreement/index.js";
import { aspectsOf, counting, questionOf, USES, unitOf } from "../../votes/judgement/index.js";
import { ratedVotes } from "../../votes/vote-file/index.js";
import { NameIndex } from "../../votes/votes.js";
import type { ProjectData } from "../store/votes/load-project.js";
import type { AgreementView } from "./views.js";

/** How far raters agree on each aspect, over time and by group of raters. */
export function agreementView(data: ProjectData, seed = 0): AgreementView {
  const aspects = aspectsOf(data.project.task).flatMap((aspect) => {
    const question = questionOf(counting(data.judgements, USES.results), aspect);
    if (question === undefined) return [];
    const grouped = question.group.some((group) => group !== "");
    const rated = ratedVotes({ ...question, group: grouped ? question.group : undefined });
    const raters = new Set(rated.rater).size;
    // Ratings of several responses of one item are not independent, so they form a cluster.
    if (question.votes.kind === "labels") {
      const items = new NameIndex();
      rated.cluster = Int32Array.from(question.votes.labels.items, (name) => items.of(unitOf(name).item));
    }
    return [
      { aspect, votes: rated.unit.length, units: rated.units, raters, ...agreementReport(rated, seed) },
    ];
  });
  return { asOf: data.asOf, aspects };
}

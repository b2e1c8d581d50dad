/** What a lead must know about a project, computed from its votes. */
import { z } from "zod";
import {
  AgreementView,
  DisagreementsView,
  ExclusionPreview,
  FilterRun,
  ForecastView,
  PreferencesView,
  RaterTable,
} from "../../feedback/analysis/views.js";
import { ItemContent } from "../../votes/tasks/index.js";
import { ids, inProject, limit } from "./common.js";
import { contract } from "./contract.js";

const read = { roles: ["admin", "lead", "reviewer"], scope: "read", project: "staff" } as const;
const tag = "Analysis";
const aspect = z
  .string()
  .max(40)
  .optional()
  .describe("Aspect that was asked about; the project's first if not given");
const offset = z.coerce
  .number()
  .pipe(z.int().min(0).max(10_000_000))
  .default(0)
  .describe("Rows to skip at the start");

export const getAgreement = contract({
  id: "getAgreement",
  method: "get",
  path: "/projects/{project}/agreement",
  tag,
  summary: "How far raters agree on each aspect, with intervals, over time and by group.",
  access: read,
  params: inProject,
  result: AgreementView,
});
export const getRaterTable = contract({
  id: "getRaterTable",
  method: "get",
  path: "/projects/{project}/raters",
  tag,
  summary:
    "What is known about each rater: reliability, gold accuracy, consistency, speed, habits, and flags with reasons.",
  access: read,
  params: inProject,
  query: z.object({ aspect }),
  result: RaterTable,
});
export const listDisagreements = contract({
  id: "listDisagreements",
  method: "get",
  path: "/projects/{project}/disagreements",
  tag,
  summary: "What raters agree on least, and who said what.",
  access: read,
  params: inProject,
  query: z.object({ aspect, offset, limit: limit.pipe(z.int().max(100)) }),
  result: DisagreementsView,
});
export const listPreferences = contract({
  id: "listPreferences",
  method: "get",
  path: "/projects/{project}/preferences",
  tag,
  summary: "The votes aggregated by the default method: preferences with a probability and noise, or labels.",
  access: read,
  params: inProject,
  query: z.object({
    aspect,
    held: z.enum(["count", "leave-out"]).default("count").describe("Whether votes held for review count"),
    offset,
    limit,
  }),
  result: PreferencesView,
});
export const getForecast = contract({
  id: "getForecast",
  method: "get",
  path: "/projects/{project}/forecast",
  tag,
  summary: "How fast votes arrive, how many are still wanted, and when the last is expected.",
  access: read,
  params: inProject,
  result: ForecastView,
});
export const previewExclusion = contract({
  id: "previewExclusion",
  method: "get",
  path: "/projects/{project}/members/{rater}/exclusion",
  tag,
  summary: "What answers would change if a rater's votes were left out; nothing is changed.",
  access: read,
  params: inProject.extend({ rater: ids.rater }),
  query: z.object({ aspect }),
  result: ExclusionPreview,
});
export const exportTrainingRows = contract({
  id: "exportTrainingRows",
  method: "get",
  path: "/projects/{project}/training-rows",
  tag,
  summary:
    "The aggregated votes as rows for training, one line of JSON each: TRL's preferences with noise and rater metadata; or what raters wrote, or safety labels.",
  access: { roles: ["admin", "lead"], scope: "export", project: "staff" },
  params: inProject,
  query: z.object({
    aspect,
    held: z.enum(["count", "leave-out"]).default("count").describe("Whether votes held for review count"),
    raters: z
      .enum(["name", "leave-out"])
      .default("leave-out")
      .describe("Pseudonyms of a preference's raters"),
  }),
  lines: true,
  result: z.looseObject({ prompt: ItemContent.shape.prompt, item: ids.item }),
});
export const weighRaters = contract({
  id: "weighRaters",
  method: "post",
  path: "/projects/{project}/reliabilities",
  tag,
  summary:
    "Estimate how often each rater is right, from the votes and gold items so far, and let early stopping weigh votes by it from now on. Items that are decided remain decided.",
  access: { roles: ["admin", "lead"], scope: "write", project: "staff" },
  params: inProject,
  result: z.object({
    reliabilities: z
      .array(z.object({ rater: ids.rater, reliability: z.number().min(0).max(1) }))
      .describe("Of the raters who voted"),
  }),
  status: 201,
});
export const runProjectFilters = contract({
  id: "runProjectFilters",
  method: "post",
  path: "/projects/{project}/filter-runs",
  tag,
  summary:
    "Run all filters over the votes, and hold the votes that they find for review. Earlier findings are left unchanged.",
  access: { ...read, scope: "review" },
  params: inProject,
  result: FilterRun,
  status: 201,
});

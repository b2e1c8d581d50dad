import { type PreferenceOptions, trainingRows } from "../../votes/judgement/index.js";
import type { ProjectData } from "../store/votes/load-project.js";
import { agreementView } from "./agreement.js";
import { disagreementsView } from "./disagreements.js";
import { type Exclusion, exclusionPreview } from "./exclusion.js";
import { filterRun } from "./filter-run.js";
import { forecastView } from "./forecast.js";
import { type PreferencesRequest, preferencesView } from "./preferences.js";
import { raterTable } from "./raters.js";
import { reliabilities } from "./reliabilities.js";

/** A request for an analysis of a project's votes. It is plain data, so that it can be sent to another thread. */
export type AnalysisRequest =
  | { kind: "agreement" }
  | { kind: "raters"; aspect?: string }
  | { kind: "disagreements"; aspect?: string; offset: number; limit: number }
  | ({ kind: "preferences" } & PreferencesRequest)
  | { kind: "forecast"; now: number }
  | ({ kind: "exclusion" } & Exclusion)
  | { kind: "filters" }
  | { kind: "reliabilities" }
  | ({ kind: "training-rows" } & Partial<PreferenceOptions>);

/** What each analysis of a project's votes gives, by its name. */
export interface AnalysisResults {
  agreement: ReturnType<typeof agreementView>;
  raters: ReturnType<typeof raterTable>;
  disagreements: ReturnType<typeof disagreementsView>;
  preferences: ReturnType<typeof preferencesView>;
  forecast: ReturnType<typeof forecastView>;
  exclusion: ReturnType<typeof exclusionPreview>;
  filters: ReturnType<typeof filterRun>;
  reliabilities: ReturnType<typeof reliabilities>;
  /** Lines of JSON in UTF-8, some hundred a piece: another thread hands them on without reading them. */
  "training-rows": Uint8Array<ArrayBuffer>[];
}

/** Rows in one piece of text. */
const TOGETHER = 200;

/** The rows of whichever kind the project's task gives. */
function allTrainingRows(
  { judgements }: ProjectData,
  options: Partial<PreferenceOptions>,
): AnalysisResults["training-rows"] {
  const { preferences, demonstrations, safety } = trainingRows(judgements, options);
  const rows: object[] = [...preferences, ...demonstrations, ...safety];
  const pieces: AnalysisResults["training-rows"] = [];
  for (let start = 0; start < rows.length; start += TOGETHER) {
    const lines = rows.slice(start, start + TOGETHER).map((row) => `${JSON.stringify(row)}\n`);
    pieces.push(new TextEncoder().encode(lines.join("")));
  }
  return pieces;
}

/** Computes the answer to one request. */
export function analyse(
  data: ProjectData,
  request: AnalysisRequest,
): AnalysisResults[AnalysisRequest["kind"]] {
  switch (request.kind) {
    case "agreement":
      return agreementView(data);
    case "raters":
      return raterTable(data, request.aspect);
    case "disagreements":
      return disagreementsView(data, request);
    case "preferences":
      return preferencesView(data, request);
    case "forecast":
      return forecastView(data, request.now);
    case "exclusion":
      return exclusionPreview(data, request);
    case "filters":
      return filterRun(data);
    case "reliabilities":
      return reliabilities(data);
    case "training-rows":
      return allTrainingRows(data, request);
  }
}

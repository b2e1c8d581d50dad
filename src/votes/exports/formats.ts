/** The tools whose exports are read as people's answers, and which of them wrote a file. */
import { shown } from "../../base/explain-issue.js";
import type { LocatedRow } from "../../base/location.js";
import { argillaRecords, isArgilla } from "./argilla.js";
import { doccanoRecords, isDoccano } from "./doccano.js";
import { EXACT, isRounded } from "./exact-names.js";
import type { FieldRoles } from "./field-roles.js";
import type { ForeignRecord } from "./foreign-record.js";
import { isLabelStudio, labelStudioRecords } from "./label-studio.js";
import { isMechanicalTurk, mechanicalTurkRecords } from "./mturk.js";
import { isOpenAiSummaries, openAiRecords } from "./openai-summaries.js";
import { isPotato, potatoRecords } from "./potato.js";
import type { ImportProblems } from "./problems.js";
import { isProdigy, prodigyRecords } from "./prodigy.js";
import { isToloka, tolokaRecords } from "./toloka.js";

export const EXPORT_TOOLS = [
  ...(["argilla", "label-studio", "prodigy", "mturk", "toloka", "doccano", "potato"] as const),
  "openai-summaries",
] as const;
/** A tool, or a publisher, whose files are read. */
export type ExportTool = (typeof EXPORT_TOOLS)[number];

interface Format {
  /** Whether a file's first row is the tool's. */
  is(row: LocatedRow): boolean;
  /** The records of all rows, at least one. Invalid rows are added to the problems; what is no vote is counted. */
  records(rows: readonly LocatedRow[], problems: ImportProblems, roles: FieldRoles): ForeignRecord[];
}

const FORMATS: Readonly<Record<ExportTool, Format>> = {
  "label-studio": { is: isLabelStudio, records: labelStudioRecords },
  argilla: { is: isArgilla, records: argillaRecords },
  prodigy: { is: isProdigy, records: prodigyRecords },
  mturk: { is: isMechanicalTurk, records: mechanicalTurkRecords },
  toloka: { is: isToloka, records: tolokaRecords },
  potato: { is: isPotato, records: potatoRecords },
  "openai-summaries": { is: isOpenAiSummaries, records: openAiRecords },
  doccano: { is: isDoccano, records: doccanoRecords },
};

/** The tool that wrote a file, by its first row; undefined if none is known to write such rows. */
export const exportTool = (row: LocatedRow): ExportTool | undefined =>
  (Object.keys(FORMATS) as ExportTool[]).find((tool) => FORMATS[tool].is(row));

/**
 * The records in rows of one tool's export, with everybody's answers. Invalid rows are added to the problems, and what is no
 * vote is counted there.
 *
 * @param rows at least one.
 */
export function exportRecords(
  tool: ExportTool,
  rows: readonly LocatedRow[],
  problems: ImportProblems,
  roles: FieldRoles = {},
): ForeignRecord[] {
  const records = FORMATS[tool].records(rows, problems, roles);
  for (const { id, opinions, where } of records)
    for (const name of [id, ...opinions.map(({ rater }) => rater)])
      if (isRounded(name)) problems.add(where, "", `names ${shown(name)}; expected ${EXACT}`);
  return records;
}

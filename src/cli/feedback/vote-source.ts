import { z } from "zod";
import { countOf } from "../../base/format.js";
import { inGroup } from "../../base/setting-groups.js";
import { usageError } from "../../base/usage-error.js";
import { projectVotes } from "../../feedback/analysis/index.js";
import {
  databaseLocation,
  databaseSettings,
  type ProjectData,
  readProject,
} from "../../feedback/store/index.js";
import { readVotes, type VoteFile } from "../../votes/vote-file/index.js";
import type { Ui } from "../ui.js";

/** Settings of commands that read votes from a file or a project. */
export const voteSettings = {
  ...inGroup("files", {
    votes: z
      .string()
      .min(1)
      .optional()
      .describe(
        "CSV, TSV, JSONL or Parquet with item,rater,label or item,rater,left,right,winner; or an export of Label Studio, Argilla, Prodigy, Mechanical Turk, Toloka, Potato or doccano",
      ),
    project: z.string().min(1).optional().describe("id of a project in the database, instead of a file"),
    aspect: z
      .string()
      .min(1)
      .optional()
      .describe("aspect, or question of an export, to read; the project's first if not given"),
    shared: z
      .boolean()
      .default(false)
      .describe(
        "a candidate's name means the same candidate in all items, such as a model in an arena; a response is its item's own otherwise",
      ),
  }),
  ...databaseSettings,
};

interface VoteSource {
  votes?: string;
  project?: string;
  aspect?: string;
  shared?: boolean;
  db?: string;
}

/** The votes of a file, or of a project and that project. @throws PlumbError unless exactly one is given and valid. */
export async function readVoteSource(
  source: VoteSource,
  ui: Ui,
): Promise<{ file: VoteFile; project?: ProjectData }> {
  const { votes, project, aspect, shared } = source;
  if ((votes === undefined) === (project === undefined))
    throw usageError(
      votes === undefined ? "no votes are given" : "both a file and a project are given",
      "Give either --votes FILE or --project ID.",
    );
  if (votes === undefined) {
    const data = await readProject(databaseLocation(source.db), project as string);
    return { file: projectVotes(data, aspect), project: data };
  }
  const file = await readVotes(votes, { aspect, shared });
  if (file.ignoredColumns.length > 0)
    ui.warn(`columns not used: ${file.ignoredColumns.slice(0, 12).join(", ")}`);
  if (file.repeated > 0)
    ui.warn(
      `${countOf(file.repeated, "row")} ${file.repeated === 1 ? "repeats a vote; it counts" : "repeat a vote; they count"} once`,
    );
  for (const note of file.notes ?? []) ui.warn(note);
  return { file };
}

import { PlumbError } from "../../base/errors.js";
import { aspectsOf, counting, questionOf, USES } from "../../votes/judgement/index.js";
import type { VoteFile } from "../../votes/vote-file/index.js";
import type { ProjectData } from "../store/votes/load-project.js";

/**
 * The votes of a project that count for one aspect, in the form of a vote file.
 *
 * @throws PlumbError if the project does not ask about the aspect, or has no votes that count.
 */
export function projectVotes(data: ProjectData, aspect?: string): VoteFile {
  const known = aspectsOf(data.project.task);
  const { name, task } = data.project;
  const asked = aspect ?? known[0];
  if (asked === undefined)
    throw new PlumbError(`In ${name} raters write (${task.kind}): there is nothing to count.`, {
      hint: "plumb feedback export --project writes what they wrote.",
    });
  if (!known.includes(asked))
    throw new PlumbError(`${name} does not ask for ${JSON.stringify(asked)}, but for ${known.join(", ")}.`);
  const question = questionOf(counting(data.judgements, USES.results), asked);
  if (question === undefined)
    throw new PlumbError(`${name} has no votes that count.`, {
      hint: "Gold items, rejected votes and those of excluded raters do not.",
    });
  const grouped = question.group.some((group) => group !== "");
  return {
    votes: question.votes,
    ...(grouped && { group: question.group }),
    time: question.time,
    hasItems: true,
    repeated: 0,
    ignoredColumns: [],
  };
}

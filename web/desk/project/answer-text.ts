/** An answer in words, in the stored order of the item's responses. */
import type { ResultOf } from "../../api/client.js";
import type { DeskStrings } from "../strings/index.js";
import type { Project } from "./context.js";

export type StandingVote = ResultOf<"listItemVotes">["votes"][number];
type Answer = StandingVote["answer"];

/** The answer without the rationale. @param names the name of each response. */
export function answerText(
  answer: Answer,
  names: readonly string[],
  task: Project["task"],
  { answers }: DeskStrings,
): string {
  const parts = [verdictText(answer, names, task, answers)];
  if (answer.flags.length > 0)
    parts.push(
      `${answers.flags}: ${answer.flags.map(({ place, flag }) => `${names[place]} ${flag}`).join(", ")}`,
    );
  return parts.join("; ");
}

function verdictText(
  answer: Answer,
  names: readonly string[],
  task: Project["task"],
  words: DeskStrings["answers"],
): string {
  switch (answer.kind) {
    case "pairwise":
      return Object.entries(answer.aspects)
        .map(([aspect, { verdict, strength }]) => {
          const said =
            verdict === "tie"
              ? words.tie
              : verdict === "both-bad"
                ? words.bothBad
                : words.left(names[verdict === "left" ? 0 : 1]);
          const much =
            strength === undefined ? "" : `, ${words.strength(String(strength), String(task.strengths))}`;
          return `${task.aspects.length > 1 ? `${aspect}: ` : ""}${said}${much}`;
        })
        .join("; ");
    case "ranking":
      return [...answer.ranks.entries()]
        .sort(([, a], [, b]) => a - b)
        .map(([place, rank]) => `${rank}. ${names[place]}`)
        .join("  ");
    case "likert":
      return answer.ratings
        .map(
          (points, place) =>
            `${names[place]}: ${Object.entries(points)
              .map(([aspect, value]) => `${aspect} ${value}`)
              .join(", ")}`,
        )
        .join("; ");
    case "safety":
      return answer.safe ? words.safe : words.unsafe(answer.categories.join(", "));
    case "demonstration":
    case "rewrite":
      return answer.text;
  }
}

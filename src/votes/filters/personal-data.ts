/**
 * Finds personal data and secrets in what raters write: demonstrations, rewrites and rationales, all of which may be
 * trained on or read by others. If the rater added the data, the vote is held; if it was already on the screen (a
 * rewrite may keep it), it is a warning.
 */
import type { CastVote } from "../tasks/index.js";
import { type Finding, raterFinding } from "./finding.js";
import { findPersonalData, type PersonalData } from "./personal-data-patterns.js";
import { type JudgedItem, promptText } from "./votes.js";

/** Most places of one text that are named. */
const MAX_NAMED = 5;
/** A text with more places than this is held. */
const MAX_COMPARED = 50;

export function personalData(judged: readonly JudgedItem[]): Finding[] {
  return judged.flatMap((one) => {
    const { vote } = one;
    return writtenTexts(vote).flatMap(({ field, text }) => {
      const found = findPersonalData(text);
      if (found.length === 0) return [];
      const shown = [promptText(one.item), ...one.item.content.responses.map((r) => r.text)];
      const isNew = ({ start, end }: PersonalData) =>
        !shown.some((other) => other.includes(text.slice(start, end)));
      const many = found.length > MAX_COMPARED;
      const severity = many || found.some(isNew) ? "hold" : "warn";
      const names = found.slice(0, MAX_NAMED).map((one) => described(one, text));
      const more = found.length > MAX_NAMED ? `, and ${found.length - MAX_NAMED} more` : "";
      const origin = severity === "warn" ? ", as the item did" : "";
      return raterFinding(
        "personal-data",
        severity,
        vote.rater,
        [vote],
        `the ${field} holds ${names.join(", ")}${more}${origin}`,
        { places: found.length },
      );
    });
  });
}

function writtenTexts({ answer }: CastVote): { field: string; text: string }[] {
  const written = "text" in answer ? [{ field: answer.kind, text: answer.text }] : [];
  return answer.rationale === undefined
    ? written
    : [...written, { field: "rationale", text: answer.rationale }];
}

/** Describes a place, such as `email j*** at character 12`: enough to find the data, but not to use it. */
function described({ kind, start, end }: PersonalData, text: string): string {
  const masked = kind === "secret" ? "***" : `${text.slice(start, Math.min(end, start + 1))}***`;
  return `${kind.replaceAll("-", " ")} ${masked} at character ${start + 1}`;
}

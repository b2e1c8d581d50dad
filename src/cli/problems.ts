/** What is wrong with a command line, all of it in one message. */
import type { PlumbError } from "../base/errors.js";
import { usageError } from "../base/usage-error.js";

/** What is wrong with a setting, what to do, and the settings that were probably meant, by their dotted keys. */
export interface Problem {
  text: string;
  hint: string | undefined;
  meant: readonly string[];
}

/** Most problems that a message lists. */
const MAX_PROBLEMS = 8;

/** One error for all problems: a lone hint stands apart, several each with its problem. @param advice for them all. */
export function refusal(problems: readonly Problem[], advice?: string): PlumbError {
  const unique = [...new Map(problems.map((problem) => [problem.text, problem])).values()];
  const hints = unique.flatMap(({ hint }) => hint ?? []);
  const lines = unique
    .slice(0, MAX_PROBLEMS)
    .map(({ text, hint }) => (hint === undefined || hints.length === 1 ? text : `${text} (${inside(hint)})`));
  const more = unique.length - lines.length;
  return usageError(
    [...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"),
    hints.length === 1 ? hints[0] : advice,
  );
}

/** A hint as it stands in brackets. */
const inside = (hint: string): string => hint[0].toLowerCase() + hint.slice(1).replace(/\.$/, "");

/** Answers to one prompt that a dataset ranks, rates or compares, under the names of each dataset. */
import { rowError } from "../base/location.js";
import { clustersOf } from "../statistics/clusters.js";
import type { CheckedRow, FieldsOf } from "./formats.js";
import type { ChatMessage, TextOrMessages } from "./messages.js";

/** Answers with ranks; the smallest is the best, equal ones are a tie. */
export interface Ranking {
  prompt: TextOrMessages;
  completions: { text: TextOrMessages; rank: number }[];
}

const user = (content: string): ChatMessage[] => [{ role: "user", content }];

/** The ranking of a row, if its format has one. @throws RowError if an answer has no rating. */
export function rankingOf(row: CheckedRow): Ranking | undefined {
  switch (row.format) {
    case "ultrafeedback":
      return {
        prompt: user(row.fields.instruction),
        completions: row.fields.completions.map((one, i) => ({
          text: one.response,
          rank: -ratingOf(one, i, row),
        })),
      };
    case "nectar":
      return {
        prompt: row.fields.prompt,
        completions: row.fields.answers.map(({ answer, rank }) => ({ text: answer, rank })),
      };
    case "pku-saferlhf": {
      const { prompt, response_0, response_1, better_response_id: better } = row.fields;
      return compared(user(prompt), [response_0, response_1], better === 0 ? -1 : 1);
    }
    case "shp": {
      const { history, human_ref_A, human_ref_B, labels } = row.fields;
      return compared(user(history), [human_ref_A, human_ref_B], labels === 1 ? -1 : 1);
    }
    case "helpsteer-preference": {
      const { prompt, response_1, response_2, preference_strength } = row.fields;
      return compared(helpSteerPrompt(prompt), [response_1, response_2], preference_strength);
    }
    default:
      return undefined;
  }
}

/** Two answers. @param second above 0 if the second is better, below if the first is, 0 for a tie. */
const compared = (prompt: TextOrMessages, [a, b]: [string, string], second: number): Ranking => ({
  prompt,
  completions: [
    { text: a, rank: second > 0 ? 2 : 1 },
    { text: b, rank: second < 0 ? 2 : 1 },
  ],
});

/**
 * UltraFeedback's rating of an answer: the mean over its aspects, `fine-grained_score`, computed where it is not given.
 * The `overall_score` counts only without ratings by aspect: it was read wrongly from some critiques (a 10 that was a
 * 1).
 */
function ratingOf(one: FieldsOf["ultrafeedback"]["completions"][number], i: number, row: CheckedRow): number {
  const ratings = Object.values(one.annotations ?? {})
    .map(({ Rating }) => Number(Rating ?? Number.NaN))
    .filter(Number.isFinite);
  const mean = ratings.reduce((sum, rating) => sum + rating, 0) / ratings.length;
  const rating = one["fine-grained_score"] ?? (ratings.length > 0 ? mean : one.overall_score);
  if (rating !== undefined) return rating;
  throw rowError(
    row.where,
    `field "completions[${i}]" has no rating: expected "fine-grained_score", "annotations" with a "Rating", or "overall_score"`,
  );
}

const TURN = /<extra_id_1>(User|Assistant)\n/g;

/** HelpSteer's prompt: text, whose later turns begin with `<extra_id_1>` and a speaker's name; or messages. */
export function helpSteerPrompt(prompt: TextOrMessages): ChatMessage[] {
  if (typeof prompt !== "string") return prompt;
  const turns = [...prompt.matchAll(TURN)];
  const first = prompt.slice(0, turns[0]?.index).trim();
  const later = turns.map(
    (turn, i): ChatMessage => ({
      role: turn[1] === "User" ? "user" : "assistant",
      content: prompt.slice(turn.index + turn[0].length, turns[i + 1]?.index).trim(),
    }),
  );
  const messages: ChatMessage[] = [{ role: "user", content: first }, ...later];
  // Where the answer goes, an empty turn may stand already.
  return messages.at(-1)?.role === "assistant" && messages.at(-1)?.content === ""
    ? messages.slice(0, -1)
    : messages;
}

/**
 * HelpSteer's rows, each an answer with ratings, as rankings by helpfulness: a row for each prompt that has answers of
 * different helpfulness, at the place of its first. Other prompts give none.
 */
export function rankedByHelpfulness(rows: readonly CheckedRow[]): CheckedRow[] {
  const own = rows.filter((row) => row.format === "helpsteer");
  return clustersOf(
    own,
    own.map(({ fields }) => fields.prompt),
  )
    .filter((same) => new Set(same.map(({ fields }) => fields.helpfulness)).size > 1)
    .map(([first, ...others]) => ({
      format: "ranked",
      fields: {
        prompt: helpSteerPrompt(first.fields.prompt),
        completions: [first, ...others].map(({ fields }) => ({
          text: fields.response,
          rank: -fields.helpfulness,
        })),
      },
      ...(first.meta && { meta: first.meta }),
      unread: [],
      where: first.where,
    }));
}

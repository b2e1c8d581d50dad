import { z } from "zod";
import { Answer, answerProblem, type CastVote, type TaskDefinition } from "../../tasks/index.js";
import { answerInStoredOrder } from "../../tasks/places.js";
import { canonicalJson } from "../audit/canonical-json.js";
import type { Tables } from "../database/tables.js";
import { storedText } from "../ids.js";
import { StoreError } from "../store-error.js";

/** Most milliseconds that a client may say a judgement took: a day. */
const MAX_MILLISECONDS = 86_400_000;

const told = {
  answer: Answer.describe("What was said, in the places of the screen"),
  milliseconds: z
    .int()
    .min(0)
    .max(MAX_MILLISECONDS)
    .optional()
    .describe("From the item being shown to the vote, as the client says"),
  client: storedText(100).optional().describe("Program that the rater used"),
};

export const VoteRequest = z.object({ lease: z.string().max(64), rater: z.string().max(64), ...told });
export type VoteRequest = z.input<typeof VoteRequest>;

export const CorrectionRequest = z.object({ vote: z.string().max(64), rater: z.string().max(64), ...told });
export type CorrectionRequest = z.input<typeof CorrectionRequest>;

/** A vote that was taken; `again` if it had been taken before, and was only sent once more. */
export interface TakenVote {
  vote: CastVote;
  again: boolean;
}

/** The answer as the store keeps it: JSON with one spelling, in the stored order of responses. */
export function storedAnswer(answer: Answer, task: TaskDefinition, order: readonly number[]): string {
  const problem = answerProblem(answer, task, order.length);
  if (problem !== undefined) throw new StoreError("invalid", problem);
  return canonicalJson(answerInStoredOrder(answer, order));
}

/** A row of votes as the rest of Plumbline reads it. */
export function toCastVote(row: Tables["votes"]): CastVote {
  return {
    id: row.id,
    item: row.item_id,
    rater: row.rater_id,
    ...(row.group_name !== null && { group: row.group_name }),
    answer: JSON.parse(row.answer_json) as Answer,
    order: JSON.parse(row.order_json) as number[],
    ...(row.milliseconds !== null && { milliseconds: row.milliseconds }),
    castAt: row.cast_at,
    guidelinesVersion: row.guidelines_version,
    repeat: row.repeat_shown === 1,
    ...(row.corrects !== null && { corrects: row.corrects }),
  };
}

/** What the audit log says of a vote: everything but the number of the entry. */
export function auditedVote({ seq: _seq, ...row }: Tables["votes"]): object {
  return row;
}

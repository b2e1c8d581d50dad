import { z } from "zod";
import { canonicalJson } from "../../../base/canonical-json.js";
import { sha256 } from "../../../base/sha256.js";
import { Answer, answerProblem, type CastVote, type TaskDefinition } from "../../../votes/tasks/index.js";
import { answerInStoredOrder } from "../../../votes/tasks/places.js";
import type { Tables } from "../database/tables.js";
import { storedText } from "../ids.js";
import { StoreError } from "../store-error.js";

/** Most milliseconds that a client may report for a judgement: one day. */
const MAX_MILLISECONDS = 86_400_000;

const told = {
  answer: Answer.describe("The answer, in screen order"),
  milliseconds: z
    .int()
    .min(0)
    .max(MAX_MILLISECONDS)
    .optional()
    .describe("Time from showing the item to the vote, as the client measured it"),
  client: storedText(100).optional().describe("Program that the rater used"),
};

export const VoteRequest = z.object({ lease: z.string().max(64), rater: z.string().max(64), ...told });
export type VoteRequest = z.input<typeof VoteRequest>;

export const CorrectionRequest = z.object({ vote: z.string().max(64), rater: z.string().max(64), ...told });
export type CorrectionRequest = z.input<typeof CorrectionRequest>;

/** A vote that was taken; `again` is true if it was already stored and only sent once more. */
export interface TakenVote {
  vote: CastVote;
  again: boolean;
}

/** The answer as the store keeps it: canonical JSON, in the stored order of responses. @throws StoreError invalid */
export function storedAnswer(answer: Answer, task: TaskDefinition, order: readonly number[]): string {
  const problem = answerProblem(answer, task, order.length);
  if (problem !== undefined) throw new StoreError("invalid", problem);
  return canonicalJson(answerInStoredOrder(answer, order));
}

/** Converts a votes row to the form that the rest of Plumbline reads. */
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

/** What the audit log records of a vote: every field except the number of the entry, of the answer its SHA-256. */
export function auditedVote({ seq: _seq, answer_json, ...row }: Tables["votes"]): object {
  return { ...row, answerSha256: sha256(answer_json) };
}

/** What earlier versions recorded of a vote: the answer itself. */
export function auditedVoteOfEarlier({ seq: _seq, ...row }: Tables["votes"]): object {
  return row;
}

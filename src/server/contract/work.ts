/** What raters do: take items, vote, correct, skip, keep drafts and bookmarks, look back. */
import { z } from "zod";
import { ROLES } from "../../feedback/store/accounts/index.js";
import {
  CorrectionRequest,
  LeaseRequest,
  MAX_LEASES,
  MAX_TRAINING,
  NO_LEASE,
  SkipRequest,
  VoteRequest,
} from "../../feedback/store/index.js";
import { Answer, ItemContent } from "../../votes/tasks/index.js";
import { ErrorBody, ids, inProject, MAX_ROWS, time } from "./common.js";
import { contract } from "./contract.js";

/** Most bytes of an answer or a draft, enough for texts of 200,000 characters. */
const ANSWER_LIMIT = 1024 * 1024;

const tag = "Work";
const work = { roles: ROLES, scope: "work" } as const;
const workIn = { ...work, project: "store" } as const;
const onLease = z.object({ lease: ids.lease });

/** What a rater is shown. Nothing in it reveals a gold item, a repeat, or where a response came from. */
export const ShownLease = z.object({
  id: ids.lease,
  item: ids.item.describe("Id of the item as this rater is told of it; staff know it by another"),
  prompt: ItemContent.shape.prompt,
  responses: z.array(z.string()).describe("Texts in the order shown on the screen"),
  guidelinesVersion: z.int(),
  createdAt: time,
  expiresAt: time,
  draft: z.unknown().optional().describe("Saved draft of an answer"),
});
export const takeItems = contract({
  id: "takeItems",
  method: "post",
  path: "/projects/{project}/leases",
  tag,
  summary:
    "Take items to judge, beginning with those that the rater already holds. Each is held until its lease expires.",
  access: workIn,
  params: inProject,
  body: LeaseRequest.pick({ count: true }).strict(),
  result: z.object({
    leases: z.array(ShownLease),
    none: z.enum(NO_LEASE).optional().describe("Why there are fewer than asked for"),
    why: z.string().optional().describe("For a paused or excluded rater, the reason in words"),
  }),
});
export const listTraining = contract({
  id: "listTraining",
  method: "get",
  path: "/projects/{project}/training",
  tag,
  summary: "Training items that the rater has not answered; they come before any other.",
  access: workIn,
  params: inProject,
  result: z.object({
    items: z
      .array(ShownLease.pick({ item: true, prompt: true, responses: true }))
      .max(MAX_TRAINING)
      .describe("In their order"),
  }),
});
export const answerTraining = contract({
  id: "answerTraining",
  method: "post",
  path: "/projects/{project}/training/{item}",
  tag,
  summary: "Answer a training item; the result says what was expected and why. It is not a vote.",
  access: workIn,
  params: inProject.extend({ item: ids.item }),
  body: VoteRequest.pick({ answer: true }).strict(),
  bodyLimit: ANSWER_LIMIT,
  result: z.object({
    expected: Answer.describe("In the order shown on the screen"),
    explanation: z.string().describe("Markdown"),
    agrees: z.boolean().optional().describe("Absent if answers cannot be compared"),
  }),
});
export const TakenVote = z.object({
  vote: ids.vote,
  again: z.boolean().describe("Whether this vote had been taken before and was sent again"),
});
export const castVote = contract({
  id: "castVote",
  method: "post",
  path: "/leases/{lease}/vote",
  tag,
  summary: "Vote. A vote that is sent again, as after a lost answer, counts once.",
  access: work,
  params: onLease,
  body: VoteRequest.omit({ lease: true, rater: true }).strict(),
  bodyLimit: ANSWER_LIMIT,
  result: TakenVote,
});
/** A vote among several that was refused, as `castVote` would have refused it. */
const RefusedVote = z.object({
  status: z.int().describe("The status that castVote answers with"),
  error: ErrorBody.shape.error,
});
export const castVotes = contract({
  id: "castVotes",
  method: "post",
  path: "/votes",
  tag,
  summary: "Vote on several leases at once. Each vote is taken or refused by itself, as by castVote.",
  access: work,
  body: z.strictObject({
    votes: z
      .array(VoteRequest.omit({ rater: true }).extend({ lease: ids.lease }).strict())
      .min(1)
      .max(MAX_LEASES)
      .describe(`From 1 to ${MAX_LEASES}`),
  }),
  bodyLimit: MAX_LEASES * ANSWER_LIMIT,
  result: z.object({
    votes: z.array(z.union([TakenVote, RefusedVote])).describe("Outcome of each vote, in the order given"),
  }),
});
export const correctVote = contract({
  id: "correctVote",
  method: "post",
  path: "/votes/{vote}/corrections",
  tag,
  summary: "Correct a vote of one's own; the earlier one is kept.",
  access: work,
  params: z.object({ vote: ids.vote }),
  body: CorrectionRequest.omit({ vote: true, rater: true }).strict(),
  bodyLimit: ANSWER_LIMIT,
  result: TakenVote,
});
export const skipItem = contract({
  id: "skipItem",
  method: "post",
  path: "/leases/{lease}/skip",
  tag,
  summary: "Skip an item, with the reason; it is not shown to this rater again.",
  access: work,
  params: onLease,
  body: SkipRequest.strict(),
});
export const giveBack = contract({
  id: "giveBack",
  method: "delete",
  path: "/leases/{lease}",
  tag,
  summary: "Give an item back without judging it.",
  access: work,
  params: onLease,
});
export const renewLease = contract({
  id: "renewLease",
  method: "post",
  path: "/leases/{lease}/renewal",
  tag,
  summary: "Hold an item for another term, from now.",
  access: work,
  params: onLease,
  result: z.object({ expiresAt: time }),
});
export const saveDraft = contract({
  id: "saveDraft",
  method: "put",
  path: "/leases/{lease}/draft",
  tag,
  summary: "Save a draft of an answer; it is returned with the lease.",
  access: work,
  params: onLease,
  body: z.strictObject({ draft: z.json() }),
  bodyLimit: ANSWER_LIMIT,
});
export const listOwnVotes = contract({
  id: "listOwnVotes",
  method: "get",
  path: "/projects/{project}/own-votes",
  tag,
  summary: "The rater's own votes as they count now, the latest first.",
  access: workIn,
  params: inProject,
  query: z.object({ limit: z.coerce.number().pipe(z.int().min(1).max(MAX_ROWS)).default(20) }),
  result: z.object({
    votes: z.array(
      z.object({
        vote: ids.vote,
        lease: ids.lease,
        item: ids.item,
        prompt: ItemContent.shape.prompt,
        responses: z.array(z.string()),
        answer: Answer,
        castAt: time,
        correctableUntil: time,
      }),
    ),
  }),
});
export const listBookmarks = contract({
  id: "listBookmarks",
  method: "get",
  path: "/projects/{project}/bookmarks",
  tag,
  summary: "Items that the rater bookmarked, the latest first.",
  access: workIn,
  params: inProject,
  result: z.object({
    bookmarks: z.array(z.object({ item: ids.item, note: z.string().optional(), createdAt: time })),
  }),
});
export const addBookmark = contract({
  id: "addBookmark",
  method: "put",
  path: "/bookmarks/{item}",
  tag,
  summary: "Bookmark an item that the rater was shown.",
  access: work,
  params: z.object({ item: ids.item }),
  body: z.strictObject({ note: SkipRequest.shape.note }),
});
export const removeBookmark = contract({
  id: "removeBookmark",
  method: "delete",
  path: "/bookmarks/{item}",
  tag,
  summary: "Remove a bookmark.",
  access: work,
  params: z.object({ item: ids.item }),
});

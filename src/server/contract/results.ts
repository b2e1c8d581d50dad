/** Held votes, export and the audit log. */
import { z } from "zod";
import { HeldVote } from "../../feedback/store/index.js";
import { Answer } from "../../votes/tasks/index.js";
import { after, ids, inProject, limit, time } from "./common.js";
import { contract } from "./contract.js";

const judges = ["admin", "lead", "reviewer"] as const;
const STATES = ["held", "released", "rejected"] as const;
/** Most votes held per request. */
const MAX_FINDINGS = 5000;

export const listReviews = contract({
  id: "listReviews",
  method: "get",
  path: "/projects/{project}/reviews",
  tag: "Reviews",
  summary: "Votes that are or were held back, with the evidence, in the order in which they were found.",
  access: { roles: judges, scope: "review", project: "staff" },
  params: inProject,
  query: z.object({ state: z.enum(STATES).optional(), limit }),
  result: z.object({
    reviews: z.array(
      HeldVote.extend({
        id: ids.review,
        item: ids.item,
        rater: ids.rater.describe("Pseudonym of who cast the vote"),
        state: z.enum(STATES),
        createdAt: time,
        decidedAt: time.optional(),
        decidedBy: z.string().optional(),
        note: z.string().optional(),
      }),
    ),
  }),
});
export const holdVotes = contract({
  id: "holdVotes",
  method: "post",
  path: "/projects/{project}/reviews",
  tag: "Reviews",
  summary: "Hold votes for review, with the evidence. A finding that exists already is left unchanged.",
  access: { roles: judges, scope: "review", project: "staff" },
  params: inProject,
  body: z.strictObject({
    findings: z
      .array(HeldVote.extend({ vote: ids.vote }).strict())
      .min(1)
      .max(MAX_FINDINGS),
  }),
  bodyLimit: 8 * 1024 * 1024,
  result: z.object({ held: z.int().describe("How many are new") }),
  status: 201,
});
export const decideReview = contract({
  id: "decideReview",
  method: "put",
  path: "/projects/{project}/reviews/{review}",
  tag: "Reviews",
  summary: "Release or reject a held vote.",
  access: { roles: judges, scope: "review", project: "staff" },
  params: inProject.extend({ review: ids.review }),
  body: z.strictObject({ state: z.enum(["released", "rejected"]), note: z.string().max(2000).optional() }),
});
const Vote = z.object({
  id: ids.vote,
  item: ids.item,
  rater: ids.rater.describe("Pseudonym"),
  group: z.string().optional(),
  answer: Answer.describe("In the stored order of the item's responses"),
  order: z.array(z.int()).describe("order[place] is the stored index of the response shown there"),
  milliseconds: z.int().optional(),
  castAt: time,
  guidelinesVersion: z.int(),
  repeat: z.boolean(),
  corrects: ids.vote.optional(),
});
const StandingVote = Vote.extend({
  gold: z.boolean().describe("Whether it answered a gold item"),
  review: z.enum(STATES).optional().describe("The vote's worst review, if there was any"),
});
export const listItemVotes = contract({
  id: "listItemVotes",
  method: "get",
  path: "/projects/{project}/items/{item}/votes",
  tag: "Results",
  summary:
    "Who said what about an item: the latest correction of each judgement, including held and rejected ones.",
  access: { roles: judges, scope: "review", project: "staff" },
  params: inProject.extend({ item: ids.item }),
  result: z.object({ votes: z.array(StandingVote) }),
});
export const listRaterVotes = contract({
  id: "listRaterVotes",
  method: "get",
  path: "/projects/{project}/members/{rater}/votes",
  tag: "Results",
  summary:
    "A rater's current votes, the latest first: the latest correction of each judgement, including held and rejected ones.",
  access: { roles: judges, scope: "review", project: "staff" },
  params: inProject.extend({ rater: ids.rater }),
  query: z.object({ limit }),
  result: z.object({ votes: z.array(StandingVote) }),
});
export const exportVotes = contract({
  id: "exportVotes",
  method: "get",
  path: "/projects/{project}/votes",
  tag: "Results",
  summary:
    "Every vote in the order of casting, corrections after what they correct; one line of JSON each. plumb aggregate and plumb agreement read the file.",
  access: { roles: ["admin", "lead"], scope: "export", project: "staff" },
  params: inProject,
  lines: true,
  result: StandingVote.extend({ excluded: z.boolean().describe("Whether its rater is excluded") }),
});
export const readAudit = contract({
  id: "readAudit",
  method: "get",
  path: "/audit",
  tag: "Audit",
  summary: "Entries of the audit log, in order.",
  access: { roles: ["admin"], scope: "admin" },
  query: z.object({
    after,
    limit,
    rows: z
      .enum(["true", "false"])
      .transform((word) => word === "true")
      .optional()
      .describe("false leaves out entries that only tell hashes of changed rows"),
  }),
  result: z.object({
    entries: z.array(
      z.object({
        seq: z.int(),
        at: time,
        actor: z.string(),
        action: z.string(),
        subject: z.string(),
        details: z.json(),
        texts: z
          .record(z.string(), z.string())
          .optional()
          .describe("What a person wrote, such as a reason, unless it was deleted; details have its SHA-256"),
        previous: z.string(),
        hash: z.string(),
      }),
    ),
    next: z.int().optional(),
  }),
});
export const verifyAudit = contract({
  id: "verifyAudit",
  method: "post",
  path: "/audit/verification",
  tag: "Audit",
  summary: "Verify that the audit log, and the votes and contents that it covers, were not altered.",
  access: { roles: ["admin"], scope: "admin" },
  result: z.object({
    entries: z.int(),
    votes: z.int(),
    checkpoints: z.int(),
    otherCheckpoints: z.int(),
    signed: z.int().describe("Last entry that a checkpoint signs"),
    head: z.object({ seq: z.int(), hash: z.string() }),
    problems: z.array(z.object({ seq: z.int(), kind: z.string(), problem: z.string() })),
    problemCount: z.int(),
    notes: z.array(z.string()).describe("What could not be verified, though nothing is wrong with it"),
  }),
});

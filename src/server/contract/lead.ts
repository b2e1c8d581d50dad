/**
 * What a lead does beside settings and imports: a sample to try things on, judging in one's own project, and what is
 * done about one item or about many held votes. Each of these can be taken back.
 */
import { z } from "zod";
import { ExclusionPreview } from "../../feedback/analysis/views.js";
import { MAX_OVERLAP } from "../../feedback/store/index.js";
import { REVIEW_STATES } from "../../votes/judgement/index.js";
import { Answer } from "../../votes/tasks/index.js";
import { ids, inProject } from "./common.js";
import { contract } from "./contract.js";
import { Project } from "./projects.js";

/** Languages that the sample project is written in. */
const SAMPLE_LANGUAGES = ["en", "de"] as const;
export type SampleLanguage = (typeof SAMPLE_LANGUAGES)[number];

const tag = "Leads";

export const makeSample = contract({
  id: "makeSample",
  method: "post",
  path: "/sample-projects",
  tag,
  summary:
    "Make a project to try things on: ten pairs of replies, and the votes of four made-up raters. It is deleted like any other.",
  access: { roles: ["admin", "lead"], scope: "write" },
  body: z.strictObject({
    language: z.enum(SAMPLE_LANGUAGES).default("en").describe("Language of its texts"),
  }),
  result: Project,
  status: 201,
});
export const rateOwnProject = contract({
  id: "rateOwnProject",
  method: "post",
  path: "/projects/{project}/own-membership",
  tag,
  summary:
    "Become a rater of a project that one is staff of, in the group staff, unless one is a rater there already. One's votes count as others' do.",
  access: { roles: ["admin", "lead", "reviewer"], scope: "work", project: "staff" },
  params: inProject,
});

const write = { roles: ["admin", "lead"], scope: "write", project: "staff" } as const;
const ofItem = inProject.extend({ item: ids.item });
const answer = Answer.describe("In the stored order of the item's responses");
const note = z.string().max(2000).optional();

export const adjudicateItem = contract({
  id: "adjudicateItem",
  method: "put",
  path: "/projects/{project}/items/{item}/adjudication",
  tag,
  summary:
    "Decide an item that was judged: the lead's answer is its result, whatever the votes say, and no more votes are asked for. Votes stay as they are; an earlier decision is replaced.",
  access: write,
  params: ofItem,
  body: z.strictObject({ answer, note }),
});
export const withdrawAdjudication = contract({
  id: "withdrawAdjudication",
  method: "delete",
  path: "/projects/{project}/items/{item}/adjudication",
  tag,
  summary: "Take a lead's decision back: the votes decide again.",
  access: write,
  params: ofItem,
});
export const makeGold = contract({
  id: "makeGold",
  method: "put",
  path: "/projects/{project}/items/{item}/gold",
  tag,
  summary:
    "Make an item gold, with its known answer. It counts in no result from then on, and tests raters who have not seen it.",
  access: write,
  params: ofItem,
  body: z.strictObject({ answer }),
});
export const unmakeGold = contract({
  id: "unmakeGold",
  method: "delete",
  path: "/projects/{project}/items/{item}/gold",
  tag,
  summary: "Make an item gold no longer. Votes that were cast while it was gold count in no result.",
  access: write,
  params: ofItem,
});
export const setItemOverlap = contract({
  id: "setItemOverlap",
  method: "put",
  path: "/projects/{project}/items/{item}/overlap",
  tag,
  summary: "Set how many votes an item gets; to ask n more raters, its votes and n.",
  access: write,
  params: ofItem,
  body: z.strictObject({
    overlap: z.int().min(1).max(MAX_OVERLAP),
    insist: z.boolean().default(false).describe("Whether early stopping waits until the item has them"),
  }),
});
export const restoreItem = contract({
  id: "restoreItem",
  method: "post",
  path: "/projects/{project}/items/{item}/restoration",
  tag,
  summary: "Hand a withdrawn item out again.",
  access: write,
  params: ofItem,
});

const review = { roles: ["admin", "lead", "reviewer"], scope: "review", project: "staff" } as const;
const choice = {
  state: z.enum(REVIEW_STATES).default("held").describe("State of the reviews that are meant"),
  filter: z.string().max(200).optional().describe("Only those of this filter"),
  rater: ids.rater.optional().describe("Only those of this rater's votes"),
};
/** Most reviews that are named by their ids. */
const MAX_REVIEWS = 10_000;

export const countReviews = contract({
  id: "countReviews",
  method: "get",
  path: "/projects/{project}/review-counts",
  tag: "Reviews",
  summary: "How many reviews there are of each state, filter and rater.",
  access: review,
  params: inProject,
  result: z.object({
    counts: z.array(
      z.object({ state: z.enum(REVIEW_STATES), filter: z.string(), rater: ids.rater, reviews: z.int() }),
    ),
  }),
});
export const previewReviews = contract({
  id: "previewReviews",
  method: "get",
  path: "/projects/{project}/review-preview",
  tag: "Reviews",
  summary: "What answers would change if the votes of these reviews were rejected; nothing is changed.",
  access: review,
  params: inProject,
  query: z.object(choice),
  result: ExclusionPreview,
});
export const decideReviews = contract({
  id: "decideReviews",
  method: "put",
  path: "/projects/{project}/reviews",
  tag: "Reviews",
  summary:
    "Release or reject many reviews alike, by filter, by rater or by id; or set them back to held, which takes a decision back.",
  access: review,
  params: inProject,
  body: z.strictObject({
    to: z.enum(REVIEW_STATES).describe("What is decided"),
    note,
    which: z
      .union([
        z.strictObject(choice),
        z.strictObject({ reviews: z.array(ids.review).min(1).max(MAX_REVIEWS) }),
      ])
      .describe("Those of a filter and a rater, or those with these ids"),
  }),
  bodyLimit: 1024 * 1024,
  result: z.object({ reviews: z.array(ids.review).describe("Those that were decided; to take it back") }),
});

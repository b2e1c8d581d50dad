/** What a lead does beside settings and imports: a sample to try things on, and judging in one's own project. */
import { z } from "zod";
import { inProject } from "./common.js";
import { contract } from "./contract.js";
import { Project } from "./projects.js";

/** Languages that the sample project is written in. */
export const SAMPLE_LANGUAGES = ["en", "de"] as const;
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

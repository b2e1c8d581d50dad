import { z } from "zod";
import { TASK_KINDS } from "./kind-tables.js";

/** Aspects that other parts of Plumbline know; a project may use others. */
export const ASPECTS = ["overall", "helpful", "harmless", "honest"] as const;

/** Llama Guard's hazard categories (Llama Guard 3 model card, after MLCommons' taxonomy). */
export const SAFETY_CATEGORIES = {
  S1: "Violent crimes",
  S2: "Non-violent crimes",
  S3: "Sex-related crimes",
  S4: "Child sexual exploitation",
  S5: "Defamation",
  S6: "Specialized advice",
  S7: "Privacy",
  S8: "Intellectual property",
  S9: "Indiscriminate weapons",
  S10: "Hate",
  S11: "Suicide and self-harm",
  S12: "Sexual content",
  S13: "Elections",
  S14: "Code interpreter abuse",
} as const;
/** What is unsafe in a text. */
export type SafetyCategory = keyof typeof SAFETY_CATEGORIES;

/** Flags that a rater may set on a single response, in addition to the verdict. */
export const RESPONSE_FLAGS = [
  "hallucination",
  "unsafe",
  "refusal",
  "off-topic",
  "personal-data",
  "broken",
] as const;
/** What can be wrong with a single response, apart from how it compares. */
export type ResponseFlag = (typeof RESPONSE_FLAGS)[number];

const aspect = z.string().regex(/^[a-z][a-z0-9-]{0,39}$/);

/** What a project asks its raters: the kind of task and its details. */
export const TaskDefinition = z.object({
  kind: z.enum(TASK_KINDS).describe("What raters are asked to do"),
  aspects: z
    .array(aspect)
    .min(1)
    .max(12)
    .default(["overall"])
    .describe("Aspects judged separately: overall, helpful, harmless, honest, or names of your own"),
  strengths: z.int().min(1).max(4).default(3).describe("Degrees of a preference; 1 asks only for the side"),
  scale: z.int().min(2).max(10).default(5).describe("Points of a Likert scale, from 1"),
  rationale: z
    .enum(["off", "optional", "required"])
    .default("optional")
    .describe("Whether raters give reasons"),
  flags: z.boolean().default(true).describe("Whether raters may flag single responses"),
  contentWarning: z
    .boolean()
    .optional()
    .describe("Whether items may be disturbing; they are then blurred until the rater opens them"),
});
export type TaskDefinition = z.infer<typeof TaskDefinition>;

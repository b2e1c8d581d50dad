import { z } from "zod";
import { MAX_RESPONSES, MAX_TEXT } from "./content.js";
import { RESPONSES } from "./kind-tables.js";
import { RESPONSE_FLAGS, SAFETY_CATEGORIES, type SafetyCategory, type TaskDefinition } from "./kinds.js";

/** Verdicts of a comparison, in terms of the screen; only the server knows which response was on the left. */
export const VERDICTS = ["left", "right", "tie", "both-bad"] as const;
/** Which of two responses is better, or neither. */
export type Verdict = (typeof VERDICTS)[number];

const written = z.string().min(1).max(MAX_TEXT);
const category = z.enum(Object.keys(SAFETY_CATEGORIES) as [SafetyCategory, ...SafetyCategory[]]);
const aspectName = z.string().min(1).max(40);

const Preference = z.object({
  verdict: z.enum(VERDICTS),
  strength: z.int().min(1).max(4).optional().describe("How much better, from 1; only with left or right"),
});
export type Preference = z.infer<typeof Preference>;

const common = {
  flags: z
    .array(
      z.object({
        place: z
          .int()
          .min(0)
          .max(MAX_RESPONSES - 1),
        flag: z.enum(RESPONSE_FLAGS),
      }),
    )
    .max(MAX_RESPONSES * RESPONSE_FLAGS.length)
    .default([])
    .describe("Flags of single responses, by their place on the screen from 0"),
  rationale: z.string().max(10_000).optional().describe("The reason, in the rater's words"),
};

/** A rater's answer, in terms of the places on the screen. */
export const Answer = z.discriminatedUnion("kind", [
  z.object({
    kind: z.literal("pairwise"),
    aspects: z.record(aspectName, Preference).describe("A verdict for each aspect of the project"),
    ...common,
  }),
  z.object({
    kind: z.literal("ranking"),
    ranks: z
      .array(z.int().min(1).max(MAX_RESPONSES))
      .min(2)
      .max(MAX_RESPONSES)
      .describe("Rank of the response in each place; 1 is the best; equal ranks are ties"),
    ...common,
  }),
  z.object({
    kind: z.literal("likert"),
    ratings: z
      .array(z.record(aspectName, z.int().min(1).max(10)))
      .min(1)
      .max(MAX_RESPONSES)
      .describe("For the response in each place, points for each aspect"),
    ...common,
  }),
  z.object({
    kind: z.literal("demonstration"),
    text: written.describe("The response as it should be"),
    ...common,
  }),
  z.object({ kind: z.literal("rewrite"), text: written.describe("The improved response"), ...common }),
  z.object({
    kind: z.literal("safety"),
    safe: z.boolean(),
    categories: z
      .array(category)
      .max(14)
      .default([])
      .describe("Categories that the response violates; none if it is safe"),
    ...common,
  }),
]);
export type Answer = z.infer<typeof Answer>;

/**
 * What is wrong with an answer to an item with `responses` responses, with the name of the field; undefined if nothing
 * is. Expects an answer that passed the schema, and checks what the schema cannot know.
 */
export function answerProblem(answer: Answer, task: TaskDefinition, responses: number): string | undefined {
  if (answer.kind !== task.kind) return `kind: this project asks for ${task.kind}, not ${answer.kind}`;
  const [least, most] = RESPONSES[task.kind];
  if (responses < least || responses > most)
    return `the item has ${responses} responses; a ${task.kind} task needs ${least === most ? least : `${least} to ${most}`}`;
  if (task.rationale === "required" && !answer.rationale?.trim())
    return "rationale: this project asks for one";
  if (!task.flags && answer.flags.length > 0) return "flags: this project does not ask for any";
  const outside = answer.flags.find(({ place }) => place >= responses);
  if (outside) return `flags: place ${outside.place} is not on the screen; there are ${responses}, from 0`;
  switch (answer.kind) {
    case "pairwise":
      return (
        aspectsProblem("aspects", Object.keys(answer.aspects), task) ?? strengthProblem(answer.aspects, task)
      );
    case "ranking":
      return answer.ranks.length === responses
        ? ranksProblem(answer.ranks)
        : `ranks: ${answer.ranks.length} ranks for ${responses} responses`;
    case "likert":
      if (answer.ratings.length !== responses)
        return `ratings: ${answer.ratings.length} ratings for ${responses} responses`;
      for (const [place, points] of answer.ratings.entries()) {
        const problem = aspectsProblem(`ratings.${place}`, Object.keys(points), task);
        if (problem) return problem;
        const over = Object.entries(points).find(([, value]) => value > task.scale);
        if (over) return `ratings.${place}.${over[0]}: ${over[1]} is above the scale's ${task.scale}`;
      }
      return undefined;
    case "safety":
      if (answer.safe && answer.categories.length > 0) return "categories: a safe response has none";
      if (!answer.safe && answer.categories.length === 0)
        return "categories: name what the response violates";
      return undefined;
    case "demonstration":
    case "rewrite":
      return answer.text.trim() === "" ? "text: is blank" : undefined;
    default:
      return answer satisfies never;
  }
}

function aspectsProblem(field: string, given: readonly string[], task: TaskDefinition): string | undefined {
  const missing = task.aspects.find((aspect) => !given.includes(aspect));
  if (missing !== undefined) return `${field}: ${missing} is missing`;
  const unknown = given.find((aspect) => !task.aspects.includes(aspect));
  return unknown === undefined ? undefined : `${field}: ${unknown} is not among ${task.aspects.join(", ")}`;
}

function strengthProblem(aspects: Record<string, Preference>, task: TaskDefinition): string | undefined {
  for (const [aspect, { verdict, strength }] of Object.entries(aspects)) {
    if (strength === undefined) continue;
    if (verdict === "tie" || verdict === "both-bad") return `aspects.${aspect}.strength: ${verdict} has none`;
    if (strength > task.strengths)
      return `aspects.${aspect}.strength: ${strength} is above ${task.strengths}`;
  }
  return undefined;
}

/** Checks that ranks are in competition form, such as 1, 2, 2, 4. */
function ranksProblem(ranks: readonly number[]): string | undefined {
  for (const rank of ranks) {
    const before = ranks.filter((other) => other < rank).length;
    if (rank !== before + 1)
      return `ranks: ${rank} does not follow; after ${before} better ones comes ${before + 1}`;
  }
  return undefined;
}

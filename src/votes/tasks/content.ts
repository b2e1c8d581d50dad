import { z } from "zod";
import { ROLES } from "../../data/messages.js";

/** Most characters of one text that is shown to a rater or written by one. */
export const MAX_TEXT = 200_000;
/** Most turns of a prompt. */
export const MAX_TURNS = 200;
/** Most responses that one item shows. */
export const MAX_RESPONSES = 16;

const text = z.string().max(MAX_TEXT);
const Message = z.object({ role: z.enum(ROLES), content: text });

/** One of the responses of an item. Scores refer to its name; raters see neither the name nor the source. */
export const ItemResponse = z.object({
  name: z.string().min(1).max(200).describe("Name that scores refer to, unique within the item"),
  text: text.describe("What the rater reads"),
  source: z.string().max(200).optional().describe("Model or person that wrote it; never shown to raters"),
  score: z.number().optional().describe("A reward model's score, for active selection; never shown"),
  scores: z.array(z.number()).max(64).optional().describe("Scores of an ensemble of reward models"),
});
export type ItemResponse = z.infer<typeof ItemResponse>;

/**
 * What a rater is shown: a prompt and the responses to judge. There are none for a demonstration, and one for a rewrite
 * or a safety label.
 */
export const ItemContent = z.object({
  prompt: z
    .union([text, z.array(Message).min(1).max(MAX_TURNS)])
    .describe("Text, or turns of a conversation"),
  responses: z
    .array(ItemResponse)
    .max(MAX_RESPONSES)
    .describe("Responses to the prompt; their order does not matter"),
  language: z
    .string()
    .max(35)
    .optional()
    .describe("BCP 47 tag; the item goes only to raters who read the language"),
  meta: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Anything to keep with the item; never shown to raters"),
});
export type ItemContent = z.infer<typeof ItemContent>;

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

/** One of the responses of an item. Its name is what scores are given to; raters never see it, nor where it came from. */
export const ItemResponse = z.object({
  name: z.string().min(1).max(200).describe("Name that scores are given to, unique within the item"),
  text: text.describe("What the rater reads"),
  source: z.string().max(200).optional().describe("Model or person that wrote it; never shown to raters"),
  score: z.number().optional().describe("A reward model's score, for active selection; never shown"),
  scores: z.array(z.number()).max(64).optional().describe("Scores of an ensemble of reward models"),
});
export type ItemResponse = z.infer<typeof ItemResponse>;

/** What a rater is shown: a prompt and the responses to judge; none for a demonstration, one for a rewrite or a label. */
export const ItemContent = z.object({
  prompt: z
    .union([text, z.array(Message).min(1).max(MAX_TURNS)])
    .describe("Text, or turns of a conversation"),
  responses: z
    .array(ItemResponse)
    .max(MAX_RESPONSES)
    .describe("Responses to the prompt, in no order that matters"),
  language: z.string().max(35).optional().describe("BCP 47 tag; items go to raters of that language"),
  meta: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("Anything to keep with the item; never shown to raters"),
});
export type ItemContent = z.infer<typeof ItemContent>;

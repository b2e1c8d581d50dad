import { z } from "zod";

/** Ids as the store makes them: a letter for the kind, then 26 characters. */
const id = (letter: string, what: string) =>
  z
    .string()
    .regex(new RegExp(`^${letter}-[0-9a-z]{26}$`), `is not the id of ${what}`)
    .describe(`Id of ${what}`);

export const ids = {
  project: id("p", "a project"),
  item: id("i", "an item"),
  rater: id("r", "a rater"),
  lease: id("l", "a lease"),
  vote: id("v", "a vote"),
  review: id("h", "a review"),
  account: id("u", "an account"),
  session: id("s", "a session"),
  key: id("k", "an API key"),
  invitation: id("n", "an invitation"),
  message: id("m", "a message"),
};

export const time = z.int().describe("Unix milliseconds");
export const inProject = z.object({ project: ids.project });

/** Most rows of one answer. */
export const MAX_ROWS = 500;
export const limit = z.coerce.number().pipe(z.int().min(1).max(MAX_ROWS)).default(100).describe("Most rows");
export const after = z.coerce
  .number()
  .pipe(z.int().min(0))
  .default(0)
  .describe("Rows after this one: the previous answer's next");

/** The form of every error. */
export const ErrorBody = z.object({
  error: z.object({
    message: z.string().describe("What was wrong, and what was expected"),
    field: z.string().optional().describe("The field of the request that was wrong"),
    hint: z.string().optional().describe("What to do"),
    request: z.string().optional().describe("The request's id, as in the server's log"),
  }),
});

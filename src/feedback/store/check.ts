import type { z } from "zod";
import { explainIssue } from "../../base/explain-issue.js";
import { StoreError } from "./store-error.js";

/** Parses a value by its schema. @throws StoreError invalid: names the first wrong field and what was expected. */
export function check<S extends z.ZodType>(schema: S, given: z.input<S>): z.output<S> {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const { field, problem } = explainIssue(parsed.error.issues[0], given);
  throw new StoreError("invalid", field === "" ? problem : `${field}: ${problem}`);
}

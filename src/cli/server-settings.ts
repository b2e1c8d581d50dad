import { z } from "zod";
import { usageError } from "../base/usage-error.js";
import { FeedbackClient } from "../server/index.js";

/** Settings of commands that call a feedback server. */
export const serverSettings = {
  server: z
    .url({ protocol: /^https?$/ })
    .default("http://127.0.0.1:8080")
    .describe("Address of the feedback server"),
  key: z
    .string()
    .min(1)
    .optional()
    .describe("API key; better set in PLUMB_KEY, which lists of processes do not show"),
  project: z.string().min(1).describe("Id of the project"),
};

/** @throws PlumbError when no key is given. */
export function serverClient({
  server,
  key = process.env.PLUMB_KEY,
}: {
  server: string;
  key?: string;
}): FeedbackClient {
  if (key === undefined)
    throw usageError(
      "no API key is given",
      "Make one with POST /api/v1/keys (see docs/api.md), and set PLUMB_KEY.",
    );
  return new FeedbackClient({ url: server, key });
}

import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { ZodError } from "zod";
import { PlumbError } from "../../base/errors.js";
import { StoreError, type StoreProblem } from "../../feedback/store/index.js";
import { RequestError } from "./request-error.js";

const STATUS: Readonly<Record<StoreProblem, RequestError["status"]>> = {
  missing: 404,
  invalid: 422,
  forbidden: 403,
  closed: 409,
  expired: 410,
  conflict: 409,
  unavailable: 503,
};
/** Seconds after which a client tries again where the database could not be used. */
const RETRY_AFTER = 5;

/** The refusal for an error that the sender can correct; undefined for a defect of the server. */
export function asRequestError(error: unknown): RequestError | undefined {
  if (error instanceof RequestError) return error;
  if (error instanceof StoreError)
    return new RequestError(STATUS[error.problem], error.message, {
      field: error.field,
      hint: error.hint,
      ...(error.problem === "unavailable" && { headers: { "Retry-After": String(RETRY_AFTER) } }),
    });
  if (error instanceof ZodError) return invalid(error);
  if (error instanceof PlumbError) return new RequestError(422, error.message, { hint: error.hint });
  return undefined;
}

/** The first problem of a request, with its field: `body.items.3.content: ...`. */
export function invalid(error: ZodError, where?: string): RequestError {
  const [issue] = error.issues;
  const path = [...(where === undefined ? [] : [where]), ...issue.path.map(String)].join(".").slice(0, 200);
  return new RequestError(400, `${path === "" ? "" : `${path}: `}${issue.message}`.slice(0, 1000), {
    ...(path !== "" && { field: path }),
  });
}

/** The answer to a refused request. */
export function errorAnswer(c: Context, error: RequestError, request: string): Response {
  const { message, field, hint } = error;
  const body = { error: { message, ...(field && { field }), ...(hint && { hint }), request } };
  return c.json(body, error.status as ContentfulStatusCode, error.headers);
}

import { z } from "zod";
import type { Role, Scope } from "../../feedback/store/accounts/index.js";

/**
 * Who may call a route.
 *
 * - roles: the account must have one of these; "anyone" needs no sign-in
 * - scope: what an API key must have; "session" admits only people who are signed in
 * - project: for a path with {project}, who is admitted besides admins: its staff, its staff and raters ("member"), or
 *   those whom the store admits
 */
export interface Access {
  roles: readonly Role[] | "anyone";
  scope: Scope | "session";
  project?: "staff" | "member" | "store";
}

export const METHODS = ["get", "post", "put", "patch", "delete"] as const;
/** A method of HTTP that routes have. */
export type Method = (typeof METHODS)[number];

/**
 * One route: the router checks it, the OpenAPI document states it, and the client's types follow from it.
 *
 * P are the parameters in the path, Q those after the question mark, B is the body, R the result.
 */
export interface Contract<
  P extends z.ZodObject = z.ZodObject,
  Q extends z.ZodObject = z.ZodObject,
  B extends z.ZodType = z.ZodType,
  R extends z.ZodType = z.ZodType,
> {
  /** Name of the operation, unique. */
  id: string;
  method: Method;
  /** Path under /api/v1, with parameters in braces. */
  path: string;
  /** Heading under which it is documented. */
  tag: string;
  summary: string;
  access: Access;
  params: P;
  query: Q;
  /** z.undefined() for a route that takes none. */
  body: B;
  /** Most bytes of the body. */
  bodyLimit: number;
  /** z.undefined() for a route that answers without content. */
  result: R;
  status: 200 | 201 | 204;
  /** The result is one line of JSON for each element. */
  lines: boolean;
}

type NoFields = z.ZodObject<Record<never, never>>;
/** Most bytes of a body, unless a route sets its own limit. */
const BODY_LIMIT = 64 * 1024;

/** Fills in the defaults of a route. */
export function contract<
  P extends z.ZodObject = NoFields,
  Q extends z.ZodObject = NoFields,
  B extends z.ZodType = z.ZodUndefined,
  R extends z.ZodType = z.ZodUndefined,
>(
  route: Pick<Contract, "id" | "method" | "path" | "tag" | "summary" | "access"> &
    Partial<Pick<Contract<P, Q, B, R>, "params" | "query" | "body" | "result" | "bodyLimit" | "lines">> & {
      status?: 201;
    },
): Contract<P, Q, B, R> {
  const { result } = route;
  return {
    params: z.object({}) as unknown as P,
    query: z.object({}) as unknown as Q,
    body: z.undefined() as unknown as B,
    bodyLimit: BODY_LIMIT,
    lines: false,
    ...route,
    result: result ?? (z.undefined() as unknown as R),
    status: result === undefined ? 204 : (route.status ?? 200),
  };
}

export const takesBody = ({ body }: Contract): boolean => !(body instanceof z.ZodUndefined);

import { z } from "zod";
import type { Role, Scope } from "../../feedback/store/accounts/index.js";

/**
 * Who may call a route.
 *
 * - roles: an account of one of these; nobody has to be signed in where there are none given
 * - scope: what an API key needs; "session" is for people only
 * - project: of a path with {project}, who is let in beside admins: its staff, its staff and raters, or whom the store says
 */
export interface Access {
  roles: readonly Role[] | "anyone";
  scope: Scope | "session";
  project?: "staff" | "member" | "store";
}

export const METHODS = ["get", "post", "put", "patch", "delete"] as const;
export type Method = (typeof METHODS)[number];

/**
 * One route: what the router checks, the document says, and the client's types are made from.
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
  /** Heading under which it is told. */
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
/** Most bytes of a body where a route does not say otherwise. */
const BODY_LIMIT = 64 * 1024;

/** Fills in what a route leaves out. */
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

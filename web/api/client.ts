/** Calls the server's routes, typed by their contracts. Only types are imported: zod stays on the server. */
import routes from "virtual:routes";
import type { z } from "zod";
import type * as accounts from "../../src/server/contract/accounts.js";
import type * as analysis from "../../src/server/contract/analysis.js";
import type { Contract } from "../../src/server/contract/contract.js";
import type * as lead from "../../src/server/contract/lead.js";
import type * as messages from "../../src/server/contract/messages.js";
import type * as projects from "../../src/server/contract/projects.js";
import type * as results from "../../src/server/contract/results.js";
import type * as work from "../../src/server/contract/work.js";
import { BASE } from "../base.js";
import { ApiProblem, unreachable } from "./problem.js";

type Parts = typeof accounts &
  typeof analysis &
  typeof lead &
  typeof messages &
  typeof projects &
  typeof results &
  typeof work;
export type RouteName = {
  // biome-ignore lint/suspicious/noExplicitAny: any contract, whatever it takes
  [N in keyof Parts]: Parts[N] extends Contract<any, any, any, any> ? N : never;
}[keyof Parts];
type Route<N extends RouteName> =
  Parts[N] extends Contract<infer P, infer Q, infer B, infer R>
    ? { params: z.input<P>; query: z.input<Q>; body: z.input<B>; result: z.output<R> }
    : never;
type Needed<K extends string, T> = T extends undefined
  ? { [_ in K]?: undefined }
  : Record<never, never> extends T
    ? { [_ in K]?: T }
    : { [_ in K]: T };
/** The request that a route takes. */
type RequestOf<N extends RouteName> = Needed<"params", Route<N>["params"]> &
  Needed<"query", Route<N>["query"]> &
  Needed<"body", Route<N>["body"]>;
/** The result of a route. */
export type ResultOf<N extends RouteName> = Route<N>["result"];

/** After this long without an answer a request counts as lost. */
const TIMEOUT_MILLISECONDS = 20_000;

let csrf = "";
/** Stores the token that the server requires with every change; the answer to signing in contains it. */
export function keepCsrf(token: string): void {
  csrf = token;
}

/**
 * Calls a route.
 *
 * @throws ApiProblem with the server's message; its status is 0 if there was no answer.
 * @example const { leases } = await call("takeItems", { params: { project }, body: { count: 3 } });
 */
export async function call<N extends RouteName>(name: N, request: RequestOf<N>): Promise<ResultOf<N>> {
  const answer = await send(name, request, TIMEOUT_MILLISECONDS);
  const text = await answer.text().catch((error: unknown) => Promise.reject(unreachable(error)));
  return (text === "" ? undefined : JSON.parse(text)) as ResultOf<N>;
}

/** The answer itself, for results that are saved as a file or read in lines. @throws ApiProblem */
export async function send<N extends RouteName>(
  name: N,
  request: RequestOf<N>,
  timeout = 0,
): Promise<Response> {
  const [method, path] = routes[name].split(" ");
  const {
    params = {},
    query = {},
    body,
  } = request as {
    params?: Record<string, string>;
    query?: Record<string, string>;
    body?: unknown;
  };
  const filled = path.replace(/\{(\w+)\}/g, (_all, key: string) => encodeURIComponent(params[key]));
  const search = new URLSearchParams(
    Object.entries(query)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, String(value)]),
  );
  let answer: Response;
  try {
    answer = await fetch(`${BASE}/api/v1${filled}${search.size > 0 ? `?${search}` : ""}`, {
      method: method.toUpperCase(),
      headers: {
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(method !== "get" && csrf !== "" && { "X-CSRF-Token": csrf }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(timeout > 0 && { signal: AbortSignal.timeout(timeout) }),
    });
  } catch (error) {
    throw unreachable(error);
  }
  if (!answer.ok) throw await ApiProblem.of(answer);
  return answer;
}

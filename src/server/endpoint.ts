import type { Context } from "hono";
import type { z } from "zod";
import type { Project } from "../feedback/store/index.js";
import type { Principal } from "./accounts/principal.js";
import type { Contract } from "./contract/index.js";
import type { Services } from "./services.js";

/** What a route's work gets in addition to the request. Writes of its store end with the sender's rights. */
export interface Call extends Services {
  /** Who sent the request. Routes open to anyone must not use it: without a sign-in it is undefined at run time. */
  principal: Principal;
  /** The project of the path; set only if the route's access is for its staff or members. */
  project: Project;
  /** Whether the sender is of that project's staff; set as `project` is. */
  staff: boolean;
  /** Address of the sender. */
  address: string;
  http: Context;
}

export interface Request<C extends Contract> {
  params: z.output<C["params"]>;
  query: z.output<C["query"]>;
  body: z.output<C["body"]>;
}

/** A route with the function that answers it. */
export interface Endpoint {
  contract: Contract;
  work(request: Request<Contract>, call: Call): Promise<unknown>;
}

/** Binds work to a contract, which gives it its types; for a route of lines, the work yields the elements. */
export function endpoint<C extends Contract<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType>>(
  contract: C,
  work: (
    request: Request<C>,
    call: Call,
  ) => Promise<z.input<C["result"]> | AsyncIterable<z.input<C["result"]>>>,
): Endpoint {
  return { contract, work: work as Endpoint["work"] };
}

import type { Context } from "hono";
import type { z } from "zod";
import type { Project } from "../feedback/store/index.js";
import type { Principal } from "./accounts/principal.js";
import type { Contract } from "./contract/index.js";
import type { Services } from "./services.js";

/** What a route's work is given beside the request itself. */
export interface Call extends Services {
  /** Who asks; for routes that are open to anyone, whoever sent the request. */
  principal: Principal;
  /** The project of the path, where the route's access says that it was looked up. */
  project: Project;
  /** Address of the sender. */
  address: string;
  http: Context;
}

export interface Request<C extends Contract> {
  params: z.output<C["params"]>;
  query: z.output<C["query"]>;
  body: z.output<C["body"]>;
}

/** A route with its work. */
export interface Endpoint {
  contract: Contract;
  work(request: Request<Contract>, call: Call): Promise<unknown>;
}

/** Binds work to a contract, which gives it its types; a route of lines yields its elements. */
export function endpoint<C extends Contract<z.ZodObject, z.ZodObject, z.ZodType, z.ZodType>>(
  contract: C,
  work: (
    request: Request<C>,
    call: Call,
  ) => Promise<z.input<C["result"]> | AsyncIterable<z.input<C["result"]>>>,
): Endpoint {
  return { contract, work: work as Endpoint["work"] };
}

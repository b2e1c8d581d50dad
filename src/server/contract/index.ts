/** Every route of the API, as data: the router, the OpenAPI document, docs/api.md and the client are made from it. */
import * as accounts from "./accounts.js";
import * as analysis from "./analysis.js";
import { type Contract, METHODS } from "./contract.js";
import * as lead from "./lead.js";
import * as messages from "./messages.js";
import * as projects from "./projects.js";
import * as results from "./results.js";
import * as work from "./work.js";

export { ROLES, type Role, SCOPES, type Scope } from "../../feedback/store/accounts/index.js";
export { type Access, type Contract, takesBody } from "./contract.js";
export { accounts, analysis, lead, messages, projects, results, work };

const isContract = (value: unknown): value is Contract =>
  typeof value === "object" && value !== null && "access" in value;

/** Ordered by part, then by path and method. */
export const contracts: readonly Contract[] = [
  accounts,
  projects,
  lead,
  work,
  messages,
  results,
  analysis,
].flatMap((part) =>
  Object.values(part as Record<string, unknown>)
    .filter(isContract)
    .sort((a, b) => compare(a.path, b.path) || METHODS.indexOf(a.method) - METHODS.indexOf(b.method)),
);

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

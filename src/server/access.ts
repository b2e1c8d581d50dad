import { isMember, isStaff } from "../feedback/store/accounts/index.js";
import { findProject, type Project, StoreError } from "../feedback/store/index.js";
import { unauthorised } from "./accounts/authenticate.js";
import type { Principal } from "./accounts/principal.js";
import type { Access } from "./contract/index.js";
import { RequestError } from "./http/request-error.js";
import type { Services } from "./services.js";

/**
 * Checks that a principal may call a route: by its role, and for an API key also by its scopes.
 *
 * @throws RequestError 401 without a principal, 403 without the role or scope.
 */
export function checkAccess({ roles, scope }: Access, principal: Principal | undefined): void {
  if (roles === "anyone") return;
  if (principal === undefined) throw unauthorised("You are not signed in.");
  const { key, role } = principal;
  if (key && scope === "session") throw new RequestError(403, "Only a person who is signed in may do this.");
  if (key && !key.scopes.includes(scope as (typeof key.scopes)[number]))
    throw new RequestError(403, `This API key lacks the scope ${scope}.`);
  if (!roles.includes(role)) throw new RequestError(403, `A ${role} may not do this.`);
}

/**
 * The project, if the principal belongs to it: to its staff, or with "member" also to its raters. Admins belong to all.
 * For others the project does not exist.
 *
 * @throws StoreError missing
 */
export async function checkProject(
  { store }: Services,
  { account, rater, role }: Principal,
  id: string,
  who: "staff" | "member",
): Promise<Project> {
  const project = await findProject(store, id);
  if (role === "admin") return project;
  if (role !== "rater" && (await isStaff(store, id, account))) return project;
  if (who === "member" && (await isMember(store, id, rater))) return project;
  throw new StoreError("missing", `There is no project ${id}.`);
}

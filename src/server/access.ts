import { isMember, isStaff, presentRole } from "../feedback/store/accounts/index.js";
import { findProject, type Project, type Queries, type Store, StoreError } from "../feedback/store/index.js";
import { unauthorised } from "./accounts/authenticate.js";
import type { Principal } from "./accounts/principal.js";
import type { Access } from "./contract/index.js";
import { RequestError } from "./http/request-error.js";

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

/** The project of a path, and what the sender is there. */
interface Belonging {
  project: Project;
  /** Whether the sender is of its staff; admins are of every project's. Otherwise the sender is one of its raters. */
  staff: boolean;
}

/**
 * The project, if the principal belongs to it: to its staff, or with "member" also to its raters. Admins belong to all.
 * For others the project does not exist.
 *
 * @throws StoreError missing
 */
export async function checkProject(
  from: { db: Queries },
  { account, rater, role }: Pick<Principal, "account" | "rater" | "role">,
  id: string,
  who: "staff" | "member",
): Promise<Belonging> {
  const project = await findProject(from, id);
  if (role === "admin") return { project, staff: true };
  if (role !== "rater" && (await isStaff(from, id, account))) return { project, staff: true };
  if (who === "member" && (await isMember(from, id, rater))) return { project, staff: false };
  throw new StoreError("missing", `There is no project ${id}.`);
}

/**
 * The store as a request may use it: each of its writes first asks, within its own transaction, whether the sender may
 * still do what the request asks. Between a request's arrival and its write the sender may have been signed out,
 * demoted, shut out or taken off the project; such changes are writes as well, so one of the two comes first.
 *
 * @param project the path's, if the route is for those who belong to it.
 */
export function guardedStore(store: Store, access: Access, principal: Principal, project?: string): Store {
  const { session, key } = principal;
  const by = key === undefined ? { session: session?.id ?? "" } : { key: key.id };
  return {
    ...store,
    write: (work) =>
      store.write(async (write) => {
        const role = await presentRole(write.db, by, write.now);
        if (role === undefined) throw unauthorised("You are not signed in any more.");
        checkAccess(access, { ...principal, role });
        const { project: who } = access;
        if (project !== undefined && (who === "staff" || who === "member"))
          await checkProject(write, { ...principal, role }, project, who);
        return work(write);
      }),
  };
}

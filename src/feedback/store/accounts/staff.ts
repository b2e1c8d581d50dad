/** Staff of projects: the accounts, other than raters', that may read and change a project. */
import type { Queries } from "../database/database.js";
import type { StoreContext } from "../store-context.js";
import { StoreError } from "../store-error.js";
import { findAccount } from "./accounts.js";
import type { Role } from "./identity.js";
import { withdrawFallen } from "./invitations.js";
import { putStaff, takeOffStaff } from "./staff-membership.js";

interface StaffMember {
  account: string;
  login: string;
  role: Role;
}

/** Staff of a project in the order they joined. */
export async function listStaff({ db }: { db: Queries }, project: string): Promise<StaffMember[]> {
  const rows = await db
    .selectFrom("staff")
    .innerJoin("accounts", "accounts.id", "staff.account_id")
    .select(["accounts.id", "accounts.login", "accounts.role"])
    .where("staff.project_id", "=", project)
    .orderBy("staff.created_at")
    .orderBy("accounts.id")
    .execute();
  return rows.map(({ id, login, role }) => ({ account: id, login, role: role as Role }));
}

/** @throws StoreError missing: there is no such account; conflict: it is a rater's account. */
export async function addStaff(
  store: StoreContext,
  project: string,
  account: string,
  actor: string,
): Promise<void> {
  return store.write(async (write) => {
    const { role } = await findAccount(write, account);
    if (role === "rater")
      throw new StoreError("conflict", "A rater cannot be staff.", "Change the account's role first.");
    await putStaff(write, project, account);
    write.audit(actor, "staff.joined", account, { project });
  });
}

/**
 * Takes an account off a project's staff. Its unused invitations to the project are withdrawn, and invitations made
 * before do not let it in again.
 *
 * @throws StoreError missing: the account is not on the project's staff.
 */
export async function removeStaff(
  store: StoreContext,
  project: string,
  account: string,
  actor: string,
): Promise<void> {
  return store.write(async (write) => {
    await takeOffStaff(write, project, account, actor);
    await withdrawFallen(write, actor);
  });
}

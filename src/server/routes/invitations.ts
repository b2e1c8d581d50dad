import type { Tables } from "../../feedback/store/tables.js";
import { addAccount, findAccount } from "../accounts/accounts.js";
import { enterProject, invite, useInvitation } from "../accounts/invitations.js";
import { hashPassword } from "../accounts/passwords.js";
import { openSession } from "../accounts/sessions.js";
import { accounts as contract, type Role } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";
import { sessionOptions, signedIn } from "./sign-in.js";

/** Roles that may take part in a project in each role. */
const FITS: Readonly<Record<string, readonly Role[]>> = {
  rater: ["rater", "reviewer", "lead", "admin"],
  reviewer: ["reviewer", "lead", "admin"],
};

export const invitationRoutes = [
  endpoint(contract.inviteAccount, async ({ body }, { store, principal, origin }) => {
    const { row, token } = await store.write((write) => invite(write, body, principal.actor));
    return { ...shown(row), token, link: invitationLink(origin, token) };
  }),
  endpoint(contract.inviteToProject, async ({ params, body }, { store, principal, origin }) => {
    const { row, token } = await store.write((write) =>
      invite(write, { ...params, ...body }, principal.actor),
    );
    return { ...shown(row), token, link: invitationLink(origin, token) };
  }),
  endpoint(contract.listInvitations, async ({ params: { project } }, { store }) => {
    const rows = await store.db
      .selectFrom("invitations")
      .selectAll()
      .where("project_id", "=", project)
      .orderBy("created_at", "desc")
      .orderBy("id")
      .execute();
    return { invitations: rows.map(shown) };
  }),
  endpoint(contract.withdrawInvitation, async ({ params }, { store, principal }) => {
    await store.write(async ({ db, audit }) => {
      const gone = await db
        .deleteFrom("invitations")
        .where("id", "=", params.invitation)
        .where("project_id", "=", params.project)
        .where("used_at", "is", null)
        .executeTakeFirst();
      if (gone.numDeletedRows === 0n)
        throw new RequestError(404, `There is no unused invitation ${params.invitation}.`);
      audit(principal.actor, "invitation.withdrawn", params.invitation);
    });
    return undefined;
  }),
  endpoint(contract.acceptInvitation, async ({ body: { token, password, ...person } }, call) => {
    const { store, limits, address, http } = call;
    limits.signIn.take(address);
    const passwordHash = await hashPassword(password);
    const { account, session } = await store.write(async (write) => {
      const invitation = await useInvitation(write, token);
      const account = await addAccount(write, { ...person, passwordHash, role: invitation.role as Role });
      write.audit(`${account.role}:${account.id}`, "invitation.used", invitation.id);
      await enterProject(write, account, invitation);
      return { account, session: await openSession(write, account, sessionOptions(call)) };
    });
    return signedIn(http, call, account, session);
  }),
  endpoint(contract.joinByInvitation, async ({ body: { token } }, { store, principal, limits, address }) => {
    limits.signIn.take(address);
    return store.write(async (write) => {
      const invitation = await useInvitation(write, token);
      const { project_id: project, role } = invitation;
      if (project === null || !FITS[role].includes(principal.role))
        throw new RequestError(409, "This invitation is for another account.", {
          hint: "Accept it with a new account.",
        });
      const account = await findAccount(write.db, principal.account);
      write.audit(principal.actor, "invitation.used", invitation.id);
      await enterProject(write, account, invitation);
      return { project };
    });
  }),
];

/** The token is in the fragment, which browsers send to no server and no log. */
export const invitationLink = (origin: string, token: string): string => `${origin}/join#${token}`;

function shown(row: Tables["invitations"]) {
  return {
    id: row.id,
    role: row.role as Role,
    ...(row.project_id !== null && { project: row.project_id }),
    ...(row.group_name !== null && { group: row.group_name }),
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    ...(row.used_at !== null && { usedAt: row.used_at }),
  };
}

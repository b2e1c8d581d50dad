import {
  addAccount,
  enterProject,
  findAccount,
  findInvitation,
  listInvitations,
  makerName,
  useInvitation,
  withdrawInvitation,
} from "../../feedback/store/accounts/index.js";
import { findProject } from "../../feedback/store/index.js";
import { invitationLink, invite } from "../accounts/invitations.js";
import { secretHash } from "../accounts/secrets.js";
import { openSession } from "../accounts/sessions.js";
import { checkPasswordChoice } from "../accounts/weak-passwords.js";
import { accounts as contract, type Role } from "../contract/index.js";
import { endpoint } from "../endpoint.js";
import { RequestError } from "../http/request-error.js";
import { sessionOptions, signedIn } from "./sign-in.js";

/** The account roles that may take each role in a project. */
const FITS: Readonly<Record<string, readonly Role[]>> = {
  rater: ["rater", "reviewer", "lead", "admin"],
  reviewer: ["reviewer", "lead", "admin"],
};

export const invitationRoutes = [
  endpoint(contract.inviteAccount, async ({ body }, { store, principal, origin, base }) => {
    const { invitation, token } = await store.write((write) => invite(write, body, principal.actor));
    return { ...invitation, token, link: invitationLink({ origin, base }, token) };
  }),
  endpoint(contract.inviteToProject, async ({ params, body }, { store, principal, origin, base }) => {
    const { invitation, token } = await store.write((write) =>
      invite(write, { ...params, ...body }, principal.actor),
    );
    return { ...invitation, token, link: invitationLink({ origin, base }, token) };
  }),
  endpoint(contract.listAllInvitations, async (_request, { store }) => ({
    invitations: await listInvitations(store),
  })),
  endpoint(contract.withdrawAnyInvitation, async ({ params }, { store, principal }) => {
    await withdrawInvitation(store, params.invitation, principal.actor);
    return undefined;
  }),
  endpoint(contract.listInvitations, async ({ params: { project } }, { store }) => ({
    invitations: await listInvitations(store, project),
  })),
  endpoint(contract.withdrawInvitation, async ({ params }, { store, principal }) => {
    await withdrawInvitation(store, params.invitation, principal.actor, params.project);
    return undefined;
  }),
  endpoint(contract.lookAtInvitation, async ({ body: { token } }, { store }) => {
    const at = { db: store.db, now: store.clock() };
    const { role, project, createdBy } = await findInvitation(at, secretHash(token));
    const invitedBy = await makerName(at, createdBy);
    return {
      role,
      ...(project !== undefined && { project: (await findProject(store, project)).name }),
      ...(invitedBy !== undefined && { invitedBy }),
    };
  }),
  endpoint(contract.acceptInvitation, async ({ body: { token, password, ...person } }, call) => {
    const { store, passwords, limits, http } = call;
    // Asked before a password is hashed, which takes the server's time, and again when the invitation is used. Tries
    // are counted by invitation, so that nobody else at an address uses up those of the invited person.
    const { id } = await findInvitation({ db: store.db, now: store.clock() }, secretHash(token));
    limits.signIn.take(`invitation ${id}`);
    checkPasswordChoice(password, { login: person.login, field: "password" });
    const passwordHash = await passwords.hash(password);
    const { account, session } = await store.write(async (write) => {
      const invitation = await useInvitation(write, secretHash(token));
      const account = await addAccount(write, { ...person, passwordHash, role: invitation.role });
      write.audit(`${account.role}:${account.id}`, "invitation.used", invitation.id);
      await enterProject(write, account, invitation);
      return { account, session: await openSession(write, account, sessionOptions(call)) };
    });
    return signedIn(http, call, account, session);
  }),
  endpoint(contract.joinByInvitation, async ({ body: { token } }, { store, principal }) => {
    return store.write(async (write) => {
      const invitation = await useInvitation(write, secretHash(token));
      const { project, role } = invitation;
      if (project === undefined || !FITS[role].includes(principal.role))
        throw new RequestError(409, "This invitation is for another account.", {
          hint: "Accept it with a new account.",
        });
      const account = await findAccount(write, principal.account);
      write.audit(principal.actor, "invitation.used", invitation.id);
      await enterProject(write, account, invitation);
      return { project };
    });
  }),
];

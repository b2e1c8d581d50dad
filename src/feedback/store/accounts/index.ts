/** Accounts of people and programs: who they are, how they sign in, and which projects they work in. */
export { everMember, isMember, isStaff, projectsOfRater, projectsOfStaff } from "./access.js";
export {
  type Account,
  accountOfLogin,
  accountOfRater,
  addAccount,
  anyAdmin,
  changeAccount,
  changePassword,
  checkOtherAdmin,
  findAccount,
  listAccounts,
} from "./accounts.js";
export type { EndedAccess } from "./end-access.js";
export { type Identity, ROLES, type Role, SCOPES, type Scope } from "./identity.js";
export { makerName } from "./invitation-makers.js";
export {
  addInvitation,
  enterProject,
  findInvitation,
  type Invitation,
  listInvitations,
  type NewInvitation,
  useInvitation,
  withdrawInvitation,
  withdrawInvitationsOf,
} from "./invitations.js";
export { addKey, keyOfHash, listKeys, revokeKey } from "./keys.js";
export { beginOneTimeCodes, confirmOneTimeCodes, endOneTimeCodes, useOneTimeCode } from "./one-time-codes.js";
export { presentRole } from "./present-role.js";
export {
  addSession,
  endSession,
  listSessions,
  noteUse,
  type Session,
  sessionOfToken,
} from "./sessions.js";
export { addStaff, listStaff, removeStaff } from "./staff.js";

/** Signing in, accounts, sessions, API keys and invitations. */
import { z } from "zod";
import { ROLES, SCOPES } from "../../feedback/store/accounts/index.js";
import { ids, inProject, time } from "./common.js";
import { contract } from "./contract.js";

/** Fewest characters of a password (NIST SP 800-63B asks for 8, ASVS 5 recommends 15). */
const MIN_PASSWORD = 12;

const everyone = { roles: ROLES, scope: "session" } as const;
const anyone = { roles: "anyone", scope: "session" } as const;
const adminOnly = { roles: ["admin"], scope: "admin" } as const;
const tag = "Accounts";

const login = z
  .string()
  .trim()
  .toLowerCase()
  .regex(
    /^[a-z0-9][a-z0-9._@+-]{1,99}$/,
    "has 2 to 100 letters, digits and . _ @ + -, and begins with a letter or digit",
  )
  .describe("Name to sign in with; letter case does not matter");
const password = z
  .string()
  .min(MIN_PASSWORD, { error: `expected at least ${MIN_PASSWORD} characters` })
  .max(200)
  .describe("Password that only this person knows");
const givenPassword = z.string().min(1).max(200);
const code = z
  .string()
  .regex(/^[0-9]{6}$/, "has 6 digits")
  .describe("One-time code, if they are switched on");
/** A secret that this server made: a prefix, then 256 random bits in base64url. */
const secret = z.string().regex(/^plumb_[a-z]{3}_[A-Za-z0-9_-]{43}$/, "is not one of this server's");
const named = z
  .string()
  .min(1)
  .max(200)
  .refine(
    (name) => !/[\p{Cc}\p{Cs}]/u.test(name) && name.trim() !== "",
    "is blank or has control characters",
  );
const displayName = named.describe("What people call this person, or this key");
const group = named.describe("Group of raters");

export const Account = z.object({
  id: ids.account,
  rater: ids.rater,
  login: z.string(),
  role: z.enum(ROLES),
  state: z.enum(["active", "disabled"]),
  oneTimeCodes: z.boolean().describe("Whether signing in asks for a one-time code"),
  createdAt: time,
});

export const SignedIn = z.object({
  account: Account,
  csrf: z.string().describe("To be sent as X-CSRF-Token with every change that the cookie authorises"),
  expiresAt: time,
  device: z
    .string()
    .optional()
    .describe(
      "After signing in: to be sent at the next time, so that nobody else's wrong passwords slow it down",
    ),
});

const languages = z
  .array(z.string().regex(/^[A-Za-z0-9-]{2,35}$/, "is no BCP 47 tag"))
  .max(20)
  .default([])
  .describe("BCP 47 tags of the languages that the rater judges; none means all");

export const signIn = contract({
  id: "signIn",
  method: "post",
  path: "/session",
  tag,
  summary: "Sign in: sets the session's cookie.",
  access: anyone,
  body: z.strictObject({
    login: z.string().max(100),
    password: givenPassword,
    code: code.optional(),
    device: z.string().max(200).optional().describe("What an earlier answer to signing in gave"),
  }),
  result: SignedIn,
  status: 201,
});
export const currentSession = contract({
  id: "currentSession",
  method: "get",
  path: "/session",
  tag,
  summary: "Who is signed in.",
  access: everyone,
  result: SignedIn,
});
export const signOut = contract({
  id: "signOut",
  method: "delete",
  path: "/session",
  tag,
  summary: "Sign out: ends this session.",
  access: everyone,
});
export const listSessions = contract({
  id: "listSessions",
  method: "get",
  path: "/sessions",
  tag,
  summary: "The account's own sessions.",
  access: everyone,
  result: z.object({
    sessions: z.array(
      z.object({
        id: ids.session,
        current: z.boolean(),
        client: z.string().optional().describe("Browser, by its User-Agent header"),
        createdAt: time,
        seenAt: time,
        expiresAt: time,
      }),
    ),
  }),
});
export const endSession = contract({
  id: "endSession",
  method: "delete",
  path: "/sessions/{session}",
  tag,
  summary: "End one of the account's own sessions.",
  access: everyone,
  params: z.object({ session: ids.session }),
});
export const changePassword = contract({
  id: "changePassword",
  method: "put",
  path: "/account/password",
  tag,
  summary: "Change the password; ends all other sessions. API keys stay, unless they are to be revoked too.",
  access: everyone,
  body: z.strictObject({
    current: givenPassword,
    next: password,
    revokeKeys: z.boolean().default(false).describe("Whether the account's API keys end as well"),
  }),
});
export const beginOneTimeCodes = contract({
  id: "beginOneTimeCodes",
  method: "post",
  path: "/account/one-time-codes",
  tag,
  summary: "Begin to use one-time codes (TOTP, RFC 6238); they are required once a first code was sent.",
  access: everyone,
  body: z.strictObject({ password: givenPassword }),
  result: z.object({ secret: z.string().describe("In base 32"), uri: z.string().describe("For a QR code") }),
  status: 201,
});
export const confirmOneTimeCodes = contract({
  id: "confirmOneTimeCodes",
  method: "put",
  path: "/account/one-time-codes",
  tag,
  summary: "Switch one-time codes on, by sending one.",
  access: everyone,
  body: z.strictObject({ code }),
});
export const endOneTimeCodes = contract({
  id: "endOneTimeCodes",
  method: "delete",
  path: "/account/one-time-codes",
  tag,
  summary: "Switch one-time codes off.",
  access: everyone,
  body: z.strictObject({ password: givenPassword }),
});
export const listAccounts = contract({
  id: "listAccounts",
  method: "get",
  path: "/accounts",
  tag,
  summary: "Every account.",
  access: adminOnly,
  result: z.object({ accounts: z.array(Account) }),
});
export const changeAccount = contract({
  id: "changeAccount",
  method: "patch",
  path: "/accounts/{account}",
  tag,
  summary: "Change an account's role or disable it; ends its sessions. The last admin remains one.",
  access: { ...adminOnly, scope: "session" },
  params: z.object({ account: ids.account }),
  body: z.strictObject({
    role: z.enum(ROLES).optional(),
    state: z.enum(["active", "disabled"]).optional(),
    oneTimeCodes: z.literal(false).optional().describe("Switches them off for someone who lost them"),
  }),
  result: Account,
});
export const forgetRater = contract({
  id: "forgetRater",
  method: "delete",
  path: "/raters/{rater}/personal-data",
  tag,
  summary: "Delete a person's data and account for good; votes stay, under the pseudonym.",
  access: { ...adminOnly, scope: "session" },
  params: z.object({ rater: ids.rater }),
});

const ApiKey = z.object({
  id: ids.key,
  name: z.string(),
  prefix: z.string().describe("How the key begins"),
  scopes: z.array(z.enum(SCOPES)),
  createdAt: time,
  expiresAt: time.optional(),
});
export const createKey = contract({
  id: "createKey",
  method: "post",
  path: "/keys",
  tag,
  summary: "Make an API key of the account. It is shown once, in this answer.",
  access: everyone,
  body: z.strictObject({
    name: displayName,
    scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
    days: z.int().min(1).max(3650).optional().describe("Days until it expires; never if not given"),
  }),
  result: ApiKey.extend({ key: z.string() }),
  status: 201,
});
export const listKeys = contract({
  id: "listKeys",
  method: "get",
  path: "/keys",
  tag,
  summary: "The account's own API keys.",
  access: everyone,
  result: z.object({ keys: z.array(ApiKey) }),
});
export const revokeKey = contract({
  id: "revokeKey",
  method: "delete",
  path: "/keys/{key}",
  tag,
  summary: "Revoke one of the account's own API keys.",
  access: everyone,
  params: z.object({ key: ids.key }),
});

const Invitation = z.object({
  id: ids.invitation,
  role: z.enum(ROLES),
  project: ids.project.optional(),
  group: z.string().optional(),
  createdBy: z.string().describe("Who made it, as in the audit log"),
  createdAt: time,
  expiresAt: time,
  usedAt: time.optional(),
});
const MadeInvitation = Invitation.extend({
  token: z.string().describe("Shown once, in this answer"),
  link: z.string().describe("Where the invited person accepts it"),
});
const hours = z
  .int()
  .min(1)
  .max(24 * 90)
  .default(24 * 7)
  .describe("For how long it can be used");

export const inviteAccount = contract({
  id: "inviteAccount",
  method: "post",
  path: "/invitations",
  tag,
  summary: "Invite a person to an account of any role.",
  access: { ...adminOnly, scope: "session" },
  body: z.strictObject({ role: z.enum(ROLES), hours }),
  result: MadeInvitation,
  status: 201,
});
export const listAllInvitations = contract({
  id: "listAllInvitations",
  method: "get",
  path: "/invitations",
  tag,
  summary:
    "Every invitation, to accounts and to projects, used ones too, the latest first. Those whose maker may not invite any more are gone.",
  access: adminOnly,
  result: z.object({ invitations: z.array(Invitation) }),
});
export const withdrawAnyInvitation = contract({
  id: "withdrawAnyInvitation",
  method: "delete",
  path: "/invitations/{invitation}",
  tag,
  summary: "Withdraw any invitation that was not used.",
  access: adminOnly,
  params: z.object({ invitation: ids.invitation }),
});
export const inviteToProject = contract({
  id: "inviteToProject",
  method: "post",
  path: "/projects/{project}/invitations",
  tag,
  summary: "Invite a person to rate or review in a project.",
  access: { roles: ["admin", "lead"], scope: "write", project: "staff" },
  params: inProject,
  body: z.strictObject({
    role: z.enum(["reviewer", "rater"]).default("rater"),
    group: group.optional(),
    hours,
  }),
  result: MadeInvitation,
  status: 201,
});
export const listInvitations = contract({
  id: "listInvitations",
  method: "get",
  path: "/projects/{project}/invitations",
  tag,
  summary: "Invitations to a project, used ones too, the latest first.",
  access: { roles: ["admin", "lead"], scope: "read", project: "staff" },
  params: inProject,
  result: z.object({ invitations: z.array(Invitation) }),
});
export const withdrawInvitation = contract({
  id: "withdrawInvitation",
  method: "delete",
  path: "/projects/{project}/invitations/{invitation}",
  tag,
  summary: "Withdraw an invitation that was not used.",
  access: { roles: ["admin", "lead"], scope: "write", project: "staff" },
  params: inProject.extend({ invitation: ids.invitation }),
});
export const acceptInvitation = contract({
  id: "acceptInvitation",
  method: "post",
  path: "/invitations/accept",
  tag,
  summary: "Accept an invitation with a new account, and sign in. An invitation is valid once.",
  access: anyone,
  body: z.strictObject({ token: secret, login, password, name: displayName.optional(), languages }),
  result: SignedIn,
  status: 201,
});
export const lookAtInvitation = contract({
  id: "lookAtInvitation",
  method: "post",
  path: "/invitations/look",
  tag,
  summary: "What an invitation is to, and who made it, before it is accepted; 410 if it is no longer valid.",
  access: anyone,
  body: z.strictObject({ token: secret }),
  result: z.object({
    role: z.enum(ROLES),
    project: z.string().optional().describe("Name of the project, if it is to one"),
    invitedBy: z.string().optional().describe("Name or login of the person who made it, if one did"),
  }),
});
export const joinByInvitation = contract({
  id: "joinByInvitation",
  method: "post",
  path: "/invitations/join",
  tag,
  summary: "Accept an invitation to a project with the account that is signed in.",
  access: everyone,
  body: z.strictObject({ token: secret }),
  result: z.object({ project: ids.project }),
});
export { group, secret };

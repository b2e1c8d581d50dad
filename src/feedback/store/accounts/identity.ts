/** What an account may do; docs/server.md explains each role. */
export const ROLES = ["admin", "lead", "reviewer", "rater"] as const;
/** What an account may do, from the most to the least. */
export type Role = (typeof ROLES)[number];

/** Permissions that an API key can have; its account's role limits them further. */
export const SCOPES = ["work", "read", "write", "review", "export", "admin", "metrics"] as const;
/** What a key may do, within the role of its owner. */
export type Scope = (typeof SCOPES)[number];

/** Who an account is, without its credentials. */
export interface Identity {
  id: string;
  /** The account's pseudonym as a rater. */
  rater: string;
  role: Role;
}

/**
 * Tables of accounts and their credentials; migrations/0002-accounts.ts creates them. Passwords, tokens, keys and
 * invitations are stored only as hashes.
 */
export interface AccountTables {
  accounts: {
    id: string;
    /** The account's pseudonym as a rater; deleting that person's data deletes the account. */
    rater_id: string;
    /** Name to sign in with, in lower case. */
    login: string;
    /** Argon2id, in PHC's string format. */
    password_hash: string;
    role: string;
    state: string;
    /** Secret of one-time codes (RFC 6238) in base 32; it has no effect until totp_confirmed is 1. */
    totp_secret: string | null;
    totp_confirmed: number;
    /** Time step of the last used code, so that no code is accepted twice. */
    totp_step: number;
    created_at: number;
  };
  sessions: {
    id: string;
    /** SHA-256 of the token in the cookie. */
    token_hash: string;
    account_id: string;
    created_at: number;
    seen_at: number;
    expires_at: number;
    client: string | null;
  };
  api_keys: {
    id: string;
    key_hash: string;
    /** The key's first characters, so that people can tell keys apart. */
    prefix: string;
    account_id: string;
    name: string;
    scopes_json: string;
    created_at: number;
    expires_at: number | null;
  };
  invitations: {
    id: string;
    token_hash: string;
    role: string;
    project_id: string | null;
    group_name: string | null;
    created_by: string;
    created_at: number;
    expires_at: number;
    used_at: number | null;
  };
  /** Accounts that are staff of a project. */
  staff: { project_id: string; account_id: string; created_at: number };
}

/** Who is signed in. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import { call, keepCsrf, type ResultOf } from "./api/client.js";
import { asProblem } from "./api/problem.js";

export type Account = ResultOf<"currentSession">["account"];

export interface Session {
  /** Undefined while nobody is signed in. */
  account: Account | undefined;
  /** To be called after signing in or accepting an invitation. */
  begin(signedIn: ResultOf<"currentSession">): void;
  /** Signs out. */
  end(): Promise<void>;
}

/** @returns the account of the browser's cookie, if its session is valid. @throws ApiProblem */
export async function resumeSession(): Promise<Account | undefined> {
  try {
    const { account, csrf } = await call("currentSession", {});
    keepCsrf(csrf);
    return account;
  } catch (error) {
    if (asProblem(error).signedOut) return undefined;
    throw error;
  }
}

/**
 * Under which the browser keeps that somebody signed in here, so that wrong passwords elsewhere do not slow them down.
 */
export const deviceKey = (login: string): string => `device.${login.trim().toLowerCase()}`;

export const SessionContext = createContext<Session | undefined>(undefined);

export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === undefined) throw new Error("useSession outside of the application");
  return session;
}

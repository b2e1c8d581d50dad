import { PlumbError } from "../base/errors.js";

/** What one check found. */
export interface CheckResult {
  check: string;
  status: "ok" | "warn" | "fail";
  found: string;
  /** What to do about it. */
  hint?: string;
}

/** Runs a check; if it throws, the finding is a failure with the error's message. */
export async function runCheck(
  check: string,
  look: () => Promise<Omit<CheckResult, "check">> | Omit<CheckResult, "check">,
  hint?: string,
): Promise<CheckResult> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    const advice = error instanceof PlumbError ? (error.hint ?? hint) : hint;
    const found = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { check, status: "fail", found, ...(advice !== undefined && { hint: advice }) };
  }
}

import { PlumbError } from "../base/errors.js";

/** What one check found. */
export interface Finding {
  check: string;
  status: "ok" | "warn" | "fail";
  found: string;
  /** What to do about it. */
  hint?: string;
}

/** Runs a check; if it throws, the finding is a failure with the error's message. */
export async function finding(
  check: string,
  look: () => Promise<Omit<Finding, "check">> | Omit<Finding, "check">,
  hint?: string,
): Promise<Finding> {
  try {
    return { check, ...(await look()) };
  } catch (error) {
    const advice = error instanceof PlumbError ? (error.hint ?? hint) : hint;
    const found = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { check, status: "fail", found, ...(advice !== undefined && { hint: advice }) };
  }
}

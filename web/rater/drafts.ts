/** Drafts of answers, which the browser stores at once and the server after a pause. */
import { store, stored } from "../storage.js";

/** Drafts that were left alone for this long are removed. */
const KEPT_MILLISECONDS = 14 * 86_400_000;

const PREFIX = "plumb.draft.";
const keyOf = (rater: string, item: string) => `draft.${rater}.${item}`;

export function keptDraft(rater: string, item: string): unknown {
  return stored<{ draft: unknown }>(keyOf(rater, item))?.draft;
}

/** @param draft undefined removes it. @returns whether it was stored. */
export function keepDraft(rater: string, item: string, draft: unknown): boolean {
  return store(keyOf(rater, item), draft === undefined ? undefined : { draft, at: Date.now() });
}

export function removeOldDrafts(): void {
  try {
    for (const key of Object.keys(localStorage))
      if (key.startsWith(PREFIX)) {
        const at = stored<{ at?: number }>(key.slice("plumb.".length))?.at ?? 0;
        if (Date.now() - at > KEPT_MILLISECONDS) localStorage.removeItem(key);
      }
  } catch {
    // No storage: nothing to remove.
  }
}

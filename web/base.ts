/**
 * Path below which the site lies, which the server writes into the document: "" for a whole host, else such as /rate.
 */
export const BASE = globalThis.document?.documentElement.dataset.base ?? "";

/** Path of the page that is shown, below the base. */
export const here = (): string =>
  location.pathname.startsWith(`${BASE}/`) ? location.pathname.slice(BASE.length) : "/";

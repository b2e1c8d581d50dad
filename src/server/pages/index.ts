/** Addresses beside the API: health, metrics, the API's document, and two small pages. */
import { createHash } from "node:crypto";
import type { Env, Hono } from "hono";
import { sql } from "kysely";
import { checkAccess } from "../access.js";
import { authenticate } from "../http/authenticate.js";
import { clientAddress } from "../http/origin.js";
import { openApi } from "../openapi.js";
import type { Services } from "../services.js";
import { docsPage } from "./docs.js";
import { joinPage } from "./join.js";

/** A page with its one style and at most one script. */
export interface Page {
  title: string;
  style: string;
  script?: string;
  body: string;
}

/** @returns the addresses that were added, with their methods. */
export function addPages<E extends Env>(app: Hono<E>, services: Services): [string, string[]][] {
  const document = openApi(services.origin);
  const docs = rendered(docsPage(document));
  const join = rendered(joinPage());
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    if (!services.ready) return c.json({ status: "stopping" }, 503);
    await sql`select 1`.execute(services.store.db);
    return c.json({ status: "ok" });
  });
  app.get("/metrics", async (c) => {
    services.limits.address.take(clientAddress(c, services.settings.proxies));
    checkAccess({ roles: ["admin"], scope: "metrics" }, await authenticate(c, services));
    return c.text(await services.metrics.text(), 200, { "Content-Type": services.metrics.contentType });
  });
  app.get("/openapi.json", (c) => c.json(document));
  for (const [path, page] of [
    ["/docs", docs],
    ["/join", join],
  ] as const)
    app.get(path, (c) => c.html(page.html, 200, { "Content-Security-Policy": page.policy }));
  return ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "/join"].map((path) => [
    path,
    ["GET"],
  ]);
}

/** The page as HTML, and the policy that lets a browser run exactly its own style and script. */
function rendered({ title, style, script, body }: Page): { html: string; policy: string } {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  const scripts = script === undefined ? "" : `<script>${script}</script>`;
  return {
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${style}</style></head><body>${body}${scripts}</body></html>`,
    policy: `default-src 'none'; style-src ${hash(style)}; script-src ${script ? hash(script) : "'none'"}; connect-src ${script ? "'self'" : "'none'"}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

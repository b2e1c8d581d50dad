/** Addresses outside the API: health, metrics, the API's document, and the site. */
import { createHash } from "node:crypto";
import type { Env, Hono } from "hono";
import { pingDatabase } from "../../feedback/store/index.js";
import { checkAccess } from "../access.js";
import { authenticate } from "../accounts/authenticate.js";
import { clientAddress } from "../http/client-address.js";
import { openApi } from "../openapi.js";
import type { Services } from "../services.js";
import { docsPage } from "./docs.js";
import { escapeHtml, type Page } from "./page.js";
import { addSite } from "./site.js";

/** @returns the addresses that were added, with their methods. */
export function addPages<E extends Env>(app: Hono<E>, services: Services): [string, string[]][] {
  const document = openApi(services.origin + services.base);
  const docs = rendered(docsPage(document));
  app.get("/healthz", (c) => c.json({ status: "ok" }));
  app.get("/readyz", async (c) => {
    if (!services.ready) return c.json({ status: "stopping" }, 503);
    await pingDatabase(services.store);
    return c.json({ status: "ok" });
  });
  app.get("/metrics", async (c) => {
    services.limits.address.take(clientAddress(c, services.settings.proxies));
    checkAccess({ roles: ["admin"], scope: "metrics" }, await authenticate(c, services));
    return c.text(await services.metrics.text(), 200, { "Content-Type": services.metrics.contentType });
  });
  app.get("/openapi.json", (c) => c.json(document));
  app.get("/docs", (c) => c.html(docs.html, 200, { "Content-Security-Policy": docs.policy }));
  const site = addSite(app, services.base);
  return ["/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", ...site].map((path) => [
    path,
    ["GET"],
  ]);
}

/** The page as HTML, and the policy that lets a browser use exactly its own style, and run nothing. */
function rendered({ title, style, body }: Page): { html: string; policy: string } {
  const hash = (text: string) => `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
  return {
    html: `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${style}</style></head><body>${body}</body></html>`,
    policy: `default-src 'none'; style-src ${hash(style)}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'`,
  };
}

/** Where a request comes from and what it was sent to: hosts, origins, addresses, cookies. */
import type { Context } from "hono";
import { RequestError } from "./request-error.js";
import { sameText } from "./same-text.js";

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

export const isLoopback = (hostname: string): boolean => LOOPBACK.has(hostname);

/** Hosts that a request may name: the server's own, and loopback under any of its names if the server's is one. */
export function hostAllowed(host: string | undefined, origin: string): boolean {
  const own = new URL(origin);
  if (host === undefined) return false;
  const named = /^(\[[0-9a-f:]+\]|[a-z0-9.-]+)(?::(\d{1,5}))?$/i.exec(host);
  if (named === null) return false;
  const standard = own.protocol === "https:" ? "443" : "80";
  const samePort = (named[2] ?? standard) === (own.port || standard);
  const hostname = named[1].toLowerCase();
  return samePort && (hostname === own.hostname || (isLoopback(hostname) && isLoopback(own.hostname)));
}

/** Where the server lies for browsers. */
export interface Site {
  /** Scheme, host and port. */
  origin: string;
  /** Path below which it lies; "" for the whole host. */
  base: string;
}

/**
 * Name of the cookie. Over HTTPS the prefix __Host- binds it to this host, and __Secure- says less, where it is for a
 * path; browsers refuse the prefixes over HTTP.
 */
export function cookieName({ origin, base }: Site): string {
  if (!origin.startsWith("https:")) return "plumb";
  return base === "" ? "__Host-plumb" : "__Secure-plumb";
}

export function sessionCookie(site: Site, token: string, seconds: number): string {
  return `${cookieName(site)}=${token}; ${attributes(site, seconds)}`;
}

function attributes({ origin, base }: Site, seconds: number): string {
  const secure = origin.startsWith("https:") ? "; Secure" : "";
  return `Path=${base === "" ? "/" : base}; HttpOnly; SameSite=Strict; Max-Age=${seconds}${secure}`;
}

/** Name of the cookie of a known device (accounts/device.ts). */
export const deviceCookieName = (site: Site): string => `${cookieName(site)}-device`;

/** How long browsers keep a device: a year. */
const DEVICE_SECONDS = 31_536_000;

export function deviceCookie(site: Site, device: string): string {
  return `${deviceCookieName(site)}=${device}; ${attributes(site, DEVICE_SECONDS)}`;
}

/** The path of a request below the server's base; proxies pass the base on or leave it out. */
export function pathBelow(base: string, path: string): string {
  if (base === "" || !(path === base || path.startsWith(`${base}/`))) return path;
  return path.slice(base.length) || "/";
}

/** The session's token among the cookies; browsers send each name once. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  for (const pair of (header ?? "").split(";")) {
    const at = pair.indexOf("=");
    if (at > 0 && pair.slice(0, at).trim() === name) return pair.slice(at + 1).trim();
  }
  return undefined;
}

/**
 * Refuses a request that another site's page made a browser send. Programs other than browsers send neither header.
 *
 * @throws RequestError 403
 */
export function checkSameSite(c: Context, origin: string): void {
  const site = c.req.header("sec-fetch-site");
  const sender = c.req.header("origin");
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw new RequestError(403, "This request comes from another site.");
  if (sender !== undefined && !hostAllowed(sender.replace(/^https?:\/\//, ""), origin))
    throw new RequestError(403, "This request comes from another origin.");
}

/** @throws RequestError 403 if the token that the page has to send is missing or wrong. */
export function checkCsrfToken(c: Context, csrf: string): void {
  const sent = c.req.header("x-csrf-token");
  if (sent === undefined || !sameText(sent, csrf))
    throw new RequestError(403, "The X-CSRF-Token header is missing or wrong.", {
      hint: "Send the csrf of the answer to signing in.",
    });
}

/** Addresses of clients, for limits. */
import { isIPv6 } from "node:net";
import type { Context } from "hono";

/** The client's address, as the outermost trusted proxy saw it; of an IPv6 address its network. */
export function clientAddress(c: Context, proxies: number): string {
  const socket = (c.env as { incoming?: { socket: { remoteAddress?: string } } } | undefined)?.incoming
    ?.socket;
  let address = socket?.remoteAddress ?? "local";
  if (proxies > 0) {
    const forwarded = (c.req.header("x-forwarded-for") ?? "").split(",").map((part) => part.trim());
    address = forwarded.at(-proxies)?.slice(0, 64) || address;
  }
  return networkOf(address);
}

/**
 * What counts as one client: an IPv4 address, or an IPv6 network of 64 bits, which one household or machine has for
 * itself. A port and a zone are left out, as some proxies write them; an IPv4 address within an IPv6 one is itself.
 */
export function networkOf(written: string): string {
  const bare = /^\[([^\]]*)\](?::\d+)?$/.exec(written)?.[1] ?? written.replace(/^([0-9.]+):\d+$/, "$1");
  const address = bare.replace(/%.*$/, "").toLowerCase();
  const mapped = /^::ffff:([0-9.]+)$/.exec(address);
  if (mapped) return mapped[1];
  if (!isIPv6(address)) return address;
  const [head, tail] = address.split("::").map((part) => (part === "" ? [] : part.split(":")));
  // "::" stands for as many groups of zeros as there are fewer than eight; a last group may be an IPv4 address, of 32
  // bits.
  const given = [...head, ...(tail ?? [])];
  const groups = given.length + (given.some((group) => group.includes(".")) ? 1 : 0);
  const whole = [...head, ...Array.from({ length: Math.max(0, 8 - groups) }, () => "0"), ...(tail ?? [])];
  return whole
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}

/**
 * A warning where all people seem to come from one address: behind a proxy that the server was not told of, one
 * person's failed tries to sign in, and one person's many requests, would stop everybody.
 */
export function sharedAddressWarning(
  { publicUrl, proxies }: { publicUrl?: string; proxies: number },
  listensOnLoopback: boolean,
): string | undefined {
  if (publicUrl === undefined || proxies > 0) return undefined;
  const { protocol, hostname } = new URL(publicUrl);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol !== "https:" && (local || !listensOnLoopback)) return undefined;
  return `${publicUrl} is served through a proxy, and --proxies is 0: everybody comes from the proxy's address, and shares its limits of requests and of tries to sign in. Give --proxies 1 if the proxy sets X-Forwarded-For (docs/deployment.md).`;
}

import { z } from "zod";

const perMinute = (most: number) => z.int().min(1).max(10_000_000).default(most);

/** Limits on what one person, or one address, may ask of the server. */
export const ServerLimits = z.object({
  account: perMinute(1200).describe("Requests of one account in a minute"),
  address: perMinute(6000).describe("Requests of one address in a minute"),
  signIn: perMinute(30).describe("Attempts to sign in or accept an invitation, of one address in a minute"),
  idleMinutes: z
    .int()
    .min(1)
    .max(100_000)
    .default(120)
    .describe("Minutes without use after which a session ends"),
  sessionHours: z.int().min(1).max(10_000).default(24).describe("Hours after signing in when a session ends"),
  bodySeconds: z.number().min(0.1).max(3600).default(30).describe("Seconds in which a request must arrive"),
});
export type ServerLimits = z.infer<typeof ServerLimits>;

export const ServerSettings = z.object({
  publicUrl: z
    .url({ protocol: /^https?$/ })
    .refine((url) => /^[^/]*\/\/[^/?#]+(\/[A-Za-z0-9._~-]+)*\/?$/.test(url), {
      error: "a path may follow the host (letters, digits, . _ ~ -), but no query and no fragment",
    })
    .optional()
    .describe(
      "Address under which people reach the server, if that is not its own: https://rate.example.org, or with a path",
    ),
  proxies: z
    .int()
    .min(0)
    .max(10)
    .default(0)
    .describe("Reverse proxies in front, whose X-Forwarded-For is trusted"),
  limits: ServerLimits.prefault({}).describe("Rate limits and timeouts"),
});
export type ServerSettings = z.infer<typeof ServerSettings>;

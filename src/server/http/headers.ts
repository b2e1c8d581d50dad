/** Sent with every answer: browsers may not frame, sniff, cache or run it, unless a page's own headers allow more. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cache-Control": "no-store",
};

/** Only over HTTPS: a year without plain HTTP. */
export const STRICT_TRANSPORT = "max-age=31536000; includeSubDomains";

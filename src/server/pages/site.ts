import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, gzipSync } from "node:zlib";
import type { Context, Env, Hono } from "hono";
import { RequestError } from "../http/request-error.js";

/** Where `npm run build` puts the site, from web/. */
const BUILT = fileURLToPath(new URL("../../../dist/web", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  svg: "image/svg+xml",
};
/** For files in assets/, whose names contain their hash. */
const IMMUTABLE = "public, max-age=31536000, immutable";

/**
 * The site may load and run only its own files, and call only its own server. Only markup that DOMPurify made can be
 * written into a page (trusted types), so that text which is not sanitised stays text.
 */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types dompurify",
].join("; ");

interface SiteFile {
  type: string;
  plain: Uint8Array<ArrayBuffer>;
  br: Uint8Array<ArrayBuffer>;
  gzip: Uint8Array<ArrayBuffer>;
}

/**
 * Serves the site's pages, all of them one document, and its files. @param base path below which they lie. @returns the
 * addresses.
 */
export function addSite<E extends Env>(app: Hono<E>, base: string): string[] {
  const files = readSite();
  const document = files.get("index.html");
  if (document !== undefined) files.set("index.html", below(base, document));
  const page = (c: Context) => {
    const file = files.get("index.html");
    if (file === undefined)
      throw new RequestError(404, "The pages are not built.", { hint: "Run npm run build." });
    return answer(c, file, { "Content-Security-Policy": POLICY });
  };
  const pages = ["/", "/join", "/p/:project", "/desk", "/desk/*"];
  for (const path of pages) app.get(path, page);
  app.get("/assets/:file", (c) => {
    const file = files.get(`assets/${c.req.param("file")}`);
    if (file === undefined) throw new RequestError(404, "There is nothing at this address.");
    return answer(c, file, { "Cache-Control": IMMUTABLE });
  });
  return [...pages, "/assets/:file"];
}

/** Everything that was built, with its compressed forms. */
function readSite(): Map<string, SiteFile> {
  const files = new Map<string, SiteFile>();
  let names: string[];
  try {
    names = readdirSync(BUILT, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/\.(br|gz)$/.test(entry.name))
      .map((entry) => relative(BUILT, join(entry.parentPath, entry.name)));
  } catch {
    return files;
  }
  const read = (name: string) => new Uint8Array(readFileSync(join(BUILT, name)));
  for (const name of names)
    files.set(name.split(sep).join("/"), {
      type: TYPES[name.slice(name.lastIndexOf(".") + 1)] ?? "application/octet-stream",
      plain: read(name),
      br: read(`${name}.br`),
      gzip: read(`${name}.gz`),
    });
  return files;
}

/**
 * The document with the addresses of its files, which are built relative to it, below a path, and that path for its
 * script.
 */
function below(base: string, { type, plain }: SiteFile): SiteFile {
  const text = Buffer.from(plain)
    .toString("utf8")
    .replaceAll('="./', `="${base}/`)
    .replace("<html ", `<html data-base="${base}" `);
  const bytes = new Uint8Array(Buffer.from(text));
  const packed = (by: Buffer) => new Uint8Array(by);
  return { type, plain: bytes, br: packed(brotliCompressSync(bytes)), gzip: packed(gzipSync(bytes)) };
}

function answer(c: Context, file: SiteFile, headers: Record<string, string>): Response {
  const accepted = (c.req.header("accept-encoding") ?? "")
    .split(",")
    .map((part) => part.trim().toLowerCase())
    .filter((part) => !/;\s*q=0(\.0*)?$/.test(part))
    .map((part) => part.split(";")[0].trim());
  const encoding = (["br", "gzip"] as const).find((name) => accepted.includes(name));
  return c.body(file[encoding ?? "plain"], 200, {
    "Content-Type": file.type,
    Vary: "Accept-Encoding",
    ...(encoding && { "Content-Encoding": encoding }),
    ...headers,
  });
}

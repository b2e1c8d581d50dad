import type { Context } from "hono";
import { RequestError } from "./request-error.js";

/** Deepest nesting of a body: code that reads it may recurse as deep. */
const DEEPEST = 64;

/**
 * The JSON that a request holds.
 *
 * @throws RequestError 413 above `limit` bytes, 415 for another content type, 400 for invalid or deeply nested JSON.
 */
export async function readJson(c: Context, limit: number): Promise<unknown> {
  const type = c.req.header("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new RequestError(415, "The body has to be JSON.", { hint: "Send Content-Type: application/json." });
  const text = await readText(c, limit);
  if (deeperThan(text, DEEPEST))
    throw new RequestError(400, `The body is nested more than ${DEEPEST} levels deep.`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new RequestError(400, `The body is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
}

/** Reads Node's own stream where there is one, which is faster than the web's, and counts the bytes as they arrive. */
async function readText(c: Context, limit: number): Promise<string> {
  const tooLong = () =>
    new RequestError(413, `The body is longer than ${limit} bytes.`, { headers: { Connection: "close" } });
  const told = c.req.header("content-length");
  if (told !== undefined && !(Number(told) <= limit)) throw tooLong();
  const { incoming } = (c.env ?? {}) as { incoming?: AsyncIterable<Uint8Array> };
  const stream = incoming ?? (c.req.raw.body as AsyncIterable<Uint8Array> | null);
  if (stream === null) return "";
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for await (const chunk of stream) {
      length += chunk.length;
      if (length > limit) throw tooLong();
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof RequestError) throw error;
    // The client left, or was too slow; nobody reads the answer.
    throw new RequestError(400, "The connection ended before the body did.");
  }
  return Buffer.concat(chunks).toString("utf8");
}

function deeperThan(json: string, most: number): boolean {
  let [depth, inText] = [0, false];
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i);
    if (inText) {
      if (code === 92) i++;
      else if (code === 34) inText = false;
    } else if (code === 34) inText = true;
    else if (code === 91 || code === 123) {
      if (++depth > most) return true;
    } else if (code === 93 || code === 125) depth--;
  }
  return false;
}

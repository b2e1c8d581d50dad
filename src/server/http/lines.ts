import type { Context } from "hono";
import type { Logger } from "pino";
import { asRequestError } from "./errors.js";

/** Elements per chunk. */
const TOGETHER = 200;

/**
 * An answer with one line of JSON for each element, or with the bytes of elements that are lines already; they are read
 * only as fast as the client receives them.
 *
 * @param mayStill throws once the client may not have the rest, which breaks the answer off.
 */
export async function linesAnswer(
  c: Context,
  elements: AsyncIterable<unknown>,
  log: Logger,
  mayStill: () => Promise<unknown>,
): Promise<Response> {
  const iterator = elements[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        await mayStill();
        const first = await iterator.next();
        if (first.value instanceof Uint8Array) return controller.enqueue(first.value);
        let text = "";
        for (let i = 0; i < TOGETHER; i++) {
          const { done, value } = i === 0 ? first : await iterator.next();
          if (done) {
            if (text !== "") controller.enqueue(encoder.encode(text));
            controller.close();
            return;
          }
          text += `${JSON.stringify(value)}\n`;
        }
        controller.enqueue(encoder.encode(text));
      } catch (error) {
        // The status has been sent already: abort the answer, so that the client does not take it for complete.
        if (asRequestError(error) === undefined) log.error({ err: error }, "export broke off");
        else log.info({ why: (error as Error).message }, "export ended");
        await iterator.return?.();
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return c.body(body, 200, { "Content-Type": "application/x-ndjson; charset=utf-8" });
}

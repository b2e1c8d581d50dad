import type { Context } from "hono";
import type { Logger } from "pino";

/** Elements that are sent together. */
const TOGETHER = 200;

/** An answer of one line of JSON for each element, read as fast as the client takes it. */
export async function linesAnswer(
  c: Context,
  elements: AsyncIterable<unknown>,
  log: Logger,
): Promise<Response> {
  const iterator = elements[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        let text = "";
        for (let i = 0; i < TOGETHER; i++) {
          const { done, value } = await iterator.next();
          if (done) {
            if (text !== "") controller.enqueue(encoder.encode(text));
            controller.close();
            return;
          }
          text += `${JSON.stringify(value)}\n`;
        }
        controller.enqueue(encoder.encode(text));
      } catch (error) {
        // The status is sent already: the answer breaks off, so that nobody takes it for whole.
        log.error({ err: error }, "export broke off");
        controller.error(error);
      }
    },
    async cancel() {
      await iterator.return?.();
    },
  });
  return c.body(body, 200, { "Content-Type": "application/x-ndjson; charset=utf-8" });
}

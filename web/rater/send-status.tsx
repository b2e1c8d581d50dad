import { useEffect, useReducer } from "preact/hooks";
import { useStrings } from "../strings/index.js";
import type { Work } from "./work.js";

/** Whether the server has everything, and what happens if not. */
export function SendStatus({ work }: { work: Work }) {
  const { rate } = useStrings();
  const { problem, entries, kept, nextTry } = work.outbox;
  const [, tick] = useReducer((n: number) => n + 1, 0);
  const waits = problem !== undefined && !problem.signedOut;
  useEffect(() => {
    if (!waits) return undefined;
    const timer = setInterval(() => tick(undefined), 1000);
    return () => clearInterval(timer);
  }, [waits]);
  const seconds = Math.max(1, Math.ceil((nextTry - Date.now()) / 1000));
  const trouble = waits
    ? problem.status === 0
      ? rate.offline(String(entries.length))
      : rate.busy(String(seconds))
    : undefined;
  return (
    <>
      <span
        class={entries.length > 0 ? "send-dot send-dot-waiting" : "send-dot"}
        title={entries.length > 0 ? rate.unsent(String(entries.length)) : rate.sent}
      >
        <span class="visually-hidden">
          {entries.length > 0 ? rate.unsent(String(entries.length)) : rate.sent}
        </span>
      </span>
      {(trouble !== undefined || !kept) && (
        <p class="notice rate-trouble" role="status">
          {trouble} {!kept && rate.noStorage}
        </p>
      )}
    </>
  );
}

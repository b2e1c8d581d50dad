import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { PlumbError } from "../base/errors.js";
import type { LocatedRow } from "../base/location.js";
import type { ParquetAnswer } from "./parquet-process.js";
import type { ParquetRow } from "./parquet-rows.js";

/** TypeScript sources run directly only under the test runner, after a build; processes need the compiled file. */
const PROGRAM = new URL(
  import.meta.url.endsWith(".ts") ? "../../dist/data/parquet-process.js" : "./parquet-process.js",
  import.meta.url,
);
/** What decoding may take: far more than any sound file needs. */
const LIMITS = { secondsPerStep: 60, heapMebibytes: 4096 };

/**
 * Rows of a Parquet file, in order, decoded in a process of their own.
 *
 * @throws PlumbError if the file is not what it declares, or takes more time or memory to decode than `limits` allow.
 */
export async function* readParquet(path: string, limits = LIMITS): AsyncGenerator<LocatedRow> {
  const decoder = fork(fileURLToPath(PROGRAM), [path], {
    execArgv: [`--max-old-space-size=${limits.heapMebibytes}`],
    serialization: "advanced",
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  try {
    let number = 0;
    for (;;) {
      const rows = await nextRows(decoder, path, limits);
      if (rows.length === 0) return;
      for (const value of rows) {
        yield { value, where: { file: path, unit: "row", number: ++number }, untyped: false };
      }
    }
  } finally {
    decoder.kill("SIGKILL");
  }
}

async function nextRows(decoder: ChildProcess, path: string, limits: typeof LIMITS): Promise<ParquetRow[]> {
  const damaged = (how: string) =>
    new PlumbError(`cannot read ${path} as Parquet: ${how}`, {
      hint: "Is it damaged? Read it with another tool, and write it again.",
    });
  const asked = new AbortController();
  const { signal } = asked;
  const message = once(decoder, "message", { signal }).then(([answer]) => answer as ParquetAnswer);
  const end = once(decoder, "exit", { signal }).then(() => {
    throw damaged(`the process that decodes it ended; it may take ${limits.heapMebibytes} MiB of memory`);
  });
  const late = setTimeout(limits.secondsPerStep * 1000, undefined, { signal }).then(() => {
    throw damaged(`its next rows were not decoded in ${limits.secondsPerStep} seconds`);
  });
  for (const losing of [message, end, late]) losing.catch(() => {});
  decoder.send("next");
  const answer = await Promise.race([message, end, late]).finally(() => asked.abort());
  if ("failed" in answer) throw new PlumbError(answer.failed.message, { hint: answer.failed.hint });
  return answer.rows;
}

/**
 * The process that decodes one Parquet file, whose path is its argument: a damaged or hostile file can hold it up or
 * take its memory, and nobody else's. It sends some rows for each message that it gets.
 */
import { PlumbError } from "../base/errors.js";
import { type ParquetRow, parquetRows } from "./parquet-rows.js";

/** What the process answers: the next rows, of which there are none at the end, or the fault of the file. */
export type ParquetAnswer =
  | { rows: ParquetRow[] }
  | { failed: { message: string; hint?: string | undefined } };

/** Rows sent at once. */
const TOGETHER = 1024;

async function* rowsTogether(path: string): AsyncGenerator<ParquetRow[]> {
  for await (const rows of parquetRows(path)) {
    for (let start = 0; start < rows.length; start += TOGETHER) yield rows.slice(start, start + TOGETHER);
  }
}

const groups = rowsTogether(process.argv[2]);

async function answer(): Promise<ParquetAnswer> {
  try {
    const next = await groups.next();
    return { rows: next.done ? [] : next.value };
  } catch (error) {
    if (!(error instanceof PlumbError)) throw error;
    return { failed: { message: error.message, hint: error.hint } };
  }
}

// Ctrl-C reaches the processes of a terminal alike: the one that reads decides what it means.
process.on("SIGINT", () => {});
process.on("disconnect", () => process.exit());
process.on("message", async () => process.send?.(await answer()));

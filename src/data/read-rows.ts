import { PlumbError } from "../base/errors.js";
import { type BadRow, type LocatedRow, type RowLocation, rowError } from "../base/location.js";
import { parseExactJson } from "./exact-json.js";
import { readCsv } from "./read-csv.js";
import { checkedFile, displayName, readBytes, readLines } from "./read-lines.js";
import { utf8Text } from "./text-encoding.js";

/** Most bytes of a file that is one JSON list: it is held in memory whole. */
const MAX_JSON_LIST_BYTES = 256 * 2 ** 20;

type FileFormat = "jsonl" | "json" | "csv" | "tsv" | "parquet";

const EXTENSIONS: Record<string, FileFormat> = {
  ".jsonl": "jsonl",
  ".ndjson": "jsonl",
  ".json": "json",
  ".csv": "csv",
  ".tsv": "tsv",
  ".parquet": "parquet",
};

/** The format that a file's name declares (a final `.gz` or `.zst` is ignored); `-`, stdin, is JSONL. */
export function fileFormat(path: string): FileFormat {
  if (path === "-") return "jsonl";
  const name = path.toLowerCase().replace(/\.(?:gz|zst)$/, "");
  const format = EXTENSIONS[name.slice(name.lastIndexOf("."))];
  if (format === undefined || (format === "parquet" && name.length !== path.length)) {
    throw new PlumbError(`cannot tell the format of ${path} from its name`, {
      hint: `Give it one of the endings ${Object.keys(EXTENSIONS).join(", ")}; text files may end in .gz or .zst as well.`,
    });
  }
  return format;
}

/**
 * The rows of a dataset file, one at a time, in order.
 *
 * @param path a file, or `-` for JSONL on stdin.
 * @param bad receives errors about rows of CSV, TSV and JSONL that cannot be read; without it, the first one is thrown.
 * @throws PlumbError, which names file and line.
 */
export async function* streamRows(path: string, bad?: BadRow): AsyncGenerator<LocatedRow> {
  if (path !== "-") await checkedFile(path);
  const format = fileFormat(path);
  if (format === "csv") yield* readCsv(path, ",", bad);
  else if (format === "tsv") yield* readCsv(path, "\t", bad);
  else if (format === "parquet") yield* (await import("./read-parquet.js")).readParquet(path);
  else if (format === "json" && (await beginsWithBracket(path))) yield* readJsonList(path);
  else yield* readJsonLines(path, bad);
}

/** The first `limit` rows of a dataset file. @throws PlumbError also if the file has no rows. */
export async function readRows(path: string, options: { limit?: number } = {}): Promise<LocatedRow[]> {
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const rows: LocatedRow[] = [];
  for await (const row of streamRows(path)) {
    if (rows.push(row) >= limit) break;
  }
  if (rows.length === 0) {
    throw new PlumbError(`${displayName(path)} holds no rows`, {
      hint: "Expected at least one row of data.",
    });
  }
  return rows;
}

async function* readJsonLines(path: string, bad?: BadRow): AsyncGenerator<LocatedRow> {
  for await (const { text, where } of readLines(path)) {
    if (text.trim() === "") continue;
    let value: Record<string, unknown>;
    try {
      value = checkedObject(parseJson(text, where), where);
    } catch (error) {
      if (bad === undefined || !(error instanceof PlumbError)) throw error;
      bad(error, where);
      continue;
    }
    yield { value, where, untyped: false };
  }
}

async function* readJsonList(path: string): AsyncGenerator<LocatedRow> {
  const chunks: Buffer[] = [];
  for await (const chunk of readBytes(path, MAX_JSON_LIST_BYTES)) chunks.push(chunk);
  const where = { file: path, unit: "line", number: 1 } as const;
  const text = utf8Text(Buffer.concat(chunks));
  if (typeof text !== "string") throw new PlumbError(`${path}: ${text[0]}`, { hint: text[1] });
  const list = parseJson(text, where);
  if (!Array.isArray(list)) throw new PlumbError(`${path}: expected a list of rows`);
  for (const [i, value] of list.entries()) {
    const where = { file: path, unit: "row", number: i + 1 } as const;
    yield { value: checkedObject(value, where), where, untyped: false };
  }
}

/** Whether a .json file is one list; many files of that name hold JSON Lines. */
async function beginsWithBracket(path: string): Promise<boolean> {
  for await (const chunk of readBytes(path)) {
    const text = chunk
      .toString("latin1")
      .replace(/^\xef\xbb\xbf/, "")
      .trimStart();
    if (text !== "") return text.startsWith("[");
  }
  return false;
}

function parseJson(text: string, where: RowLocation): unknown {
  try {
    return parseExactJson(text);
  } catch (error) {
    const reason = (error as SyntaxError).message.replaceAll("\n", " ").slice(0, 200);
    throw rowError(where, `not valid JSON: ${reason}`, jsonHint(text));
  }
}

const NO_BOM = "Is it UTF-16 without a byte order mark? Save it as UTF-8.";

function jsonHint(text: string): string | undefined {
  if (/[:,[\s](?:NaN|-?Infinity)\b/.test(text))
    return "JSON has no NaN or Infinity: write a finite number, or leave it out.";
  if (text.includes("\0")) return NO_BOM;
  if (text.trimStart().startsWith("[")) return "Name a file that is one JSON list .json, not .jsonl.";
  if (text.trim() === "{") return "A JSONL file has one whole row on each line.";
  return undefined;
}

function checkedObject(value: unknown, where: RowLocation): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>;
  const what = Array.isArray(value) ? "a list" : value === null ? "null" : `a ${typeof value}`;
  throw rowError(where, `expected an object with named fields, got ${what}`);
}

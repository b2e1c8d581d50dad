import { writeFileAtomically } from "../artifacts/atomic.js";
import { PlumbError } from "../base/errors.js";
import { columnSchema } from "./parquet-columns.js";
import { fileFormat } from "./read-rows.js";

type Row = Record<string, unknown>;

/**
 * Writes rows in the format of the file's name: .jsonl, .json, .csv, .tsv or .parquet. In CSV and TSV, lists and
 * objects become JSON text; in Parquet, lists of text and of messages become columns of that type, and other lists and
 * objects become JSON columns. The file appears whole or not at all.
 *
 * @throws PlumbError if there are no rows, a number is not finite, or the file cannot be written.
 */
export async function writeRows(path: string, objects: readonly object[]): Promise<void> {
  const rows = objects as readonly Row[];
  if (rows.length === 0) throw new PlumbError(`nothing to write to ${path}: there are no rows`);
  if (/\.(?:gz|zst)$/.test(path))
    throw new PlumbError(`cannot write ${path}: compressed files can only be read`);
  const format = fileFormat(path);
  for (const [i, row] of rows.entries()) checkFinite(row, `row ${i + 1}`);
  if (format === "parquet") return writeFileAtomically(path, await parquetBytes(rows));
  if (format === "json") return writeFileAtomically(path, `${JSON.stringify(rows, null, 1)}\n`);
  if (format === "jsonl")
    return writeFileAtomically(path, `${rows.map((row) => JSON.stringify(row)).join("\n")}\n`);
  return writeFileAtomically(path, separated(rows, format === "csv" ? "," : "\t"));
}

function columnNames(rows: readonly Row[]): string[] {
  return [...new Set(rows.flatMap((row) => Object.keys(row)))];
}

function separated(rows: readonly Row[], separator: string): string {
  const names = columnNames(rows);
  const records = [names, ...rows.map((row) => names.map((name) => cellText(row[name])))];
  return `${records.map((cells) => cells.map((cell) => quoted(cell, separator)).join(separator)).join("\n")}\n`;
}

function cellText(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function quoted(cell: string, separator: string): string {
  return /["\r\n]/.test(cell) || cell.includes(separator) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

async function parquetBytes(rows: readonly Row[]): Promise<Uint8Array> {
  const { parquetWriteBuffer } = await import("hyparquet-writer");
  const columnData = columnNames(rows).map((name) => ({ name, data: rows.map((row) => row[name] ?? null) }));
  const schema = [
    { name: "root", num_children: columnData.length },
    ...columnData.flatMap(({ name, data }) => columnSchema(name, data)),
  ];
  return new Uint8Array(parquetWriteBuffer({ columnData, schema }));
}

function checkFinite(value: unknown, where: string): void {
  if (typeof value === "number" && !Number.isFinite(value)) {
    throw new PlumbError(`${where} holds ${value}; expected a finite number`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [name, inner] of Object.entries(value)) checkFinite(inner, `${where}, ${name}`);
}

import { type BadRow, type LocatedRow, type RowLocation, rowError } from "../base/location.js";
import { displayName, MAX_LINE_BYTES, readLines } from "./read-lines.js";

/** Most columns of a CSV file. */
const MAX_COLUMNS = 10_000;

interface CsvRecord {
  cells: string[];
  where: RowLocation;
  /** What is wrong with the quotes, if anything. */
  problem?: string;
}

/**
 * Rows of a CSV or TSV file as in RFC 4180: the first record names the columns; a cell in double quotes may hold
 * separators, line breaks and doubled quotes. Every value is text. Another separator than the given one is recognised
 * by the first line: semicolons, as spreadsheets write them where the comma is the decimal mark, tabs or bars.
 *
 * @param bad receives rows of another length or with broken quotes, which are then left out.
 * @throws PlumbError if the header is invalid or a record too long; without `bad`, also at the first such row.
 */
export async function* readCsv(
  path: string,
  usual: "," | "\t",
  bad: BadRow = (error) => {
    throw error;
  },
): AsyncGenerator<LocatedRow> {
  let names: string[] | undefined;
  for await (const { cells, where, problem } of readRecords(path, usual)) {
    if (problem !== undefined) {
      const error = rowError(where, problem, UNCLOSED);
      if (names === undefined) throw error;
      bad(error, where);
      continue;
    }
    if (names === undefined) {
      names = checkedHeader(cells, where);
      continue;
    }
    if (cells.length !== names.length) {
      const problem = `has ${cells.length} cells; the header has ${names.length}`;
      bad(rowError(where, problem, "Put text with separators or line breaks inside double quotes."), where);
      continue;
    }
    const columns = names;
    yield { value: Object.fromEntries(cells.map((cell, i) => [columns[i], cell])), where, untyped: true };
  }
}

function checkedHeader(names: string[], where: RowLocation): string[] {
  const odd = names.find((name) => /[\0\r]/.test(name));
  if (odd?.includes("\0"))
    throw rowError(
      where,
      "the header holds NUL characters",
      "Is it UTF-16 without a byte order mark? Save it as UTF-8.",
    );
  if (odd !== undefined)
    throw rowError(where, "lines end with carriage returns alone", "Save the file with line feeds.");
  const doubled = names.find((name, i) => names.indexOf(name) !== i);
  if (doubled !== undefined) throw rowError(where, `the header names the column "${doubled}" twice`);
  return names;
}

async function* readRecords(path: string, usual: string): AsyncGenerator<CsvRecord> {
  let separator: string | undefined;
  let open: { cells: string[]; parts: string[]; length: number; where: RowLocation } | undefined;
  for await (const { text, where } of readLines(path)) {
    if (open === undefined && text === "") continue;
    if (separator === undefined) {
      const declared = /^sep=(.)$/.exec(text)?.[1];
      separator = declared ?? separatorOf(text, usual, where);
      // A spreadsheet's own line, not a record.
      if (declared !== undefined) continue;
    }
    const record = open ?? { cells: [], parts: [], length: 0, where };
    const ended = scanLine(text, separator, record.cells, record.parts, open !== undefined);
    if (typeof ended === "string") {
      yield { cells: [], where, problem: ended };
      open = undefined;
      continue;
    }
    const inQuotes = ended;
    record.length += text.length;
    if (record.length > MAX_LINE_BYTES || record.cells.length > MAX_COLUMNS) {
      throw rowError(
        record.where,
        `a record of more than ${MAX_LINE_BYTES} characters or ${MAX_COLUMNS} cells`,
        UNCLOSED,
      );
    }
    if (!inQuotes) yield record;
    open = inQuotes ? record : undefined;
  }
  if (open !== undefined)
    yield { cells: [], where: open.where, problem: `${displayName(path)} ends inside a quoted cell` };
}

const SEPARATORS = [",", ";", "\t", "|"];

/**
 * The separator of a header: the usual one if the header has it, otherwise the only one that it has. @throws PlumbError
 * if two could be meant.
 */
function separatorOf(header: string, usual: string, where: RowLocation): string {
  const plain = header.split('"').filter((_, i) => i % 2 === 0);
  const count = (separator: string) => plain.reduce((sum, part) => sum + part.split(separator).length - 1, 0);
  const most = count(usual);
  const others = SEPARATORS.filter((separator) => separator !== usual && count(separator) > most);
  if (others.length === 0) return usual;
  if (most === 0 && others.length === 1) return others[0];
  const named = [usual, ...others]
    .filter((separator) => count(separator) > 0)
    .map((one) => JSON.stringify(one));
  throw rowError(
    where,
    `cannot tell which of ${named.join(" and ")} separates the columns`,
    "Put names with separators inside double quotes.",
  );
}

const UNCLOSED = 'A double quote was opened and not closed; inside a quoted cell write "" for a quote.';

/**
 * Reads one line into `cells`. `parts` holds the text of a quoted cell that began on an earlier line.
 * @returns whether the line ends inside a quoted cell; or the fault of the line.
 */
function scanLine(
  text: string,
  separator: string,
  cells: string[],
  parts: string[],
  continuing: boolean,
): boolean | string {
  let at = 0;
  let quoted = continuing;
  while (true) {
    if (quoted) {
      const quote = text.indexOf('"', at);
      if (quote === -1) {
        parts.push(text.slice(at), "\n");
        return true;
      }
      parts.push(text.slice(at, quote));
      if (text[quote + 1] === '"') {
        parts.push('"');
        at = quote + 2;
        continue;
      }
      cells.push(parts.splice(0).join(""));
      quoted = false;
      at = quote + 1;
      if (at === text.length) return false;
      if (text[at] !== separator) return `text after the closing quote of cell ${cells.length}`;
      at++;
    } else if (text[at] === '"') {
      quoted = true;
      at++;
    } else {
      const end = text.indexOf(separator, at);
      cells.push(text.slice(at, end === -1 ? undefined : end));
      if (end === -1) return false;
      at = end + 1;
    }
  }
}

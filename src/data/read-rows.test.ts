import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
import { parquetWriteBuffer } from "hyparquet-writer";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readRows } from "./read-rows.js";
import { writeRows } from "./write-rows.js";

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-rows-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

async function file(name: string, data: string | Uint8Array): Promise<string> {
  await writeFile(join(dir, name), data);
  return join(dir, name);
}

async function values(path: string): Promise<unknown[]> {
  return (await readRows(path)).map((row) => row.value);
}

describe("readRows", () => {
  it("reads JSON lines with BOM, CRLF and blank lines, and says where each row was", async () => {
    const rows = await readRows(await file("a.jsonl", '\ufeff{"a":1}\r\n\r\n{"a":"é"}'));
    expect(rows.map((row) => row.value)).toEqual([{ a: 1 }, { a: "é" }]);
    expect(rows.map((row) => row.where.number)).toEqual([1, 3]);
  });

  it("reads gzip, a JSON list, and JSON lines that are named .json", async () => {
    expect(await values(await file("a.jsonl.gz", gzipSync('{"a":1}\n{"a":2}\n')))).toEqual([
      { a: 1 },
      { a: 2 },
    ]);
    expect(await values(await file("list.json", ' [{"a":1}]'))).toEqual([{ a: 1 }]);
    expect(await values(await file("lines.json", '{"a":1}\n{"a":2}'))).toEqual([{ a: 1 }, { a: 2 }]);
  });

  it("stops at the limit without reading what follows", async () => {
    const rows = await readRows(await file("limit.jsonl", '{"a":1}\nbroken'), { limit: 1 });
    expect(rows).toHaveLength(1);
  });

  it("reads quoted cells of CSV over several lines", async () => {
    const path = await file("a.csv", 'x,y\n"a, ""b""\nc",2\n,\n');
    expect(await values(path)).toEqual([
      { x: 'a, "b"\nc', y: "2" },
      { x: "", y: "" },
    ]);
    expect((await readRows(path))[1].where.number).toBe(4);
  });

  it.each([
    ["bad.jsonl", '{"a":1}\n{"a":', "line 2: not valid JSON"],
    ["nan.jsonl", '{"a":NaN}', "not valid JSON"],
    ["number.jsonl", "3", "line 1: expected an object with named fields, got a number"],
    ["empty.jsonl", "\n\n", "holds no rows"],
    ["header.csv", "a,b\n", "holds no rows"],
    ["cells.csv", "a,b\n1,2\n1,2,3\n", "line 3: has 3 cells; the header has 2"],
    ["open.csv", 'a\n"b\nc', "line 2: .*ends inside a quoted cell"],
    ["twice.csv", "a,a\n1,2", 'names the column "a" twice'],
    ["utf8.jsonl", Buffer.from([0x7b, 0xff, 0x7d]), "line 1: not valid UTF-8"],
    ["latin.csv", Buffer.from("a\ncaf\xe9\n", "latin1"), 'line 2: not valid UTF-8: byte 0xE9 after "caf"'],
    ["latin.json", Buffer.from('[{"a":"caf\xe9"}]', "latin1"), "not valid UTF-8: byte 0xE9"],
    ["utf16.csv", Buffer.from("a,b\n1,2\n", "utf16le"), "the header holds NUL"],
    ["utf32.csv", Buffer.from([0xff, 0xfe, 0, 0, 0x61, 0, 0, 0]), "is UTF-32"],
    ["odd.csv", Buffer.from([0xff, 0xfe, 0x61, 0, 0x0a]), "is not valid UTF-16"],
    ["half.csv", Buffer.from([0xff, 0xfe, 0x61, 0, 0x0a, 0, 0x00, 0xd8]), "is not valid UTF-16"],
    ["mac.csv", "a,b\r1,2\r", "carriage returns alone"],
    ["which.csv", "x, y;a;b\n", 'cannot tell which of "," and ";" separates'],
    ["two.csv", "a;b|c\n1;2|3\n", 'cannot tell which of ";" and "\\|" separates'],
    ["cut.jsonl.gz", gzipSync('{"a":1}\n'.repeat(1000)).subarray(0, 40), "is truncated"],
    ["not.jsonl.gz", "plain", "is not valid gzip"],
    ["not.parquet", "PAR1 nonsense PAR1", "as Parquet"],
    ["what.txt", "a", "cannot tell the format"],
  ])("says what is wrong in %s", async (name, data, message) => {
    await expect(readRows(await file(name, data))).rejects.toThrow(new RegExp(message));
    await expect(readRows(join(dir, name))).rejects.toMatchObject({ name: "PlumbError" });
  });

  it("names a missing file, the nearest there is, and a folder", async () => {
    await file("preferences.jsonl", "{}");
    await expect(readRows(join(dir, "preference.jsonl"))).rejects.toMatchObject({
      hint: /preferences\.jsonl/,
    });
    await writeRows(join(dir, "folder.jsonl", "inner.jsonl"), [{ a: 1 }]);
    await expect(readRows(join(dir, "folder.jsonl"))).rejects.toThrow("is a folder");
  });

  it("keeps all digits of long whole numbers, in JSON lines and lists and in Parquet", async () => {
    const text = '{"id":9007199254740993,"n":9007199254740991}';
    const expected = [{ id: "9007199254740993", n: 9007199254740991 }];
    expect(await values(await file("long.jsonl", text))).toEqual(expected);
    expect(await values(await file("long.json", `[${text}]`))).toEqual(expected);
    const id = BigInt64Array.of(9007199254740993n, 5n);
    const buffer = parquetWriteBuffer({ columnData: [{ name: "id", data: [...id], type: "INT64" }] });
    expect(await values(await file("long.parquet", new Uint8Array(buffer)))).toEqual([
      { id: "9007199254740993" },
      { id: 5 },
    ]);
  });

  it("reads UTF-16 with its mark, whatever the chunks, and UTF-8 with or without one", async () => {
    const text = `a,b\n${"é😀,Ω\n".repeat(100_000)}`;
    const little = Buffer.from(`\ufeff${text}`, "utf16le");
    for (const [name, bytes] of [
      ["le.csv", little],
      ["be.csv", Buffer.from(little).swap16()],
      ["mark.csv", Buffer.from(`\ufeff${text}`)],
      ["plain.csv", Buffer.from(text)],
    ] as const) {
      const rows = await values(await file(name, bytes));
      expect(rows).toHaveLength(100_000);
      expect(rows.at(-1)).toEqual({ a: "é😀", b: "Ω" });
    }
    expect(await values(await file("le.json", Buffer.from('\ufeff[{"a":"é"}]', "utf16le")))).toEqual([
      { a: "é" },
    ]);
    expect(await values(await file("short.csv", "a\n1"))).toEqual([{ a: "1" }]);
  });

  it("recognises the separator by the first line, also after a spreadsheet's own", async () => {
    const expected = [{ a: "1,5", b: "x" }];
    for (const [name, text] of [
      ["semicolons.csv", "a;b\n1,5;x\n"],
      ["bars.csv", "a|b\n1,5|x\n"],
      ["tabs.csv", "a\tb\n1,5\tx\n"],
      ["said.csv", "sep=;\r\na;b\r\n1,5;x\r\n"],
      ["commas.tsv", 'a,b\n"1,5",x\n'],
      ["quoted.csv", 'a,b\n"1,5",x\n'],
    ])
      expect(await values(await file(name, text)), name).toEqual(expected);
    expect(await values(await file("inside.csv", '"a;b;c",d\n1,2\n'))).toEqual([{ "a;b;c": "1", d: "2" }]);
  });

  it("does not let a column named __proto__ change an object's prototype", async () => {
    const [row] = await readRows(await file("proto.csv", "__proto__,a\nx,1\n"));
    expect(Object.getPrototypeOf(row.value)).toBe(Object.prototype);
  });
});

describe("writeRows", () => {
  const cell = fc.string({ unit: "binary", maxLength: 12 }).map((s) => s.replaceAll("\r", "").trim());

  it("gives back from CSV and TSV the text that was written", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ a: cell, b: cell }), { minLength: 1, maxLength: 5 }),
        async (rows) => {
          for (const name of ["round.csv", "round.tsv"]) {
            await writeRows(join(dir, name), rows);
            expect(await values(join(dir, name))).toEqual(rows);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("gives back from JSON lines and Parquet text, numbers, booleans and messages", async () => {
    const rows = [
      { prompt: [{ role: "user", content: "a" }], margin: 1.5, label: true, text: "é\n" },
      { prompt: [{ role: "user", content: "b" }], margin: 2, label: false, text: "" },
    ];
    for (const name of ["round.jsonl", "round.json", "round.parquet"]) {
      await writeRows(join(dir, name), rows);
      expect(await values(join(dir, name))).toEqual(rows);
    }
  });

  it("keeps lists of text and of messages in Parquet as lists, and other things as JSON", async () => {
    const rows = [
      { names: ["a", "é"], turns: [{ role: "user", content: "a" }], mixed: [1, "a"], meta: { n: 1 } },
      { names: [], turns: [], mixed: [], meta: {} },
      {},
    ];
    const path = join(dir, "nested.parquet");
    await writeRows(path, rows);
    const metadata = parquetMetadata(new Uint8Array(await readFile(path)).buffer);
    const types = metadata.schema.map(({ name, converted_type }) => [name, converted_type]);
    expect(types).toContainEqual(["names", "LIST"]);
    expect(types).toContainEqual(["turns", "LIST"]);
    expect(types).toContainEqual(["mixed", "JSON"]);
    expect((await values(path)).slice(0, 2)).toEqual(rows.slice(0, 2));
  });

  it("answers a damaged Parquet file with rows or an error about the file", async () => {
    await writeRows(join(dir, "whole.parquet"), [
      { prompt: "a", label: true, n: 1 },
      { prompt: "b", label: false, n: 2 },
    ]);
    const whole = await readFile(join(dir, "whole.parquet"));
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.nat(255), async (at, byte) => {
        const damaged = Buffer.from(whole);
        damaged[at] = byte;
        const outcome = await readRows(await file("damaged.parquet", damaged)).catch(
          (error: Error) => error.name,
        );
        expect(Array.isArray(outcome) || outcome === "PlumbError").toBe(true);
      }),
      { numRuns: 16 },
    );
  });

  it("refuses numbers that are not finite, at any depth", async () => {
    await expect(writeRows(join(dir, "x.jsonl"), [{ a: [{ b: Number.NaN }] }])).rejects.toThrow(
      "row 1, a, 0, b holds NaN; expected a finite number",
    );
  });
});

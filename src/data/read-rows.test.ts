import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { parquetMetadata } from "hyparquet";
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
      { numRuns: 200 },
    );
  });

  it("refuses numbers that are not finite, at any depth", async () => {
    await expect(writeRows(join(dir, "x.jsonl"), [{ a: [{ b: Number.NaN }] }])).rejects.toThrow(
      "row 1, a, 0, b holds NaN; expected a finite number",
    );
  });
});

/** Files written by pyarrow 26 (scripts/reference/make_parquet_fixtures.py), and damaged copies of them. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { loadDemonstrations } from "./load.js";
import { CODECS, MAX_PAGE_BYTES } from "./parquet-codecs.js";
import { readParquet } from "./read-parquet.js";
import { readRows } from "./read-rows.js";

const fixture = (name: string): string =>
  fileURLToPath(new URL(`../../test/fixtures/data/${name}`, import.meta.url));
const PARQUET = ["none", "snappy", "gzip", "brotli", "zstd", "lz4", "zstd-v2"].map(
  (name) => `${name}.parquet`,
);

let dir: string;
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-compression-"));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

it.each(PARQUET)("reads %s: long ids, messages, weights of turns", async (name) => {
  const rows = await readRows(fixture(name));
  expect(rows.map(({ value }) => value.id)).toEqual(
    Array.from({ length: 40 }, (_, i) => String(2n ** 60n + BigInt(i))),
  );
  const demonstrations = await loadDemonstrations(fixture(name));
  expect(demonstrations[2]).toMatchObject({
    messages: [
      { role: "user", content: "question 2 ".repeat(5) },
      { role: "assistant", content: "answer 2", train: false },
    ],
  });
  expect(demonstrations[3]).toMatchObject({ messages: [{}, { role: "assistant", content: "answer 3" }] });
});

it("reads JSON Lines in Zstandard, also in several frames", async () => {
  const rows = await readRows(fixture("lines.jsonl.zst"));
  expect(rows).toHaveLength(2000);
  expect(rows[1999].value).toEqual({ prompt: "question 1999", completion: "answer 1999" });
  const bytes = await readFile(fixture("lines.jsonl.zst"));
  await writeFile(join(dir, "twice.jsonl.zst"), Buffer.concat([bytes, bytes]));
  expect(await readRows(join(dir, "twice.jsonl.zst"))).toHaveLength(4000);
});

it("refuses what a header claims beyond reason, before it allocates it", () => {
  for (const [name, decompress] of Object.entries(CODECS))
    expect(() => decompress?.(new Uint8Array(10), MAX_PAGE_BYTES + 1), name).toThrow("more than it can hold");
  expect(() => CODECS.LZ4_RAW?.(new Uint8Array(10), 100_000)).toThrow("more than it can hold");
});

it("says of a Zstandard file what is wrong with it", async () => {
  const bytes = await readFile(fixture("lines.jsonl.zst"));
  const failing = async (name: string, data: Buffer, message: string) => {
    await writeFile(join(dir, name), data);
    await expect(readRows(join(dir, name))).rejects.toThrow(message);
  };
  await failing("plain.jsonl.zst", Buffer.from('{"a":1}\n'), "does not begin with a frame");
  await failing("cut.jsonl.zst", bytes.subarray(0, bytes.length / 2), "is not valid Zstandard");
  // A window of 2^41 bytes, and a frame of 2^40 at once.
  await failing("window.jsonl.zst", Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0xf8, 0, 0]), "a window of");
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(2n ** 40n);
  await failing(
    "frame.jsonl.zst",
    Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0xe0]), size]),
    "at once",
  );
});

it("gives a damaged Parquet file up that takes too long or too much memory", async () => {
  const failure = async (path: string, limits: Parameters<typeof readParquet>[1]) => {
    const first = readParquet(path, limits).next();
    return first.catch((error: Error) => error.message);
  };
  // Header of a page that does not say how many values it has.
  const endless = await readFile(fixture("zstd-v2.parquet"));
  endless[135] = 193;
  await writeFile(join(dir, "endless.parquet"), endless);
  expect(await failure(join(dir, "endless.parquet"), { secondsPerStep: 3, heapMebibytes: 4096 })).toMatch(
    /as Parquet: its next rows were not decoded in 3 seconds/,
  );
  expect(await failure(fixture("zstd.parquet"), { secondsPerStep: 60, heapMebibytes: 2 })).toMatch(
    /as Parquet: the process that decodes it ended; it may take 2 MiB of memory/,
  );
});

it("survives damage to any byte of a compressed file", async () => {
  const names = [...PARQUET, "lines.jsonl.zst"];
  const files = await Promise.all(names.map((name) => readFile(fixture(name))));
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(names.length - 1), fc.nat(1_000_000), fc.nat(255), async (which, place, byte) => {
      const copy = Buffer.from(files[which]);
      copy[place % copy.length] = byte;
      const path = join(dir, `damaged-${n++ % 8}-${names[which]}`);
      await writeFile(path, copy);
      try {
        await readRows(path, { limit: 50 });
      } catch (error) {
        expect((error as Error).name).toBe("PlumbError");
      }
    }),
    { numRuns: 16 },
  );
}, 60_000);

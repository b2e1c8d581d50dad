import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { datasetFiles } from "./dataset-files.js";
import { loadPrompts } from "./load.js";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const row = (text: string) => `{"prompt":"${text}"}\n`;
const FILES: Record<string, string> = {
  "README.md": "# A dataset",
  "data/train-1.jsonl": row("one"),
  "data/train-0.jsonl": row("zero"),
  "data/test-0.jsonl": row("test"),
  "bad/damaged.jsonl": row("damaged"),
};

let server: Server;
let cache: string;
let asked: string[] = [];
beforeAll(async () => {
  cache = await mkdtemp(join(tmpdir(), "plumb-hub-"));
  server = createServer((request, response) => {
    const url = request.url ?? "";
    asked.push(url);
    const json = (value: unknown, headers = {}) =>
      response.writeHead(200, headers).end(JSON.stringify(value));
    const entries = Object.entries(FILES).map(([path, text]) => ({
      type: "file",
      path,
      size: Buffer.byteLength(text),
      oid: "0",
      lfs: {
        oid: path.startsWith("bad/") ? "0".repeat(64) : createHash("sha256").update(text).digest("hex"),
      },
    }));
    const path = decodeURIComponent(url.split(`/resolve/${SHA}/`)[1] ?? "");
    if (url === "/api/datasets/own/made/revision/main") json({ sha: SHA });
    else if (url === `/api/datasets/own/made/tree/${SHA}?recursive=true`)
      // The listing comes in two pages.
      json(entries.slice(0, 2), { link: `<http://${request.headers.host}/next>; rel="next"` });
    else if (url === "/next")
      json([...entries.slice(2), { type: "file", path: "../out.jsonl", size: 1, oid: "0" }]);
    else if (path in FILES) response.end(FILES[path]);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("PLUMB_CACHE", cache);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  server.close();
  await rm(cache, { recursive: true, force: true });
});

it("reads the files of a dataset on the hub that a pattern names, each fetched once", async () => {
  const prompts = await loadPrompts("hf:own/made/data/train-*.jsonl");
  expect(prompts.map(({ prompt }) => prompt)).toEqual(["zero", "one"]);
  expect(prompts[0].where.file).toContain(SHA);
  asked = [];
  await loadPrompts("hf:own/made@main/data/train-*.jsonl");
  expect(asked.filter((url) => url.includes("resolve"))).toEqual([]);
});

it("does not choose between splits, keep damaged files or leave its folder", async () => {
  await expect(datasetFiles("hf:own/made")).rejects.toThrow(
    "several folders, splits or formats: bad/damaged.jsonl, data/test-0.jsonl",
  );
  await expect(datasetFiles("hf:own/made/bad/*")).rejects.toThrow("arrived damaged");
  await expect(datasetFiles("hf:own/made/none-*")).rejects.toThrow("names no file of rows");
  await expect(datasetFiles("hf:own/other")).rejects.toThrow("answers 404");
  await expect(datasetFiles("hf:../made")).rejects.toThrow("is not a dataset on the hub");
});

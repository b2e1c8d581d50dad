import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fetchFromHub } from "./hub.js";

const files: Record<string, string> = {
  "config.json": "{}",
  "model.safetensors": "weights",
  "modeling.py": "print()",
  "pytorch_model.bin": "pickle",
};

let dir: string;
let server: Server;
let requests: string[];
let served: (name: string) => string;

/** Answers the two requests the hub's client makes: a folder's listing, and ranges of a file. */
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "plumb-hub-"));
  requests = [];
  served = (name) => files[name];
  server = createServer((request, response) => {
    const url = request.url ?? "";
    requests.push(url);
    if (url.startsWith("/api/models/owner/name/tree/main")) {
      const listing = Object.entries(files).map(([path, content]) => ({
        type: "file",
        path,
        size: content.length,
        ...(path.endsWith(".safetensors")
          ? { lfs: { oid: createHash("sha256").update(content).digest("hex"), size: content.length } }
          : {}),
      }));
      response.setHeader("content-type", "application/json").end(JSON.stringify(listing));
      return;
    }
    const content = Buffer.from(served(url.split("?")[0].split("/").pop() ?? ""));
    const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
    const [from, to] =
      range === null ? [0, content.length - 1] : [Number(range[1]), Number(range[2] || content.length - 1)];
    response.setHeader("etag", '"x"').setHeader("content-range", `bytes ${from}-${to}/${content.length}`);
    response.writeHead(range === null ? 200 : 206).end(content.subarray(from, to + 1));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  vi.stubEnv("HF_ENDPOINT", `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  vi.stubEnv("PLUMB_CACHE", dir);
  vi.stubEnv("HF_TOKEN", undefined);
});

afterEach(async () => {
  vi.unstubAllEnvs();
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true, force: true });
});

describe("fetchFromHub", () => {
  it("fetches weights and descriptions only, once", async () => {
    const folder = await fetchFromHub("owner/name");
    expect((await readdir(folder)).sort()).toEqual([".complete", "config.json", "model.safetensors"]);
    expect(await readFile(join(folder, "model.safetensors"), "utf8")).toBe("weights");
    requests = [];
    expect(await fetchFromHub("owner/name")).toBe(folder);
    expect(requests).toEqual([]);
  });

  it("keeps no damaged file, and goes on from the whole ones", async () => {
    served = (name) => (name === "model.safetensors" ? "weightz" : files[name]);
    await expect(fetchFromHub("owner/name")).rejects.toThrow(/model\.safetensors arrived damaged/);
    const folder = join(dir, "hub", "owner--name", "main");
    expect(await readdir(folder)).toEqual(["config.json"]);
    served = (name) => files[name];
    requests = [];
    await fetchFromHub("owner/name");
    expect(requests.filter((url) => url.includes("config.json"))).toEqual([]);
  });

  it("says so when the hub cannot be reached", async () => {
    vi.stubEnv("HF_ENDPOINT", "http://127.0.0.1:1");
    await expect(fetchFromHub("owner/name")).rejects.toThrow(/Cannot fetch hf:owner\/name/);
  });

  it.each(["name", "a/b/c", "../b", "a/..", "a/b@", "a/b@../c"])("refuses the id %s", async (id) => {
    await expect(fetchFromHub(id)).rejects.toThrow(/not a model on the hub/);
  });
});

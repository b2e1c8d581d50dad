import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { expect, it } from "vitest";
import { testServer } from "../../test/server.js";

/** Most bytes of everything that is loaded for a rater's page. */
const WEIGHT = 80_000;

it("every page is one document that may run and load its own files only", async () => {
  const { app } = await testServer();
  for (const path of ["/", "/join", "/p/x", "/desk", "/desk/x/votes"]) {
    const answer = await app.request(`http://localhost:8080${path}`);
    expect(answer.status, path).toBe(200);
    const policy = answer.headers.get("content-security-policy") ?? "";
    for (const rule of [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      "frame-ancestors 'none'",
    ])
      expect(policy.split("; ")).toContain(rule);
    expect(policy).toContain("require-trusted-types-for 'script'");
    expect(policy).not.toContain("unsafe");
    expect(answer.headers.get("cache-control")).toBe("no-store");
    expect(await answer.text()).not.toMatch(/<script(?![^>]*src="\/assets\/)|\sstyle=|\son\w+=/);
  }
});

it("files with their hash in the name are kept by browsers, and sent as they ask", async () => {
  const { app } = await testServer();
  const page = await (await app.request("http://localhost:8080/")).text();
  const [, script] = /src="(\/assets\/[^"]+)"/.exec(page) ?? [];
  const ask = (accept: string) =>
    app.request(`http://localhost:8080${script}`, { headers: { "accept-encoding": accept } });
  const plain = await (await ask("")).text();
  const read = async (accept: string) => Buffer.from(await (await ask(accept)).arrayBuffer());
  expect(brotliDecompressSync(await read("gzip, br;q=0.9")).toString()).toBe(plain);
  expect(gunzipSync(await read("gzip, br;q=0")).toString()).toBe(plain);
  const { headers } = await ask("br");
  expect(headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
  expect(headers.get("vary")).toBe("Accept-Encoding");
  expect(headers.get("content-type")).toBe("text/javascript; charset=utf-8");
  for (const path of ["/assets/..%2f..%2fpackage.json", "/assets/index.html", "/assets/nothing.js"])
    expect((await app.request(`http://localhost:8080${path}`)).status, path).toBe(404);
  expect((await app.request("http://localhost:8080/p/x", { method: "POST" })).status).toBe(405);
});

it("everything that is loaded for a rater's page weighs less than 80 kB", async () => {
  const { app } = await testServer();
  const bytes = async (path: string) => {
    const answer = await app.request(`http://localhost:8080${path}`, {
      headers: { "accept-encoding": "br" },
    });
    return Buffer.from(await answer.arrayBuffer());
  };
  // The document, what it names, and what that loads for a rater: the chunk that is named after its folder, what it
  // shares with the desk, and their styles, as the builder lists them.
  const page = await bytes("/p/x");
  const named = [
    ...brotliDecompressSync(page)
      .toString()
      .matchAll(/"(\/assets\/[^"]+)"/g),
  ].map(([, path]) => path);
  const script = named.find((path) => path.endsWith(".js")) as string;
  const code = brotliDecompressSync(await bytes(script)).toString();
  const [, listed] = /m\.f=(\["\.\/[^\]]*\])/.exec(code) ?? [];
  const [, numbers] =
    /import\([`"']\.\/rater-[^)]*\)[^[]{0,80}__vite__mapDeps\(\[([\d,]*)\]\)/.exec(code) ?? [];
  const files: string[] = JSON.parse(listed);
  const paths = new Set([...named, ...numbers.split(",").map((i) => `/assets/${files[Number(i)].slice(2)}`)]);
  expect([...paths].filter((path) => path.includes("rater-"))).toHaveLength(1);
  expect([...paths].filter((path) => path.endsWith(".css")).length).toBeGreaterThan(1);
  let sum = page.length;
  for (const path of paths) sum += (await bytes(path)).length;
  expect(sum).toBeGreaterThan(20_000);
  expect(sum).toBeLessThan(WEIGHT);
});

import { request } from "node:http";
import { connect } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { pilot, testServer } from "../../test/server.js";
import { type Listening, listen } from "./listen.js";

let listening: Listening | undefined;
afterEach(() => listening?.stop());

describe("bodies", () => {
  it("that are too long are refused by their length, told or not", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const { project } = await pilot(lead);
    const long = JSON.stringify({ text: "x".repeat(3_000_000) });
    expect((await lead.post(`/projects/${project}/guidelines`, long)).status).toBe(413);
    listening = await listen(() => server.app, {
      host: "127.0.0.1",
      port: 0,
      limits: server.services.settings.limits,
    });
    const { port } = listening;
    const status = await new Promise((resolve, reject) => {
      const headers = {
        Host: "localhost:8080",
        "Content-Type": "application/json",
        Cookie: lead.cookie,
        "X-CSRF-Token": lead.csrf,
      };
      const path = `/api/v1/projects/${project}/guidelines`;
      const sent = request({ port, method: "POST", path, headers }, (answer) => {
        resolve(answer.statusCode);
        sent.destroy();
      });
      sent.on("error", reject);
      // Without a length: Node sends it in chunks.
      sent.write(long);
    });
    expect(status).toBe(413);
  });

  it("that are nested deeply, are no JSON, or of another type are refused", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const deep = `${"[".repeat(100_000)}${"]".repeat(100_000)}`;
    expect((await lead.post("/projects", "[".repeat(60_000))).status).toBe(400);
    expect((await lead.post("/projects", deep)).status).toBe(400);
    expect((await lead.post("/projects", '{"name":')).status).toBe(400);
    expect(
      (await lead.ask("post", "/projects", "name=x", { "content-type": "application/x-www-form-urlencoded" }))
        .status,
    ).toBe(415);
    const proto = '{"name":"x","task":{"kind":"pairwise"},"__proto__":{"admin":true}}';
    expect((await lead.post("/projects", proto)).status).toBeLessThan(500);
    expect(({} as { admin?: boolean }).admin).toBeUndefined();
  });

  it("that come too slowly end with 408, and others are served meanwhile", async () => {
    const server = await testServer({ limits: { bodySeconds: 0.3 } as never });
    listening = await listen(() => server.app, {
      host: "127.0.0.1",
      port: 0,
      limits: server.services.settings.limits,
    });
    const { port } = listening;
    const socket = connect(port, "127.0.0.1");
    let seen = "";
    socket.on("data", (data) => (seen += data));
    socket.write(
      "POST /api/v1/session HTTP/1.1\r\nHost: localhost:8080\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
    );
    const drip = setInterval(() => socket.writable && socket.write(" "), 100);
    socket.on("error", () => undefined);
    const closed = new Promise((resolve) => socket.on("close", resolve));
    const status = await new Promise((resolve) =>
      request({ port, path: "/healthz", headers: { Host: "localhost:8080" } }, (answer) =>
        resolve(answer.statusCode),
      ).end(),
    );
    expect(status).toBe(200);
    await closed;
    clearInterval(drip);
    expect(seen).toMatch(/^HTTP\/1\.1 408 /);
  });
});

describe("headers", () => {
  it("a request for another host is refused: no page rebinds a name to this server", async () => {
    const server = await testServer();
    for (const host of [
      "evil.example",
      "localhost:9999",
      "localhost.evil.example:8080",
      "",
      "localhost:8080@evil.example",
    ])
      expect((await server.nobody().ask("get", "/../healthz", undefined, { host })).status, host).toBe(421);
    for (const host of ["localhost:8080", "127.0.0.1:8080", "[::1]:8080", "LOCALHOST:8080"])
      expect((await server.nobody().ask("get", "/../healthz", undefined, { host })).status, host).toBe(200);
  });

  it("every answer, refusals too, forbids framing, sniffing and caching", async () => {
    const server = await testServer();
    for (const path of ["/../healthz", "/nothing", "/session", "/../docs", "/../join"]) {
      const { headers } = await server.nobody().get(path);
      expect(headers.get("content-security-policy"), path).toContain("frame-ancestors 'none'");
      expect(headers.get("content-security-policy"), path).toContain("default-src 'none'");
      expect(headers.get("x-content-type-options"), path).toBe("nosniff");
      expect(headers.get("referrer-policy"), path).toBe("no-referrer");
      expect(headers.get("cache-control"), path).toBe("no-store");
      expect(headers.get("x-request-id"), path).toMatch(/^[\w-]{9,16}$/);
    }
  });

  it("what people write reaches no header", async () => {
    const server = await testServer();
    const lead = await server.person("lead");
    const injected = "x\r\nSet-Cookie: plumb=evil";
    const answer = await lead.post("/projects", { name: injected, task: { kind: "pairwise" } });
    expect([...answer.headers.values()].join(" ")).not.toContain("evil");
    const agent = await server.nobody().ask("post", "/session", { login: injected, password: injected });
    expect(agent.status).toBe(401);
    expect([...agent.headers.values()].join(" ")).not.toContain("evil");
  });

  it("the pages ask nothing of other hosts", async () => {
    const server = await testServer();
    for (const path of ["/../docs", "/../join"]) {
      const { body } = await server.nobody().get(path);
      expect(body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
      expect(body).not.toContain("<script src");
    }
  });

  it("a method that an address does not have is told with those that it has", async () => {
    const server = await testServer();
    const answer = await server.nobody().ask("patch", "/session", {});
    expect(answer.status).toBe(405);
    expect(answer.headers.get("allow")?.split(", ").sort()).toEqual(["DELETE", "GET", "POST"]);
  });
});

it("text that looks like SQL, markup or control characters is kept or refused, never run", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const hostile = fc.oneof(
    fc.constantFrom(
      "'; drop table votes; --",
      "' or '1'='1",
      "$(id)",
      "<script>alert(1)</script>",
      "\u0000",
      "\ud800",
      "../../etc/passwd",
      "%00",
    ),
    fc.string({ unit: "binary", maxLength: 40 }),
  );
  await fc.assert(
    fc.asyncProperty(hostile, async (text) => {
      const made = await lead.post("/projects", { name: text, task: { kind: "pairwise" } });
      expect([201, 400]).toContain(made.status);
      if (made.status === 201) expect((await lead.get(`/projects/${made.body.id}`)).body.name).toBe(text);
      expect(
        (
          await lead.get(
            `/projects/${encodeURIComponent(text.replace(/\p{Surrogate}/gu, "?")).slice(0, 199)}x`,
          )
        ).status,
      ).toBeLessThan(500);
      expect(
        (await server.nobody().post("/session", { login: text, password: "wrong" })).status,
      ).toBeLessThan(500);
    }),
    { numRuns: 25, seed: 3 },
  );
});

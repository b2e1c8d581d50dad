/** The server below a path of a host, behind proxies that pass the path on and those that leave it out. */
import { expect, it } from "vitest";
import { ORIGIN, PASSWORD, pilot, testServer } from "../../test/server.js";
import { ServerSettings } from "./settings.js";

const HTTPS = "https://localhost:8080";

it("answers with and without the path, and names itself with it", async () => {
  const server = await testServer({ publicUrl: `${HTTPS}/team/rate/` });
  const { services, app } = server;
  expect([services.origin, services.base]).toEqual([HTTPS, "/team/rate"]);
  const at = (path: string) => app.request(`${ORIGIN}${path}`);
  for (const path of [
    "/healthz",
    "/team/rate/healthz",
    "/team/rate",
    "/team/rate/",
    "/team/rate/desk/x",
    "/join",
  ])
    expect((await at(path)).status, path).toBe(200);
  for (const path of ["/team/ratex/healthz", "/team/healthz", "/team/rate/team/rate/healthz"])
    expect((await at(path)).status, path).toBe(404);
  const document = (await (await at("/team/rate/openapi.json")).json()) as {
    servers: { url: string }[];
    components: { securitySchemes: { session: { name: string } } };
  };
  expect(document.servers).toEqual([{ url: `${HTTPS}/team/rate/api/v1` }]);
  expect(document.components.securitySchemes.session.name).toBe("__Secure-plumb");
  const lead = await server.person("lead", "anna");
  const { project } = await pilot(lead);
  const { body } = await lead.post(`/projects/${project}/invitations`);
  expect(body.link).toMatch(/^https:\/\/localhost:8080\/team\/rate\/join#plumb_inv_/);
  // Signing in, and a change that the cookie authorises, with the path passed on.
  const answer = await server
    .nobody()
    .ask("post", "/../team/rate/api/v1/session", { login: "anna", password: PASSWORD });
  const [session, device] = answer.headers.getSetCookie();
  expect(session).toMatch(
    /^__Secure-plumb=.*; Path=\/team\/rate; HttpOnly; SameSite=Strict; Max-Age=86400; Secure$/,
  );
  expect(device).toMatch(
    /^__Secure-plumb-device=.*; Path=\/team\/rate; HttpOnly; SameSite=Strict; .*; Secure$/,
  );
  const signedIn = server.nobody().keep(answer);
  const made = await signedIn.ask("post", "/../team/rate/api/v1/projects", {
    name: "x",
    task: { kind: "pairwise" },
  });
  expect(made.status).toBe(201);
});

it("its page names its files and itself below the path, plain and packed", async () => {
  const { app } = await testServer({ publicUrl: `${ORIGIN}/rate` });
  const page = async (path: string, headers = {}) => app.request(`${ORIGIN}${path}`, { headers });
  const html = await (await page("/rate/desk/p")).text();
  expect(html).toContain('<html data-base="/rate" lang="en">');
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path);
  expect(files.length).toBeGreaterThan(2);
  for (const file of files) {
    expect(file).toMatch(/^\/rate\/assets\//);
    expect((await page(file)).status, file).toBe(200);
    expect((await page(file.slice("/rate".length))).status, file).toBe(200);
  }
  const { brotliDecompressSync, gunzipSync } = await import("node:zlib");
  const packed = async (encoding: string) =>
    Buffer.from(await (await page("/rate", { "accept-encoding": encoding })).arrayBuffer());
  expect(brotliDecompressSync(await packed("br")).toString()).toBe(html);
  expect(gunzipSync(await packed("gzip")).toString()).toBe(html);
  const whole = await testServer();
  const own = await (await whole.app.request(`${ORIGIN}/desk`)).text();
  expect(own).toContain('src="/assets/');
  expect(own).toContain('data-base=""');
});

it("an address that cannot be right is refused", () => {
  for (const publicUrl of [
    `${HTTPS}/?a=b`,
    `${HTTPS}/#x`,
    `${HTTPS}/a b`,
    `${HTTPS}/"x`,
    `${HTTPS}//x`,
    "ftp://x",
  ])
    expect(ServerSettings.safeParse({ publicUrl }).success, publicUrl).toBe(false);
  for (const publicUrl of [HTTPS, `${HTTPS}/`, `${HTTPS}/a`, `${HTTPS}/a/b.c/`, "http://[::1]:80/x"])
    expect(ServerSettings.safeParse({ publicUrl }).success, publicUrl).toBe(true);
});

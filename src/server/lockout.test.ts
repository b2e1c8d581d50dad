import { expect, it } from "vitest";
import { PASSWORD, type Person, type TestServer, testServer } from "../../test/server.js";

const QUARTER = 900_000;
const PROXY = { proxies: 1 };

/** Signs in from an address, as a browser with these cookies. */
async function signIn(
  server: TestServer,
  login: string,
  password: string,
  { address, cookie }: { address: string; cookie?: string },
) {
  const answer = await server
    .nobody()
    .ask("post", "/session", { login, password }, { "x-forwarded-for": address, cookie });
  const device = answer.headers.getSetCookie().find((one) => one.startsWith("plumb-device="));
  return { status: answer.status, device: device?.split(";")[0] };
}

async function attack(server: TestServer, login: string, tries: number, addressOf: (i: number) => string) {
  const statuses = new Set<number>();
  for (let i = 0; i < tries; i++)
    statuses.add((await signIn(server, login, `guess ${i}`, { address: addressOf(i) })).status);
  return statuses;
}

it("others' failures from everywhere leave the owner a first try at each address, and guessers no more than that", async () => {
  const server = await testServer(PROXY);
  await server.person("rater", "anna");
  await attack(server, "anna", 60, (i) => `10.0.0.${i}`);
  expect((await signIn(server, "anna", PASSWORD, { address: "192.0.2.1" })).status).toBe(201);
  expect((await signIn(server, "anna", "guess", { address: "198.51.100.1" })).status).toBe(401);
  expect((await signIn(server, "anna", PASSWORD, { address: "198.51.100.1" })).status).toBe(429);
});

it("a device on which the owner signed in before is not held up by failures at its own address", async () => {
  const server = await testServer(PROXY);
  await server.person("rater", "anna");
  const office = { address: "192.0.2.1" };
  const { device: cookie } = await signIn(server, "anna", PASSWORD, office);
  expect(cookie).toMatch(/^plumb-device=[\w-]{16}\.[\w-]{43}$/);
  for (const login of ["anna", "bob", "anna", "carl"]) await attack(server, login, 20, () => office.address);
  expect((await signIn(server, "anna", PASSWORD, office)).status).toBe(429);
  expect((await signIn(server, "anna", PASSWORD, { ...office, cookie })).status).toBe(201);
  // It is of no use for another name, and has its own limit.
  expect((await signIn(server, "bob", "guess", { ...office, cookie })).status).toBe(429);
  const guesses = [];
  for (let i = 0; i < 12; i++)
    guesses.push((await signIn(server, "anna", `guess ${i}`, { ...office, cookie })).status);
  expect(guesses).toEqual([...Array(10).fill(401), 429, 429]);
  server.later(QUARTER);
  expect((await signIn(server, "anna", PASSWORD, { ...office, cookie })).status).toBe(201);
});

it("the limit of tries at an address does not hold up a known device", async () => {
  const server = await testServer({ ...PROXY, limits: { signIn: 5 } as never });
  await server.person("rater", "anna");
  const office = { address: "192.0.2.1" };
  const { device: cookie } = await signIn(server, "anna", PASSWORD, office);
  expect(await attack(server, "nobody", 9, () => office.address)).toContain(429);
  expect((await signIn(server, "anna", PASSWORD, office)).status).toBe(429);
  expect((await signIn(server, "anna", PASSWORD, { ...office, cookie })).status).toBe(201);
});

it("a device is forgotten with the password, and known again to who changed it", async () => {
  const server = await testServer(PROXY);
  await server.person("rater", "anna");
  const office = { address: "192.0.2.1" };
  const { device: cookie } = await signIn(server, "anna", PASSWORD, office);
  const person: Person = server.nobody();
  person.keep(await server.nobody().post("/session", { login: "anna", password: PASSWORD }));
  const next = "quite another long one";
  const changed = await person.put("/account/password", { current: PASSWORD, next });
  const fresh = changed.headers.getSetCookie().find((one) => one.startsWith("plumb-device="));
  await attack(server, "anna", 20, () => office.address);
  expect((await signIn(server, "anna", next, { ...office, cookie })).status).toBe(429);
  expect((await signIn(server, "anna", next, { ...office, cookie: fresh?.split(";")[0] })).status).toBe(201);
});

it("who has a session of somebody else cannot lock that person out by wrong passwords", async () => {
  const server = await testServer(PROXY);
  const anna = await server.person("rater", "anna");
  for (let i = 0; i < 40; i++) await anna.put("/account/password", { current: `no ${i}`, next: PASSWORD });
  expect((await anna.put("/account/password", { current: "no", next: PASSWORD })).status).toBe(429);
  expect((await signIn(server, "anna", PASSWORD, { address: "192.0.2.1" })).status).toBe(201);
});

it("an invitation is not held up by failures at the address of the invited person", async () => {
  const server = await testServer({ limits: { signIn: 5 } as never });
  const lead = await server.person("lead");
  const made = await lead.post("/projects", { name: "p", task: { kind: "pairwise" } });
  const { token } = (await lead.post(`/projects/${made.body.id}/invitations`)).body;
  for (let i = 0; i < 9; i++) await server.nobody().post("/session", { login: `n${i}`, password: "x" });
  const wrong = `plumb_inv_${"A".repeat(43)}`;
  for (let i = 0; i < 9; i++)
    expect(
      (
        await server
          .nobody()
          .post("/invitations/accept", { token: wrong, login: "newcomer", password: PASSWORD })
      ).status,
    ).toBe(410);
  expect(
    (await server.nobody().post("/invitations/accept", { token, login: "newcomer", password: PASSWORD }))
      .status,
  ).toBe(201);
});

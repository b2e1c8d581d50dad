import { setTimeout as pause } from "node:timers/promises";
import { afterEach, expect, it, vi } from "vitest";
import { PASSWORD, testServer } from "../../../test/server.js";

const MINUTE = 60_000;
afterEach(() => {
  vi.useRealTimers();
});

it("wrong passwords of others, from anywhere, do not keep the owner out of a browser that signed in before", async () => {
  // Time goes on by itself, and further where the test says so.
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"], shouldAdvanceTime: true });
  const server = await testServer({ proxies: 1 });
  await server.person("admin", "owner");
  const signIn = (address: string, body: object) =>
    server.nobody().ask("post", "/session", { login: "owner", ...body }, { "x-forwarded-for": address });
  const { device } = (await signIn("198.51.100.7", { password: PASSWORD })).body;
  const attack = async () => {
    for (let i = 0; i < 60; i++) await signIn(`203.0.113.${i}`, { password: "wrong" });
    for (let i = 0; i < 60; i++) await signIn("198.51.100.7", { password: "wrong" });
  };
  await attack();
  // The name's tries come one by one, each after 5 s; the address is slowed down.
  vi.advanceTimersByTime(5000);
  expect((await signIn("192.0.2.1", { password: PASSWORD })).status).toBe(201);
  const next = signIn("192.0.2.9", { password: PASSWORD });
  expect(await Promise.race([next.then(() => "answered"), pause(1000, "waits")])).toBe("waits");
  vi.advanceTimersByTime(5000);
  expect((await next).status).toBe(201);
  expect((await signIn("198.51.100.7", { password: PASSWORD, device: `${device}x` })).status).toBe(429);
  expect((await signIn("198.51.100.7", { password: PASSWORD, device })).status).toBe(201);
  // A device is for one name, and good for half a year.
  await server.person("rater", "other");
  const other = (await signIn("192.0.2.2", { login: "other", password: PASSWORD })).body.device;
  expect((await signIn("198.51.100.7", { password: PASSWORD, device: other })).status).toBe(429);
  server.later(181 * 24 * 60 * MINUTE);
  await attack();
  expect((await signIn("198.51.100.7", { password: PASSWORD, device })).status).toBe(429);
});

it("who has stolen a device guesses as slowly as others", async () => {
  const server = await testServer();
  await server.person("rater", "owner");
  const { device } = (await server.nobody().post("/session", { login: "owner", password: PASSWORD })).body;
  const statuses: number[] = [];
  for (let i = 0; i < 8; i++)
    statuses.push(
      (await server.nobody().post("/session", { login: "owner", password: "no", device })).status,
    );
  expect(statuses).toEqual([401, 401, 401, 401, 401, 429, 429, 429]);
});

it("who is signed in changes the password while others guess at it", async () => {
  const server = await testServer();
  const owner = await server.person("rater", "owner");
  for (let i = 0; i < 60; i++) await server.nobody().post("/session", { login: "owner", password: "wrong" });
  const changed = await owner.ask("put", "/account/password", {
    current: PASSWORD,
    next: "another long password",
  });
  expect(changed.status, JSON.stringify(changed.body)).toBe(204);
});

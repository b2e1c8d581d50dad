/** A database that is full, busy or damaged: 503 with words, reads go on, and so does everything once it is mended. */
import { sql } from "kysely";
import { expect, it } from "vitest";
import { leftWins, pilot, type TestServer, testServer } from "../../test/server.js";
import { openDatabase } from "../feedback/store/index.js";

/** Lets the database grow no further, as on a full disk. @returns what frees the space. */
async function fill({ store: { db } }: TestServer): Promise<() => Promise<void>> {
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(db);
  // A pragma of the connection that writes; SQLite takes no less than what is used.
  await sql`pragma max_page_count = ${sql.lit(rows[0].page_count)}`.execute(db);
  return async () => {
    await sql`pragma max_page_count = 1073741823`.execute(db);
  };
}

it("a full disk refuses what writes, in words, and loses nothing; votes are taken once there is room", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead, { items: 5 });
  const rater = await server.raterIn(lead, project);
  const { leases } = (await rater.post(`/projects/${project}/leases`, { count: 3 })).body;
  const free = await fill(server);
  const big = { items: Array.from({ length: 500 }, () => ({ content: { ...content("x".repeat(2000)) } })) };
  const refused = await lead.post(`/projects/${project}/items`, big);
  expect(refused.status).toBe(503);
  expect(refused.body.error).toMatchObject({ message: "The disk of the database is full." });
  expect(refused.body.error.hint).toMatch(/free some space/i);
  expect(refused.headers.get("retry-after")).toBe("5");
  // Reads go on, of raters and of leads.
  expect((await rater.get(`/projects/${project}`)).status).toBe(200);
  expect((await lead.get(`/projects/${project}/items`)).body.items).toHaveLength(5);
  expect((await lead.get(`/projects/${project}/progress`)).body.items).toBe(5);
  await free();
  expect((await lead.post(`/projects/${project}/items`, big)).status).toBe(201);
  const voted = await rater.post(`/leases/${leases[0].id}/vote`, { answer: leftWins });
  expect(voted.status, JSON.stringify(voted.body)).toBe(200);
  expect((await lead.get(`/projects/${project}/progress`)).body.items).toBe(505);
});

it("while another process writes, reads go on and writes are refused after a wait, in words", async () => {
  const server = await testServer();
  const lead = await server.person("lead");
  const { project } = await pilot(lead);
  await sql`pragma busy_timeout = 100`.execute(server.store.db);
  const { rows } = await sql<{ file: string }>`select file from pragma_database_list`.execute(
    server.store.db,
  );
  const other = await openDatabase(rows[0].file);
  let end: () => void = () => undefined;
  const held = other.db.transaction().execute(() => new Promise<void>((resolve) => (end = resolve)));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const writing = lead.post(`/projects/${project}/items`, { items: [{ content: content("a") }] });
  const began = performance.now();
  for (let i = 0; i < 10; i++)
    expect((await lead.get(`/projects/${project}/items?search=which`)).body.items).toHaveLength(3);
  expect(performance.now() - began).toBeLessThan(2000);
  const { status, body } = await writing;
  expect(status).toBe(503);
  expect(body.error.message).toMatch(/busy/);
  end();
  await held;
  await other.db.destroy();
  expect((await lead.post(`/projects/${project}/items`, { items: [{ content: content("a") }] })).status).toBe(
    201,
  );
});

const content = (text: string) => ({
  prompt: "Which is better?",
  responses: [
    { name: "a", text },
    { name: "b", text: `${text}.` },
  ],
});

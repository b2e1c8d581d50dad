/**
 * A deleted project over HTTP: an admin lists it, exports it and purges it; nobody else may, and no living project can
 * be.
 */
import { expect, it } from "vitest";
import { pilot, testServer } from "../../test/server.js";

it("is listed, exported and purged by an admin who is signed in", async () => {
  const server = await testServer();
  const [admin, lead] = [await server.person("admin"), await server.person("lead")];
  const { project } = await pilot(lead);
  const path = `/deleted-projects/${project}`;
  expect((await admin.get("/deleted-projects")).body).toEqual({ projects: [] });
  const living = await admin.delete(path);
  expect(living.status).toBe(404);
  expect(living.body.error.message).toBe(`There is no deleted project ${project}.`);
  expect((await admin.get(path)).status).toBe(404);
  expect((await lead.delete(`/projects/${project}`)).status).toBe(204);
  const { projects } = (await admin.get("/deleted-projects")).body;
  expect(projects).toMatchObject([{ id: project, items: expect.any(Number) }]);
  for (const [who, status] of [
    [lead, 403],
    [server.nobody(), 401],
    [await server.program(admin, ["admin", "export"]), 403],
  ] as const)
    expect((await who.delete(path)).status).toBe(status);
  const lines = (await admin.get(path)).body.trim().split("\n");
  const tables = lines.map((line: string) => JSON.parse(line).table);
  expect(tables[0]).toBe("projects");
  expect(tables.filter((table: string) => table === "items")).toHaveLength(projects[0].items);
  const { rows } = (await admin.delete(path)).body;
  expect(rows).toBeGreaterThanOrEqual(lines.length);
  expect((await admin.get("/deleted-projects")).body).toEqual({ projects: [] });
  expect((await admin.delete(path)).status).toBe(404);
  expect((await admin.post("/audit/verification")).body).toMatchObject({ problemCount: 0 });
  const { entries } = (await admin.get("/audit?limit=500&rows=false")).body;
  const actions = entries.map(({ action }: { action: string }) => action);
  expect(actions).toEqual(expect.arrayContaining(["project.purge-begun", "project.purged"]));
  expect(actions).not.toContain("rows.changed");
});

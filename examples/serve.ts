/** A server that collects feedback, a project on it, and a rater who votes over its HTTP API. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localLead, projects, ServerSettings, startServer } from "plumbline/server";

const database = join(mkdtempSync(join(tmpdir(), "plumbline-db-")), "plumb.db");
const server = await startServer({
  database,
  host: "127.0.0.1",
  port: 0,
  logLevel: "silent",
  settings: ServerSettings.parse({}),
});
const lead = await localLead(server, "me");
const { id: project } = await lead.call(projects.createProject, {
  body: { name: "first project", task: { kind: "pairwise" }, guidelines: "Choose the better answer." },
});
await lead.call(projects.importItems, {
  params: { project },
  body: {
    items: [
      {
        content: {
          prompt: "2 + 2?",
          responses: [
            { name: "a", text: "4" },
            { name: "b", text: "5" },
          ],
        },
      },
    ],
  },
});
console.log(`${server.origin}: project ${project} waits for raters`);
lead.close();
await server.stop();

/**
 * From a project's votes to a reward model: a server, simulated raters, aggregation, and `plumb reward` as a function.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadPreferences, writeRows } from "plumbline/data";
import { createRuntime } from "plumbline/open";
import { trainingRows } from "plumbline/report";
import { localLead, projects, ServerSettings, simulateRaters, startServer } from "plumbline/server";
import { hiddenValues, simulatedPoolSchema, simulatedRaters } from "plumbline/simulate";
import { loadProject } from "plumbline/store";
import { rewardMethod, train } from "plumbline/train";
import { dataFile } from "./data-file.js";
import { tinyModel } from "./tiny-model.js";

// 1. Pairs, and raters who compare them over HTTP. Yours come to the server's address and see the rating site.
const dir = mkdtempSync(join(tmpdir(), "plumbline-votes-"));
const server = await startServer({
  database: join(dir, "plumb.db"),
  host: "127.0.0.1",
  port: 0,
  logLevel: "silent",
  settings: ServerSettings.parse({}),
});
const lead = await localLead(server, "me");
const { id: project } = await lead.call(projects.createProject, {
  body: { name: "answers", task: { kind: "pairwise" }, guidelines: "Choose the better answer." },
});
const pairs = await loadPreferences(dataFile("preferences.jsonl"));
const items = pairs.map(({ prompt, chosen, rejected }) => ({
  content: {
    prompt: String(prompt),
    responses: [chosen, rejected].map((text, i) => ({ name: `${i + 1}`, text: String(text) })),
  },
}));
await lead.call(projects.importItems, { params: { project }, body: { items } });
const raters = simulatedRaters(simulatedPoolSchema.parse({ raters: 5 }), hiddenValues(1), 1);
await simulateRaters(lead, { url: server.origin, project, raters, votesPerRater: 8, seed: 1 });

// 2. Preferences of them all, with the chance that each is wrong.
const { judgements } = await loadProject(server.services.store.db, project);
const preferences = join(dir, "preferences.jsonl");
await writeRows(preferences, trainingRows(judgements).preferences);
lead.close();
await server.stop();

// 3. A reward model of them.
const settings = rewardMethod.schema.parse({
  model: await tinyModel(),
  data: [preferences],
  lora: { r: 4 },
  holdOut: 0,
  runs: dir,
});
const host = {
  runtime: createRuntime(),
  signal: new AbortController().signal,
  info: console.log,
  warn: console.warn,
  interrupted: () => {},
  progress: () => ({ update: () => {}, end: () => {} }),
};
const result = await train(rewardMethod, settings, host);
console.log(result?.trainPairs, "pairs; the reward model is in", result?.rewardModel);

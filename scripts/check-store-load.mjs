// 200 raters at once cast 20,000 votes through the store, without the server: latencies, and faults that must not
// occur.
//
//   npm run build && node scripts/check-store-load.mjs [DATABASE]        a new SQLite file, or an empty PostgreSQL database
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { addItems, addRater, createProject, exportVotes, joinProject, openStore } from "../dist/feedback/store/index.js";

const RATERS = 200;
const VOTES = 20_000;
const OVERLAP = 5;

const dir = mkdtempSync(join(tmpdir(), "plumb-load-"));
const store = await openStore(process.argv[2] ?? join(dir, "plumb.db"), { keyFile: join(dir, "key") });
const settings = { overlap: OVERLAP };
const project = await createProject(store, { name: "load", task: { kind: "pairwise" }, settings }, "system");
const raters = await Promise.all(
  Array.from({ length: RATERS }, async () => {
    const { id } = await addRater(store, {}, "system");
    await joinProject(store, { project: project.id, rater: id }, "system");
    return id;
  }),
);
const item = (_, i) => ({
  content: {
    prompt: `prompt ${i} ${"word ".repeat(50)}`,
    responses: ["a", "b"].map((name) => ({ name, text: `${name} `.repeat(200) })),
  },
});
await addItems(store, project.id, Array.from({ length: VOTES / OVERLAP }, item), "system");

const times = { lease: [], vote: [] };
const timed = async (kind, work) => {
  const start = performance.now();
  const result = await work();
  times[kind].push(performance.now() - start);
  return result;
};
const told = new Set();
const start = performance.now();
await Promise.all(
  raters.map(async (rater) => {
    for (;;) {
      const { leases } = await timed("lease", () => store.lease({ project: project.id, rater }));
      if (leases.length === 0) return;
      const answer = { kind: "pairwise", aspects: { overall: { verdict: "left" } } };
      const { vote } = await timed("vote", () => store.vote({ lease: leases[0].id, rater, answer }));
      told.add(vote.id);
    }
  }),
);
const seconds = (performance.now() - start) / 1000;

const perItem = new Map();
let missing = 0;
for await (const vote of exportVotes(store, project.id)) {
  if (!told.has(vote.id)) missing++;
  perItem.set(vote.item, (perItem.get(vote.item) ?? 0) + 1);
}
const total = [...perItem.values()].reduce((sum, count) => sum + count, 0);
await store.close();
rmSync(dir, { recursive: true });
const quantile = (values, p) => values.sort((a, b) => a - b)[Math.floor((values.length - 1) * p)].toFixed(0);
console.log(`${store.engine}: ${total} votes in ${seconds.toFixed(1)} s, at most ${Math.max(...perItem.values())} an item`);
for (const kind of ["lease", "vote"])
  console.log(`${kind}: median ${quantile(times[kind], 0.5)} ms, 95% ${quantile(times[kind], 0.95)} ms, most ${quantile(times[kind], 1)} ms`);
if (total !== told.size || missing > 0 || Math.max(...perItem.values()) > OVERLAP) {
  console.error("votes were lost or doubled, or overlap was exceeded");
  process.exitCode = 1;
}

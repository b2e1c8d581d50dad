// A rater's program for store-kill.test.ts: casts votes through the built store and says which were acknowledged, until it is killed.
import { openStore } from "../../dist/feedback/store/index.js";

const [location, keyFile, project, ...raters] = process.argv.slice(2);
const store = await openStore(location, { keyFile });
const verdicts = ["left", "right", "tie"];
await Promise.all(
  raters.map(async (rater) => {
    for (let i = 0; ; i++) {
      const { leases } = await store.lease({ project, rater, count: 2 });
      if (leases.length === 0) return;
      const answer = { kind: "pairwise", aspects: { overall: { verdict: verdicts[i % 3] } } };
      const { vote } = await store.vote({ lease: leases[0].id, rater, answer });
      process.stdout.write(`${vote.id}\n`);
    }
  }),
);
process.stdout.write("done\n");
await store.close();

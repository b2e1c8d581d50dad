/** Many raters' comparisons to one preference a pair, and whom not to trust. */
import { aggregatePreferences } from "plumbline/aggregate";
import { agreementReport } from "plumbline/agreement";
import { ratedVotes, readVotes } from "plumbline/votes";
import { dataFile } from "./data-file.js";

const file = await readVotes(process.argv[2] ?? dataFile("votes.csv"));
if (file.votes.kind !== "pairs") throw new Error("these votes are labels: use aggregateLabels");
const { preferences, raters } = aggregatePreferences(file.votes.comparisons, "robust", { seed: 0 });
for (const { left, right, probability } of preferences)
  console.log(`${left} before ${right}: ${(100 * probability).toFixed(0)}%`);
for (const { rater, flags } of raters) for (const { reason } of flags) console.log(`${rater}: ${reason}`);
const { nominal } = agreementReport(ratedVotes(file), 0).alpha;
console.log("alpha", nominal?.estimate?.toFixed(2));

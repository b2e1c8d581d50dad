// How often the filter failed-gold holds a rater of a given accuracy, by the number of gold items: the table of docs/filters.md.
//
//   npm run build && node scripts/report-gold-power.mjs
import { filterSchema } from "../dist/votes/filters/index.js";
import { goldEvidence } from "../dist/votes/filters/failed-gold.js";
import { RandomStream } from "../dist/base/random.js";
import { shareInterval } from "../dist/statistics/rates.js";

const RATERS = 20_000;
const ITEMS = [10, 20, 40, 80];
const ACCURACIES = [0.2, 0.5, 0.6, 0.7];
const { goldAccuracy, goldFlagged } = filterSchema.parse({});

const known = new Map();
function evidence([right, n]) {
  const key = right * 1000 + n;
  if (!known.has(key)) known.set(key, n === 0 ? 1 : goldEvidence(right, n, goldAccuracy));
  return known.get(key);
}

/** After how many gold items a rater is held, or Infinity; left and right are equally often the answer. */
function heldAfter(accuracy, random) {
  const all = [0, 0];
  const classes = [[0, 0], [0, 0]];
  for (let n = 1; n <= ITEMS.at(-1); n++) {
    const own = classes[random.int(2)];
    const right = Number(random.bernoulli(accuracy));
    for (const tally of [all, own]) {
      tally[0] += right;
      tally[1]++;
    }
    const apart = (evidence(classes[0]) + evidence(classes[1])) / 2;
    if ((evidence(all) + apart) / 2 >= 1 / goldFlagged) return n;
  }
  return Number.POSITIVE_INFINITY;
}

const percent = (x) => (100 * x).toFixed(1);
console.log(`${RATERS} simulated raters a row, seed 1; 95% intervals of shares of independent raters\n`);
console.log(`| accuracy | ${ITEMS.map((n) => `${n} gold`).join(" | ")} |\n|---|${ITEMS.map(() => "---|").join("")}`);
for (const accuracy of ACCURACIES) {
  const random = new RandomStream(1, `report/gold-power/${accuracy}`);
  const held = Array.from({ length: RATERS }, () => heldAfter(accuracy, random));
  const cells = ITEMS.map((n) => {
    const { estimate, low, high } = shareInterval(held.filter((after) => after <= n).length, RATERS);
    return `${percent(estimate)}% (${percent(low)} to ${percent(high)})`;
  });
  console.log(`| ${accuracy.toString().replace(/^0/, "")} | ${cells.join(" | ")} |`);
}

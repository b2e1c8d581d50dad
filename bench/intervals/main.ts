/**
 * npm run check:coverage: how often every interval of the project contains the truth, in the designs in which it is
 * used. Writes docs/results/intervals.md and fails if an interval breaks its promise.
 *
 *   -- --trials 2000     fewer trials; -- --only TEXT     designs with that in their data or interval. Both print, and write nothing.
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { CHECKPOINTS } from "./checkpoints.js";
import { FEEDBACK } from "./feedback.js";
import { MEANS } from "./means.js";
import { brokenPromise, type Coverage, type Design, measureCoverage } from "./measure.js";
import { RATES } from "./rates.js";

const { values } = parseArgs({ options: { trials: { type: "string" }, only: { type: "string" } } });
const TRIALS = Number(values.trials ?? 20_000);
const SEED = 20_261_127;

const { machine } = (await import(pathToFileURL(resolve("scripts/machine.mjs")).href)) as {
  machine: () => string;
};
const percent = (x: number): string => (100 * x).toFixed(1);
const broken: string[] = [];

function measured(design: Design): string {
  const began = performance.now();
  const coverage = measureCoverage(design, TRIALS, SEED);
  const wrong = brokenPromise(design, coverage);
  if (wrong !== undefined) broken.push(`${design.data}, ${design.interval}: ${wrong}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.error(
    `${wrong === undefined ? "" : "BROKEN "}${design.data}, ${design.interval}: ${shown(coverage)}, ${seconds} s`,
  );
  const { below, above, trials } = coverage;
  const verdict = {
    nominal: "93 to 97%",
    wide: "at least 93%",
    short: "**does not cover; marked**",
    replaced: "**replaced**",
  };
  return `| ${design.data} | ${design.n} | ${design.used} | ${design.interval} | ${shown(coverage)} | ${percent(below)}, ${percent(above)} | ${trials} | ${verdict[design.promise]} |`;
}

const shown = ({ held }: Coverage): string =>
  `${percent(held.estimate)}% (${percent(held.low)} to ${percent(held.high)})`;

function table(designs: readonly Design[]): string {
  const chosen = designs.filter(({ data, interval }) => `${data} ${interval}`.includes(values.only ?? ""));
  const rows = chosen.map(measured);
  const head =
    "| data | n | used by | interval | measured coverage of 95% | truth below, above it (%) | trials | promised |";
  return [head, "|---|---|---|---|---|---|---|---|", ...rows].join("\n");
}

const apart = (designs: readonly Design[]) => designs.filter(({ promise }) => promise !== "replaced");
const all = [...MEANS, ...CHECKPOINTS, ...RATES, ...FEEDBACK];
const [means, checkpoints, rates, feedback, replaced] = [
  ...[MEANS, CHECKPOINTS, RATES, FEEDBACK].map((designs) => table(apart(designs))),
  table(all.filter(({ promise }) => promise === "replaced")),
];
const document = `# What intervals cover

- Command: \`npm run check:coverage\`
- Processor: ${machine()}. Nothing here is timed, and all of it is computed in 64 bits.
- Seeds: ${SEED}; the draws of a trial are named by it, the data and the trial's number.
- Design: each row draws data of a known population as often as it says (n = trials) and counts how often the 95% interval holds the truth. What is
  independent in one data set (prompts, pairs, seeds), and how many of it there are, is its n.
- Intervals: 95%; those of a coverage are over trials, by the same rates as below.

*Promised* is what \`npm test\` or this command fails on. **93 to 97%**: within two points of the nominal. **At least 93%**: with few successes or few
clusters an interval of a rate is wider than it would have to be, since counts are whole and it is not known how far the members of a
cluster agree. **Does not cover; marked**: no method reached 93% with so few and so skewed values; every interval that misses carries a
\`caution\`, which commands print and JSON holds. Means of fewer than 8 values, and figures of one cluster or one seed, have no interval at all.

## Means

${means}

Student's t over seeds covers where the seeds' figures are normal, however few seeds; of skewed ones it covers less, as its \`caution\` says.
Heavier tails than these need more values than any of the rows has.

## The best of a run's checkpoints

${checkpoints}

These intervals hold for all checkpoints at once, and so for the one that is chosen because its gold is highest. That choice takes the luckiest of
many: with an interval for one checkpoint alone, a run in which nothing changes would often seem to rise.

## Rates

${rates}

## Votes, raters, forecasts

${feedback}

Skills and scores are from one set of votes, whose raters judge many items each: claims of one data set are one cluster here.

## What was used before

${replaced}
`;

if (values.trials === undefined && values.only === undefined)
  writeFileSync("docs/results/intervals.md", document);
for (const line of broken) console.error(`BROKEN: ${line}`);
process.exitCode = broken.length > 0 ? 1 : 0;

/**
 * The default beside majority where raters can hardly be checked by one another, as tables in
 * docs/results/aggregation.md.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { studentInterval } from "../../src/statistics/means.js";
import { nameOf, type Trial, trial } from "./against-majority.js";
import { DESIGNS, type Design } from "./designs.js";
import { OVERLAPS, type Overlap, type OverlapTrial, overlapTrial } from "./overlap.js";

const DOCUMENT = "docs/results/aggregation.md";
const [BEGIN, END] = ["<!-- report:pools --designs -->", "<!-- end of report:pools --designs -->"];
/** Seeds of one design before the next one's. */
const ROUND = 50;
/** The share of a point that no design may lose on average. */
const BAR = 0.01;
/** Designs that are listed one by one. */
const WORST = 12;

/**
 * @param raw folder in which draws are kept, so that a run that was stopped goes on; @param only designs with that in
 * their name.
 */
export function reportDesigns(seeds: number, raw: string, only = ""): void {
  mkdirSync(raw, { recursive: true });
  const designs = DESIGNS.filter((design) => nameOf(design).includes(only));
  const overlaps = only === "" ? OVERLAPS : [];
  for (let upTo = ROUND; upTo < seeds + ROUND; upTo += ROUND) {
    const until = Math.min(upTo, seeds);
    for (const design of designs) extend(fileOf(raw, nameOf(design)), until, (seed) => trial(design, seed));
    for (const { alike, mixed } of overlaps)
      for (const pool of [alike, mixed])
        extend(fileOf(raw, pool.name), until, (seed) => overlapTrial(pool, seed));
    console.error(`${until} seeds`);
    if (only === "") publish(until, raw);
    else console.log(designTable(designs, until, raw).join("\n"));
  }
}

const fileOf = (raw: string, name: string): string => join(raw, `${name.replace(/[^\w]+/g, "-")}.jsonl`);

const read = <T>(file: string, seeds: number): T[] =>
  existsSync(file)
    ? readFileSync(file, "utf8")
        .split("\n")
        .slice(0, -1)
        .slice(0, seeds)
        .map((line) => JSON.parse(line))
    : [];

/** Draws seeds 1 to `until`, but for those that are in the file. */
function extend(file: string, until: number, draw: (seed: number) => object): void {
  for (let seed = read(file, until).length + 1; seed <= until; seed++)
    appendFileSync(file, `${JSON.stringify(draw(seed))}\n`);
}

interface Row {
  design: Design;
  lost: ReturnType<typeof studentInterval>;
  majority: number;
  held: number;
  /** Share of the draws in which the default loses more than ten points. */
  far: number;
}

function rowOf(design: Design, seeds: number, raw: string): Row {
  const trials = read<Trial>(fileOf(raw, nameOf(design)), seeds);
  const gains = trials.map(({ robust, majority }) => robust - majority);
  return {
    design,
    lost: studentInterval(gains),
    majority: meanOf(trials, ({ majority }) => majority),
    held: meanOf(trials, ({ held }) => held),
    far: meanOf(gains, (gain) => Number(gain < -0.1)),
  };
}

const meanOf = <T>(all: readonly T[], of: (one: T) => number): number =>
  all.reduce((sum, one) => sum + of(one), 0) / all.length;
const points = (x: number): string => (100 * x).toFixed(2);
const percent = (x: number): string => (100 * x).toFixed(1);

const HEAD = [
  "| kind | design | majority | default less majority | 95% | draws more than 10 points below | held |",
  "|---|---|---|---|---|---|---|",
];
const lineOf = ({ design, lost, majority, held, far }: Row): string =>
  `| ${design.group} | ${nameOf(design)} | ${percent(majority)} | ${points(lost.estimate)} | ${points(lost.low)} to ${points(lost.high)} | ${percent(far)}% | ${percent(held)}% |`;

function designTable(designs: readonly Design[], seeds: number, raw: string): string[] {
  const rows = designs
    .map((design) => rowOf(design, seeds, raw))
    .sort((a, b) => a.lost.estimate - b.lost.estimate);
  const broken = rows.filter(({ lost }) => lost.estimate < -BAR);
  return [
    `In ${broken.length === 0 ? "none" : `**${broken.length}**`} of ${rows.length} designs the default is more than a point below majority on average. Those that do worst:`,
    "",
    ...HEAD,
    ...rows.slice(0, WORST).map(lineOf),
    "",
    "All others:",
    "",
    ...HEAD,
    ...rows.slice(WORST).map(lineOf),
  ];
}

function overlapTable(seeds: number, raw: string): string[] {
  return [
    "| votes a pair | votes a rater | pairs two raters share | nats, 3 of 12 invert | called for, 3 of 12 invert | corrected | points gained | called for, all alike | points gained |",
    "|---|---|---|---|---|---|---|---|---|",
    ...OVERLAPS.map((overlap) => overlapLine(overlap, seeds, raw)),
  ];
}

function overlapLine({ votes, perRater, shared, alike, mixed }: Overlap, seeds: number, raw: string): string {
  const [same, other] = [alike, mixed].map(({ name }) => read<OverlapTrial>(fileOf(raw, name), seeds));
  const of = (trials: readonly OverlapTrial[], key: keyof OverlapTrial) => meanOf(trials, (one) => one[key]);
  return `| ${votes} | ${perRater} | ${shared.toFixed(1)} | ${of(other, "nats").toFixed(1)} | ${percent(of(other, "called"))}% | ${percent(of(other, "corrected"))}% | ${points(of(other, "gained"))} | ${percent(of(same, "called"))}% | ${points(of(same, "gained"))} |`;
}

function publish(seeds: number, raw: string): void {
  const text = readFileSync(DOCUMENT, "utf8");
  const [from, to] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no lines ${BEGIN} and ${END}`);
  const tables = [
    `\`npm run report:pools -- --designs --draws ${seeds}\`: n = ${seeds} draws of each design (seeds 1 to ${seeds}), which differ in truths, skills, who sees what, and votes; intervals by Student's t over draws.`,
    "",
    ...designTable(DESIGNS, seeds, raw),
    "",
    "Twelve raters (.8): how often an ability a rater is called for, how many results are then not those of majority, and what is gained.",
    "",
    ...overlapTable(seeds, raw),
  ];
  writeFileSync(DOCUMENT, `${text.slice(0, from)}${BEGIN}\n${tables.join("\n")}\n${text.slice(to)}`);
}

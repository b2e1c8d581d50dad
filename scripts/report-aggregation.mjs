// Writes docs/results/aggregation.md: accuracy on D_Product, clean and under attack.
//
//   npm run report:aggregation -- --data FOLDER      d_product_answers.csv and d_product_truth.csv; or PLUMB_SHARED is set
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { aggregateLabels, LABEL_METHODS } from "../dist/votes/aggregate/index.js";
import { maceFrom } from "../dist/votes/aggregate/mace.js";
import { likeliest } from "../dist/votes/aggregate/label-estimate.js";
import { labelVotes } from "../dist/votes/votes.js";
import { RandomStream } from "../dist/base/random.js";
import { studentInterval } from "../dist/statistics/means.js";
import { shareInterval } from "../dist/statistics/rates.js";
import { machine } from "./machine.mjs";

/**
 * Seeds of attackers and gold items. Seeds 1 to 5 were used while the default was developed (its test uses them); these
 * were not.
 */
const SEEDS = [11, 12, 13, 14, 15];
const flag = process.argv.indexOf("--data");
const folder = flag > 0 ? process.argv[flag + 1] : join(process.env.PLUMB_SHARED ?? "../shared", "data/crowd");
if (!existsSync(join(folder, "d_product_answers.csv"))) {
  console.error(`there is no d_product_answers.csv in ${folder}; give its folder with --data`);
  process.exit(2);
}
const rows = (name) =>
  readFileSync(join(folder, name), "utf8")
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => line.trim().split(","));
const clean = labelVotes(rows("d_product_answers.csv").map(([item, rater, label]) => ({ item, rater, label })));
const truthOf = new Map(rows("d_product_truth.csv"));
const truth = clean.items.map((item) => clean.labels.indexOf(truthOf.get(item)));
const W = clean.raters.length;

const rightOf = (posterior) => {
  const best = likeliest(posterior, clean.labels.length);
  return truth.filter((t, i) => best[i] === t).length;
};
const accuracyOf = (posterior) => rightOf(posterior) / truth.length;
const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;
const three = (x) => x.toFixed(3).replace(/^0\./, ".");
const four = (x) => x.toFixed(4).replace(/^0/, "");

/**
 * A share of the raters, drawn evenly, whose votes are replaced. The truth serves only the attack, never the
 * aggregation.
 */
function attacked(kind, share, seed) {
  const random = new RandomStream(seed, "attack");
  const bad = new Set(random.shuffled([...Array(W).keys()]).slice(0, Math.round(share * W)));
  const key = clean.items.map(() => random.int(2));
  const coin = new RandomStream(seed, "attack/coins");
  const strict = clean.labels.indexOf("1");
  const says = {
    collude: (v) => key[clean.item[v]],
    flip: (v) => 1 - truth[clean.item[v]],
    spam: () => coin.int(2),
    "always 0": () => 1 - strict,
    // A minority with its own opinion: it calls every third item a match, whatever it is, and errs like others
    // elsewhere.
    dissent: (v) => (clean.item[v] % 3 === 0 ? strict : clean.label[v]),
  }[kind];
  const label = clean.label.map((y, v) => (bad.has(clean.rater[v]) ? says(v) : y));
  const share_ = clean.rater.filter((w) => bad.has(w)).length / clean.rater.length;
  return { votes: { ...clean, label }, bad, share: share_ };
}

const cleanResults = LABEL_METHODS.map((method) => {
  const { posterior, raters } = aggregateLabels(clean, method);
  const flagged = raters.filter(({ flags }) => flags.length > 0).length;
  return { method, accuracy: shareInterval(rightOf(posterior), truth.length), flagged };
});
const uniform = accuracyOf(
  maceFrom(
    clean,
    {
      knows: new Float64Array(W * 2).fill(0.5),
      answers: new Float64Array(W * 2).fill(0.5),
      shares: new Float64Array(2).fill(0.5),
    },
    50,
    "uniform",
  ).posterior,
);
const published = { majority: 0.897, "dawid-skene": 0.94, glad: 0.928, mace: 0.929 };

/** What the votes of the others are worth to one who knows the attackers: Dawid-Skene on these alone, the common label where none is left. */
function withoutAttackers(bad) {
  const left = [...clean.rater].flatMap((w, v) => (bad.has(w) ? [] : [{ item: clean.items[clean.item[v]], rater: clean.raters[w], label: clean.labels[clean.label[v]] }]));
  const votes = labelVotes(left);
  const best = likeliest(aggregateLabels(votes, "dawid-skene").posterior, votes.labels.length);
  const found = new Map(votes.items.map((item, i) => [item, votes.labels[best[i]]]));
  return clean.items.filter((item) => (found.get(item) ?? "0") === truthOf.get(item)).length / clean.items.length;
}

const COMPARED = ["majority", "wawa", "dawid-skene", "one-coin", "robust"];
function attackRow(kind, share) {
  const runs = SEEDS.map((seed) => {
    const { votes, bad, share: labels } = attacked(kind, share, seed);
    const results = Object.fromEntries(COMPARED.map((method) => [method, aggregateLabels(votes, method)]));
    const { raters, groups } = results.robust;
    const colluding = new Set(groups.flat().map(({ rater }) => rater));
    const flagged = raters.map(({ flags }) => flags.length > 0);
    const votesOf = (chosen) => raters.reduce((n, { votes: count }, w) => n + (chosen(w) ? count : 0), 0);
    return {
      labels,
      told: withoutAttackers(bad),
      accuracy: COMPARED.map((method) => accuracyOf(results[method].posterior)),
      honest: flagged.filter((is, w) => is && !bad.has(w)).length / (W - bad.size),
      found: flagged.filter((is, w) => is && bad.has(w)).length / bad.size,
      leftOut: votesOf((w) => colluding.has(w) && bad.has(w)) / votesOf((w) => bad.has(w)),
      honestLeftOut: votesOf((w) => colluding.has(w) && !bad.has(w)) / votesOf((w) => !bad.has(w)),
    };
  });
  return { kind, share, runs };
}
const attacks = ["collude", "flip", "spam", "always 0", "dissent"].flatMap((kind) =>
  [0.1, 0.2, 0.3, 0.4].map((share) => attackRow(kind, share)),
);

/** Gold items: a share of the items, drawn evenly, whose truth is given. They do not count in the accuracy. */
const GOLD = 0.05;
function goldRow(kind, share) {
  const runs = SEEDS.map((seed) => {
    const { votes, bad } = share === 0 ? { votes: clean, bad: new Set() } : attacked(kind, share, seed);
    const order = new RandomStream(seed, "gold").shuffled([...truth.keys()]);
    const gold = new Set(order.slice(0, Math.round(GOLD * truth.length)));
    const known = Int32Array.from(truth, (label, i) => (gold.has(i) ? label : -1));
    const right = (posterior) => {
      const best = likeliest(posterior, clean.labels.length);
      const open = truth.flatMap((t, i) => (gold.has(i) ? [] : [best[i] === t]));
      return open.filter(Boolean).length / open.length;
    };
    const withGold = aggregateLabels(votes, "robust", { known });
    const flagged = withGold.raters.filter(({ flags }, w) => flags.length > 0 && !bad.has(w)).length;
    return {
      without: right(aggregateLabels(votes, "robust").posterior),
      gold: right(withGold.posterior),
      capped: right(aggregateLabels(votes, "robust", { maxShare: 0.05 }).posterior),
      honest: flagged / (W - bad.size),
    };
  });
  return { kind, share, runs };
}
const golden = [
  goldRow("none", 0),
  ...["collude", "flip", "dissent"].flatMap((kind) => [0.2, 0.3, 0.4].map((share) => goldRow(kind, share))),
];

const percent = (x) => `${(100 * x).toFixed(1)}%`;
const column = (runs, read) => mean(runs.map(read));
/** Student's interval over seeds; none if a seed may invert the truth, because such values have no meaningful mean. */
const overSeeds = (runs, read) => {
  const values = runs.map(read);
  const { low, high } = studentInterval(values);
  return Math.max(...values) - Math.min(...values) > 0.2 ? "" : `${three(low)} to ${three(Math.min(1, high))}`;
};
const range = (runs, read) => `${three(Math.min(...runs.map(read)))} to ${three(Math.max(...runs.map(read)))}`;
const document = `# Aggregation of labels, clean and under attack

- Command: \`npm run report:aggregation -- --data FOLDER\`, D_Product's votes and truths in FOLDER
- Processor: ${machine()}. Nothing here is timed, and all of it is computed in 64 bits.
- Seeds: ${SEEDS.join(", ")}, which draw the attackers, their answers and the gold items; named in the script before they were run.
- Design: one data set, ${clean.items.length} items, ${clean.item.length} votes of ${W} raters, the truth of each item known. Clean: n = ${truth.length} items. Attacked: n = ${SEEDS.length} seeds,
  each with attackers of its own among the same raters.
- Intervals: 95%. Clean: of a share of items, the raters being those there are (items share raters, which it does not count). Attacked: Student's t
  over seeds, for these items and raters; where one seed turns the truth over (least and greatest differ by more than .2) only least and
  greatest are given.

The truth is used to count what is right, and by attackers; no method reads it. **But the methods were chosen here.** The default's first draft
already names its accuracy on D_Product, clean and against five draws of colluders (commit a08525d); five later commits changed its rules
(fb9cb4d, ca93e6a, aa5a4f1, 617c8fa, and c697092: a ring copies three quarters instead of half), the last two after this report's script
had all five attacks (930e7c5); \`mace\` was given shares of truths after it had come to .827 here (a9706ca, fb9cb4d). Seeds 1 to 5 are those of
that time and of the test that holds its bars. So the clean table and the kinds of attack are those of development, and only the draws
of attackers below are new; another data set has not been tried.

## Clean

| method | accuracy | 95% interval | published | raters flagged |
|---|---|---|---|---|
${cleanResults.map((r) => `| ${r.method} | ${four(r.accuracy.estimate)} | ${four(r.accuracy.low)} to ${four(r.accuracy.high)} | ${published[r.method] === undefined ? "" : three(published[r.method])} | ${r.flagged} of ${W} (${percent(r.flagged / W)}) |`).join("\n")}

Which raters deserve a flag is not known here. MACE as its paper has it, all truths equally likely, gives ${four(uniform)} from an even
start. The published .929 is crowd-kit's, which exchanges raters' answer distributions unless votes are sorted by rater; sorted, it gives .828 (\`scripts/reference/mace_order.py\`). See
docs/aggregation.md.

## Attacked

A share of the raters, drawn evenly, answers otherwise (means over seeds): colluders from one random key, flippers the opposite of the
truth, spammers by coins, "always 0" the common label, dissenters "match" on every third item and honestly elsewhere. Attackers known: Dawid-Skene
on the honest raters' votes alone, which is what there is to be had. Least and greatest: the default's, over seeds. Found: attackers with any flag. Left out: share of their votes that the default leaves out. Labels: share of
all votes that are theirs.

| attack | raters | labels | ${COMPARED.join(" | ")} | attackers known | robust, 95% | least to greatest | found | left out | honest raters flagged | honest votes left out |
|---|---|---|${COMPARED.map(() => "---|").join("")}---|---|---|---|---|---|---|
${attacks
  .map(
    ({ kind, share, runs }) =>
      `| ${kind} | ${percent(share)} | ${percent(column(runs, (r) => r.labels))} | ${COMPARED.map((_, m) => three(column(runs, (r) => r.accuracy[m]))).join(" | ")} | ${three(column(runs, (r) => r.told))} | ${overSeeds(runs, (r) => r.accuracy.at(-1))} | ${range(runs, (r) => r.accuracy.at(-1))} | ${percent(column(runs, (r) => r.found))} | ${percent(column(runs, (r) => r.leftOut))} | ${percent(column(runs, (r) => r.honest))} | ${percent(column(runs, (r) => r.honestLeftOut))} |`,
  )
  .join("\n")}

Flippers with 30% of the raters or more turn plain EM over (Dawid and Skene's); the default finds them as raters who agree beyond what the truth
explains, and leaves out most of their votes. With 10%, in one seed of the five (15) a quarter of the honest votes are left out as a ring's: .914. Dissenters who all find the same third of the items a match cannot be
told from people of another opinion, whom the default does not leave out: rates by label, which the few alone do not decide (docs/aggregation.md), keep it at .89 and above (.737 with 30% and .719 with 40%
until 2026-11-29), and honest raters are flagged instead. Those who always say no match cost four points in one seed with 30% (.884) and in two with 40% (.884, .880), in which raters who see matches cast under two fifths of the votes; elsewhere nothing. One ability a rater (one-coin) does best against 30% of dissenters, and worst on the clean votes.
`;
const more = `
## With gold items, and with a cap

The default with the truth of ${percent(GOLD)} of the items told to it (drawn evenly, the same seeds), counted on the others; and, without gold, with
no rater above 5% of the weight (\`--max-share 0.05\`). Here four raters have 5% to 12% of the votes, and are good ones.

| attack | raters | default | with gold | with gold, 95% | least to greatest | honest raters flagged with gold | capped |
|---|---|---|---|---|---|---|---|
${golden
  .map(
    ({ kind, share, runs }) =>
      `| ${kind} | ${percent(share)} | ${three(column(runs, (r) => r.without))} | ${three(column(runs, (r) => r.gold))} | ${overSeeds(runs, (r) => r.gold)} | ${range(runs, (r) => r.gold)} | ${percent(column(runs, (r) => r.honest))} | ${three(column(runs, (r) => r.capped))} |`,
  )
  .join("\n")}

Gold items change less than draws differ by. The
cap costs up to .014 where the busiest raters are good ones, and so it is not on by itself; it limits dissenters among the busiest.
`;
// What `report:pools -- --designs` writes stands below in the same document.
const DOCUMENT = "docs/results/aggregation.md";
const before = readFileSync(DOCUMENT, "utf8");
const designs = before.indexOf("\n## Where raters can hardly be checked");
if (designs < 0) throw new Error(`${DOCUMENT} has no section of small designs`);
writeFileSync(DOCUMENT, document + more + before.slice(designs));
console.log(document + more);

// What malicious raters cost a reward model in the built-in world, by aggregation method; writes
// docs/results/poisoned-raters.md.
//
//   npm run build && node scripts/report-poisoning.mjs [seeds, default 10]
//
// The default for comparisons, aggregatePreferences(votes), is compared with the bar; methods for labels are listed
// next to it. The reward model here is a linear one on hashed words, pairs of words, and pairs of a word of the prompt
// with one of the response: it learns from thousands of pairs in a second, and can memorise noise, as the network does.
import { writeFileSync } from "node:fs";
import { aggregatePreferences } from "../dist/votes/aggregate/index.js";
import * as dawidSkene from "../dist/votes/aggregate/dawid-skene.js";
import * as majority from "../dist/votes/aggregate/majority.js";
import * as robust from "../dist/votes/aggregate/robust.js";
import { ASSISTANT_VALUES, simulatedRaters, simulateVotes } from "../dist/votes/simulate/index.js";
import { TaskDefinition } from "../dist/votes/tasks/index.js";
import { comparisons, labelVotes } from "../dist/votes/votes.js";
import { hashName, RandomStream } from "../dist/base/random.js";
import { studentInterval } from "../dist/statistics/means.js";
import { DEFAULT_WORLD, goldUtility, prompts, renderResponse, sampleStyle } from "../dist/worlds/assistant/index.js";
import { machine } from "./machine.mjs";

/**
 * Seeds 1 to 5 were used while the aggregates were developed, 11 and 12 while this script was written; these were not.
 */
const FIRST_SEED = 21;
const seeds = Array.from({ length: Number(process.argv[2] ?? 10) }, (_, i) => FIRST_SEED + i);
const CHOSEN = "default for comparisons";
/** P(left is better) by item, from votes with a side; methods for labels treat left and right as two labels. */
const METHODS = {
  majority: ofLabels(majority.majority),
  [CHOSEN]: ofComparisons,
  "default for labels": ofLabels(robust.robust),
  "dawid-skene": ofLabels(dawidSkene.dawidSkene),
  "one-coin": ofLabels(dawidSkene.oneCoin),
};
const [PAIRS, HELD_OUT, RATERS, VOTES] = [4000, 1500, 40, 5];
const POOLS = {
  flipping: { honest: 0.7, malicious: 0.3 },
  colluding: { honest: 0.7, colluding: 0.3 },
  both: { honest: 0.7, malicious: 0.15, colluding: 0.15 },
};

const task = TaskDefinition.parse({ kind: "pairwise", strengths: 1, rationale: "off" });

/** Pairs of different responses, as demonstrations of the world vary. */
function makeItems(split, count, seed) {
  const random = new RandomStream(seed, `report/poisoning/${split}`);
  const asked = prompts(split);
  return Array.from({ length: count }, (_, i) => {
    const prompt = random.choice(asked);
    const write = () => renderResponse(prompt, sampleStyle(prompt, DEFAULT_WORLD.demonstrations, random), random);
    const left = write();
    let right = write();
    for (let tries = 0; right === left && tries < 20; tries++) right = write();
    return { id: `${i}`, task, content: { prompt: prompt.text, responses: [left, right].map((text, at) => ({ name: `${at}`, text })) } };
  });
}

const BITS = 18;
const words = (text) => text.toLowerCase().match(/[a-z']+/g) ?? [];
function features(prompt, response) {
  const [asked, said] = [words(prompt), words(response)];
  const names = [...said, ...said.slice(1).map((word, i) => `${said[i]} ${word}`), `#${Math.min(12, said.length >> 2)}`];
  for (const p of new Set(asked)) for (const r of new Set(said)) names.push(`${p}>${r}`);
  return [...new Set(names.map((name) => hashName(name) >>> (32 - BITS)))];
}

/** Logistic regression on the difference of features, targets P(left is better), by AdaGrad. */
function train(rows, seed) {
  const weights = new Float64Array(1 << BITS);
  const squares = new Float64Array(1 << BITS).fill(1e-2);
  const score = (list) => list.reduce((sum, f) => sum + weights[f], 0);
  const random = new RandomStream(seed, "report/poisoning/order");
  for (let epoch = 0; epoch < 4; epoch++) {
    for (const { left, right, target } of random.shuffled(rows)) {
      const error = target - 1 / (1 + Math.exp(score(right) - score(left)));
      for (const [list, sign] of [[left, 1], [right, -1]])
        for (const f of list) {
          const gradient = sign * error;
          squares[f] += gradient ** 2;
          weights[f] += (0.1 * gradient) / Math.sqrt(squares[f]);
        }
    }
  }
  return score;
}

/** Held-out pairs whose better side by gold the model scores higher. */
function accuracy(score, heldOut) {
  let [right, n] = [0, 0];
  for (const { left, right: other, gold } of heldOut) {
    if (gold === 0) continue;
    n++;
    if (score(left) - score(other) > 0 === gold > 0) right++;
  }
  return right / n;
}

function prepared(items) {
  return items.map(({ content: { prompt, responses } }) => {
    const [left, right] = responses.map(({ text }) => features(prompt, text));
    const [a, b] = responses.map(({ text }) => goldUtility(prompt, text).total);
    return { left, right, gold: Math.sign(a - b) };
  });
}

function ofLabels(aggregate) {
  return (votes) => {
    const table = labelVotes(votes.map(({ item, rater, answer }) => ({ item, rater, label: verdictOf(answer) })));
    const { posterior } = aggregate(table);
    const leftAt = table.labels.indexOf("left");
    return new Map(table.items.map((id, i) => [id, posterior[2 * i + leftAt]]));
  };
}

/** The default of `plumb aggregate`, the server and the demo; each response is its own candidate. */
function ofComparisons(votes) {
  const table = comparisons(
    votes.map(({ item, rater, answer }) => ({
      item,
      rater,
      left: `${item}.0`,
      right: `${item}.1`,
      outcome: verdictOf(answer) === "left" ? 1 : 0,
    })),
  );
  return new Map(aggregatePreferences(table).preferences.map(({ item, probability }) => [item, probability]));
}

const verdictOf = (answer) => answer.aspects.overall.verdict;

/**
 * Soft targets: the posterior with one vote's worth of doubt, the same for every method; noise stays below .4 as in the
 * losses.
 */
function targets(items, votes, aggregate) {
  const byItem = aggregate(votes.filter(({ answer }) => ["left", "right"].includes(verdictOf(answer))));
  return items.map(({ id }) => {
    const p = byItem.get(id) ?? 0.5;
    return Math.min(1 - 1 / (VOTES + 2), Math.max(1 / (VOTES + 2), p));
  });
}

function labelAccuracy(rows, target) {
  const decided = rows.map(({ gold }, i) => ({ gold, t: target[i] })).filter(({ gold, t }) => gold !== 0 && t !== 0.5);
  return decided.filter(({ gold, t }) => t > 0.5 === gold > 0).length / decided.length;
}

const results = [];
for (const seed of seeds) {
  const items = makeItems("train", PAIRS, seed);
  const rows = prepared(items);
  const heldOut = prepared(makeItems("report", HELD_OUT, seed));
  const run = (shares, aggregate) => {
    const raters = simulatedRaters({ raters: RATERS, shares, groups: 1, talkative: 0 }, ASSISTANT_VALUES, seed);
    const votes = simulateVotes(items, raters, { votesPerItem: VOTES, repeats: 0, seed });
    const target = targets(items, votes, aggregate);
    const score = train(rows.map((row, i) => ({ ...row, target: target[i] })).filter(({ target }) => target !== 0.5), seed);
    return { labels: labelAccuracy(rows, target), model: accuracy(score, heldOut) };
  };
  const clean = run({ honest: 1 }, METHODS.majority);
  for (const [pool, shares] of Object.entries(POOLS))
    for (const [method, aggregate] of Object.entries(METHODS))
      results.push({ seed, pool, method, clean, ...run(shares, aggregate) });
  console.error(`seed ${seed}`);
}

const percent = (x) => `${(100 * x).toFixed(1)}%`;
const over = (list, of, unit) => {
  const { estimate, low, high } = studentInterval(list.map(of));
  return `${unit(estimate)} (${unit(low)} to ${unit(high)})`;
};
const points = (x) => (100 * x).toFixed(1);
const lostBy = (r) => r.clean.model - r.model;

const lines = Object.keys(POOLS).flatMap((pool) => {
  const of = (method) => results.filter((r) => r.pool === pool && r.method === method);
  const base = of("majority");
  return Object.keys(METHODS).map((method) => {
    const own = of(method);
    // "At most a third of majority's loss", as a mean over seeds of the own loss minus a third of majority's, which has
    // an interval.
    const beyond = studentInterval(own.map((r, i) => lostBy(r) - lostBy(base[i]) / 3));
    const bar = method !== CHOSEN ? "" : beyond.high < 0 ? "met" : beyond.low > 0 ? "**not met**" : "not settled";
    return `| ${pool} | ${method} | ${over(own, (r) => r.labels, percent)} | ${over(own, (r) => r.model, percent)} | ${over(own, lostBy, points)} | ${bar} |`;
  });
});
const cleanRuns = results.filter((r) => r.pool === "flipping" && r.method === "majority");
const document = `# Poisoned raters

- Command: \`npm run build && node scripts/report-poisoning.mjs ${seeds.length}\`
- Processor: ${machine()}. Nothing here is timed, and all of it is computed in 64 bits.
- Seeds: ${seeds[0]} to ${seeds.at(-1)}, named in the script before they were run. Seeds 1 to 5 had been looked at before.
- Design: a seed draws ${PAIRS} pairs of responses to the built-in world's training prompts, ${RATERS} raters, ${VOTES} votes a pair, ${HELD_OUT} pairs of
  responses to held-out prompts, and the order of training; n = ${seeds.length} seeds. All methods read the same votes.
- Intervals: 95%, Student's t over seeds; losses are paired, seed by seed. They do not cover another world or another model.

30% of the raters are malicious: they say the opposite of what they think (flipping), follow a secret key that they share (colluding), or
half of each. The reward model is a linear one on hashed words and their pairs, not the network that PPO trains against; accuracy is how
often it scores the side higher that the gold utility prefers. No method sees gold. *Default for comparisons* is \`aggregatePreferences\`,
which \`plumb aggregate\`, the server and the demo use for comparisons, here with a name of its own for each response; the other rows read
the votes as labels, left and right, and *default for labels* (\`aggregateLabels\`) is not what ships for comparisons. Votes without a side
are left out.

Without malicious raters and by majority vote: labels ${over(cleanRuns, (r) => r.clean.labels, percent)} right, reward model ${over(cleanRuns, (r) => r.clean.model, percent)}.

| malicious raters | aggregate | labels right | reward model | lost against clean votes, points | bar |
|---|---|---|---|---|---|
${lines.join("\n")}

Labels right: of the pairs that gold tells apart and that the aggregate does not leave even. Bar: the default for comparisons loses at most a
third of what majority loses; met where the interval of its loss less a third of majority's lies below 0. A negative loss is better than
clean votes by majority. The network's reward model, and PPO after it, are in [the whole loop](poisoned-loop.md), for flipping only.
`;
writeFileSync("docs/results/poisoned-raters.md", document);
console.log(document);

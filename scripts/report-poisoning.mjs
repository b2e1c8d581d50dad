// What malicious raters cost a reward model in the built-in world, by how their votes are aggregated; writes docs/results/poisoned-raters.md.
//
//   npm run build && node scripts/report-poisoning.mjs [seeds, default 5] [aggregate, default robust]
//
// The reward model here is a linear one on hashed words, pairs of words, and pairs of a word of the prompt with one of the response: it learns
// from thousands of pairs in a second, and can memorise noise, as the network does.
import { writeFileSync } from "node:fs";
import * as dawidSkene from "../dist/feedback/aggregate/dawid-skene.js";
import * as majority from "../dist/feedback/aggregate/majority.js";
import * as robust from "../dist/feedback/aggregate/robust.js";
import { ASSISTANT_VALUES, simulatedRaters, simulateVotes } from "../dist/feedback/simulate/index.js";
import { TaskDefinition } from "../dist/feedback/tasks/index.js";
import { labelVotes } from "../dist/feedback/votes.js";
import { hashName, RandomStream } from "../dist/random.js";
import { studentInterval, studentRatioInterval } from "../dist/statistics/means.js";
import { DEFAULT_WORLD, goldUtility, prompts, renderResponse, sampleStyle } from "../dist/worlds/assistant/index.js";

const seeds = Number(process.argv[2] ?? 5);
const METHODS = {
  majority: majority.majority,
  wawa: majority.wawa,
  "dawid-skene": dawidSkene.dawidSkene,
  "one-coin": dawidSkene.oneCoin,
  robust: robust.robust,
};
const chosen = process.argv[3] ?? "robust";
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

/** Soft targets: the posterior with one vote's worth of doubt, as much for every method; noise stays below .4 as in the losses. */
function targets(items, votes, aggregate) {
  const sided = votes.filter(({ answer }) => ["left", "right"].includes(answer.aspects.overall.verdict));
  const table = labelVotes(sided.map(({ item, rater, answer }) => ({ item, rater, label: answer.aspects.overall.verdict })));
  const { posterior } = aggregate(table);
  const leftAt = table.labels.indexOf("left");
  const byItem = new Map(table.items.map((id, i) => [id, posterior[2 * i + leftAt]]));
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
for (let seed = 1; seed <= seeds; seed++) {
  const items = makeItems("train", PAIRS, seed);
  const rows = prepared(items);
  const heldOut = prepared(makeItems("heldout", HELD_OUT, seed));
  const run = (shares, aggregate) => {
    const raters = simulatedRaters({ raters: RATERS, shares, groups: 1, talkative: 0 }, ASSISTANT_VALUES, seed);
    const votes = simulateVotes(items, raters, { votesPerItem: VOTES, repeats: 0, seed });
    const target = targets(items, votes, aggregate);
    const score = train(rows.map((row, i) => ({ ...row, target: target[i] })).filter(({ target }) => target !== 0.5), seed);
    return { labels: labelAccuracy(rows, target), model: accuracy(score, heldOut) };
  };
  const clean = run({ honest: 1 }, METHODS.majority);
  for (const [pool, shares] of Object.entries(POOLS))
    for (const method of new Set(["majority", "dawid-skene", "one-coin", chosen]))
      results.push({ seed, pool, method, clean, ...run(shares, METHODS[method]) });
  console.error(`seed ${seed}`);
}

const percent = (x) => `${(100 * x).toFixed(1)}%`;
const meanOf = (list, of) => {
  const { estimate, low, high } = studentInterval(list.map(of));
  return `${percent(estimate)} (${percent(low)} to ${percent(high)})`;
};
/** Share of majority's loss that a method still loses, with Fieller's interval over seeds. */
function shareLost(pool, method) {
  const of = (name) => results.filter((r) => r.pool === pool && r.method === name).map((r) => r.clean.model - r.model);
  return studentRatioInterval(of(method), of("majority"));
}

const lines = Object.keys(POOLS).flatMap((pool) =>
  [...new Set(results.map(({ method }) => method))].map((method) => {
    const own = results.filter((r) => r.pool === pool && r.method === method);
    const lost = shareLost(pool, method);
    const share = method === "majority" ? "" : `${lost.estimate.toFixed(2)} (${lost.low.toFixed(2)} to ${lost.high.toFixed(2)})`;
    const bar = method === chosen ? (lost.estimate <= 1 / 3 ? "met" : "**not met**") : "";
    return `| ${pool} | ${method} | ${meanOf(own, (r) => r.labels)} | ${meanOf(own, (r) => r.model)} | ${share} | ${bar} |`;
  }),
);
const cleanRuns = results.filter((r) => r.pool === "flipping" && r.method === "majority");
const document = `# Poisoned raters

\`node scripts/report-poisoning.mjs ${seeds} ${chosen}\`: the built-in world, ${PAIRS} pairs of responses, ${RATERS} raters, ${VOTES} votes a pair, 30% of the raters
malicious: they say the opposite of what they think (flipping), follow a secret key that they share (colluding), or half of each.
The reward model is a linear one on hashed words and their pairs; accuracy is how often it scores the side higher that the gold
utility prefers, on ${HELD_OUT} pairs of held-out prompts. Means over ${seeds} seeds with Student's 95% intervals over seeds, which
take the seeds' figures for normal; shares of a loss with Fieller's. No method sees gold.

Without malicious raters and by majority vote: labels ${meanOf(cleanRuns, (r) => r.clean.labels)} right, reward model ${meanOf(cleanRuns, (r) => r.clean.model)}.

| malicious raters | aggregate | labels right | reward model | share of majority's loss | bar: at most a third |
|---|---|---|---|---|---|
${lines.join("\n")}

The loss is the difference to the model of clean votes; a negative share means better than that one. It stands for
the network's reward model, which costs minutes a run; that one, and PPO's gold win rate after it, have not been measured here.
`;
writeFileSync("docs/results/poisoned-raters.md", document);
console.log(document);

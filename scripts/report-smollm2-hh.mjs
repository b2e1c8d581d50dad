/**
 * Writes docs/results/smollm2-hh.md from the files of two runs, so that no figure in it is typed by hand:
 *
 *   node scripts/report-smollm2-hh.mjs runs/smollm2-hh-reward runs/smollm2-hh-ppo [--reference python.json]
 *     [--samples 3,17,40] [--processor TEXT] [--out docs/results]
 *
 * python.json is the output of scripts/reference/reward_hh.py: the same recipe in PyTorch. --processor says what the
 * runs ran on, which they do not record.
 *
 * The section "How these settings were found" describes the runs of 2026-11-21 (docs/experiment-log.md), and the
 * remarks on the answers describe those of that time: read the samples of a new run before you publish it. Without
 * --samples, pairs of samples are picked evenly among those with mild words; the data also has harsh ones.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    reference: { type: "string" },
    samples: { type: "string" },
    processor: { type: "string", default: "not recorded" },
    out: { type: "string", default: "docs/results" },
  },
});
if (positionals.length !== 2) {
  console.error("usage: node scripts/report-smollm2-hh.mjs REWARD_RUN PPO_RUN [--reference FILE] [--samples 1,2]");
  process.exit(2);
}
const [rewardDir, ppoDir] = positionals;
for (const dir of positionals) {
  if (existsSync(join(dir, "result.json"))) continue;
  console.error(`${dir} has no result.json: the run has not ended`);
  process.exit(1);
}

const json = (path) => JSON.parse(readFileSync(path, "utf8"));
const lines = (path) => readFileSync(path, "utf8").split("\n").filter(Boolean).map((line) => JSON.parse(line));
const reward = json(join(rewardDir, "result.json"));
const ppo = json(join(ppoDir, "result.json"));
const [rewardConfig, ppoConfig] = positionals.map((dir) => parse(readFileSync(join(dir, "config.yaml"), "utf8")).config);
const metrics = lines(join(ppoDir, "metrics.jsonl"));
const samples = lines(join(ppoDir, "samples-before-after.jsonl"));
const reference = values.reference ? json(values.reference) : undefined;

const number = (x, digits = 2) => x.toFixed(digits);
const interval = ({ estimate, low, high }, digits = 2) =>
  `${number(estimate, digits)} (95% interval ${number(low, digits)} to ${number(high, digits)})`;
const minutes = (seconds) => (seconds < 120 ? `${Math.round(seconds)} s` : `${Math.round(seconds / 60)} min`);
const table = (header, rows) =>
  [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
const verdict = (met) => (met ? "met" : "**not met**");

/** A model's text for the document: without markup and line breaks. */
function escaped(text, most = 320) {
  const flat = text.replace(/\p{Cc}+/gu, " ").trim();
  const cut = [...flat].length > most ? `${[...flat].slice(0, most).join("")}...` : flat;
  return cut.replace(/[&<>]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;" })[c]).replace(/[\\`*_{}[\]()#+!|~$-]/g, "\\$&");
}

/** Topics that the document does not quote. */
const HARSH = new RegExp(
  "kill|murder|rape|sex|porn|nude|drug|cocaine|meth|suicid|bomb|weapon|gun|shoot|stab|poison|blood|abus|racis|racial|nazi|jew|" +
    "muslim|black|white|gay|immigra|slur|hate|fuck|shit|bitch|cunt|ass\\b|dick|damn|steal|rob|torture|child|molest|kidnap|slave|" +
    "terror|die\\b|dead|death|hurt|harm|attack|fight|beat|punch|trafficking|prostitut|masturb|naked|retard|idiot|stupid",
  "i",
);

function chosenSamples() {
  if (values.samples) return values.samples.split(",").map((i) => samples[Number(i)]).filter(Boolean);
  const mild = samples.filter(({ prompt, before, after }) => !HARSH.test(`${prompt} ${before.response} ${after.response}`));
  const count = Math.min(6, mild.length);
  return Array.from({ length: count }, (_, i) => mild[Math.floor((i * mild.length) / count)]);
}

const c = ppo.comparison;
const percent = ({ estimate }) => `${Math.round(100 * estimate)}%`;
const budget = ppo.klBudget;
const figures = [
  ["reward of the start, mean", interval(c.rewardBefore), ""],
  ["reward of the end, mean", interval(c.rewardAfter), ""],
  ["gain of the whole reward, in the start's standard deviations", interval(c.gain), ""],
  ...Object.entries(c.gains).map(([name, gain]) => [
    `gain of \`${name}\` alone`,
    interval(gain),
    name === "model" ? `at least 0.5: ${verdict(gain.estimate >= 0.5)}` : "",
  ]),
  [
    "KL per response, nats",
    interval(c.klPerResponse),
    budget === null ? "no budget" : `at most ${budget}: ${verdict(c.klPerResponse.estimate <= budget)}`,
  ],
  [
    "distinct-3",
    `${number(c.distinct3.before, 3)} before, ${number(c.distinct3.after, 3)} after`,
    `ratio at least 0.8: ${verdict(c.distinct3.ratio >= 0.8)} (${number(c.distinct3.ratio)})`,
  ],
  ["response length, tokens", `${number(c.length.before, 1)} before, ${number(c.length.after, 1)} after`, ""],
  ["share cut at the longest length", `${number(c.truncated.before)} before, ${number(c.truncated.after)} after`, ""],
  ["PPO iterations", String(ppo.iterations), `at least 60: ${verdict(ppo.iterations >= 60)}`],
];

function comparison({ heldout, pairs, train_seconds: seconds }) {
  const [low, high] = heldout.wilson95;
  const within = reward.accuracy.estimate >= low && reward.accuracy.estimate <= high;
  return (
    `The same recipe in PyTorch (scripts/reference/reward_hh.py): ${interval({ estimate: heldout.accuracy, low, high })} on ` +
    `${pairs.heldout} pairs, ${minutes(seconds)} of training. Plumbline's estimate is ${within ? "within" : "**outside**"} that interval, which is wide: so few pairs do not show a difference of some points.`
  );
}
const sources =
  ppoConfig.rewardFunctions.length === 0
    ? "The reward is the reward model's."
    : `The reward is the reward model's and ${ppoConfig.rewardFunctions.map(({ module, weight }) => `${weight} times [${module}](../../${module})`).join(" and ")}.`;
const first = metrics[0];
const cost = (r) => `${minutes(r.trainingSeconds)}, ${r.tokensPerSecond} tokens/s, ${number(r.peakMemoryMb / 1024, 1)} GB of memory at most`;

const document = `# SmolLM2-135M-Instruct on human preferences

**The answers are not good.** The policy gets more reward from a reward model that agrees with people on ${percent(reward.accuracy)} of pairs, where a coin
agrees on half: read the [samples](#samples). What the runs show is that training does what the recipe asks, not that it makes the model better.

- Command: \`plumb reward recipes/smollm2-hh.yaml\`, then \`plumb ppo recipes/smollm2-hh.yaml\` ([recipe](../../recipes/smollm2-hh.yaml)); this document from their
  files by \`node scripts/report-smollm2-hh.mjs REWARD_RUN PPO_RUN\`
- Processor: ${values.processor}.
- Seeds: ${rewardConfig.seed ?? 0} for the reward model, ${ppoConfig.seed ?? 0} for PPO: one run of each.
- Design: reward model: n = ${reward.heldOutPairs} held-out pairs. PPO: n = ${c.prompts} held-out prompts, one answer to each before and after, with the same random numbers;
  gains are paired by prompt.
- Intervals: 95%; over conversations and prompts (docs/results/intervals.md). All are of one run: what another seed's
  training would make is not in them. Distinct-3, length and the share cut have none.

## Reward model

${reward.trainPairs} pairs of Anthropic's HH (harmless side), ${reward.heldOutPairs} more kept out; LoRA r=${rewardConfig.lora?.r ?? "none"}, learning rate ${rewardConfig.learningRate}, ${rewardConfig.epochs} epoch, ${rewardConfig.batchSize} pairs a step, ${rewardConfig.maxLength} tokens from the end.

- Accuracy on pairs it did not see: ${interval(reward.accuracy)}.
- Mean margin: ${interval(reward.margin)} standard deviations.
- Rewards are shifted and scaled by ${reward.normalization.samples} ${reward.normalization.from} (mean ${number(reward.normalization.mean)}, deviation ${number(reward.normalization.std)}).
- Cost: ${cost(reward)}.

${reference ? comparison(reference) : ""}

## PPO

### How these settings were found

**Distinct-3 meets its bar by a reward that pays for it.** With the reward model alone eight settings (learning rate, KL coefficient fixed or
adaptive, prompts an iteration) failed: each found one apology that this reward model likes whatever is asked. Three of the eight ran to their
end or to the KL budget, with distinct-3 at 0.71, 0.54 and 0.72 of the start's (bar: 0.8); the other five were stopped on the way there. Two
gentler settings learned next to nothing (a gain of 0.14, or 0.3 nats after 15 iterations). So a second reward was added that takes off for
three-token sequences which other answers of the batch have too, which is nearly what distinct-3 counts. Settings were compared on the same
held-out prompts that the table below reports, so its figures are also those by which the setting was chosen. Each setting is in
[the experiment log](../experiment-log.md).

### The run

${ppo.iterations} iterations of ${ppoConfig.batchSize} prompts of at most ${ppoConfig.maxPromptLength ?? "any number of"} tokens, responses of at most ${ppoConfig.maxNewTokens} tokens, ${ppoConfig.epochs} epochs a batch, LoRA r=${ppoConfig.lora?.r ?? "none"}, learning rate ${ppoConfig.learningRate}, KL coefficient ${ppoConfig.klCoefficient}. ${sources} Start and end are compared on ${c.prompts} prompts that were not trained on.${ppo.stopped ? ` The run stopped early: ${ppo.stopped}.` : ""}

${table(["figure", "value", "wanted"], figures)}

*Wanted* are the bars. That of distinct-3 is met with a reward for it, and that reward fell all the same (\`novelty\`): answers became more alike.

Cost: ${cost(ppo)}.

In the first update: ratio ${number(first["first/ratio"], 5)}, share clipped ${number(first["first/clipfrac"], 5)}, approximate KL ${number(first["first/approxkl"], 6)}; the largest difference between the sampler's and the trainer's log-probability of a token was ${first["val/sampler_gap"].toExponential(1)}.

![Mean reward of each iteration](smollm2-hh-reward.svg)

![KL to the reference of each iteration](smollm2-hh-kl.svg)

## Samples

None of these answers after PPO answers what was asked, and most are not about it; those before are little better. Same prompts, same random numbers,
temperature ${ppoConfig.temperature ?? 1}. Chosen evenly among those whose words are mild: most of this data is people trying to get harmful answers. Rewards are in the start's scale; answers are cut at ${ppoConfig.maxNewTokens} tokens.

${chosenSamples()
  .map(
    ({ prompt, before, after }) =>
      `**${escaped(prompt)}**\n\n- before (${number(before.reward)}): ${escaped(before.response)}\n- after (${number(after.reward)}): ${escaped(after.response)}`,
  )
  .join("\n\n")}
`;

mkdirSync(values.out, { recursive: true });
for (const curve of ["reward", "kl"]) copyFileSync(join(ppoDir, `${curve}.svg`), join(values.out, `smollm2-hh-${curve}.svg`));
writeFileSync(join(values.out, "smollm2-hh.md"), document.replace(/\n{3,}/g, "\n\n"));
console.log(`wrote ${join(values.out, "smollm2-hh.md")}`);

// PPO at its best temperature against the best of all samples that a demo drew of SFT (12 of each prompt, at the usual
// temperature), chosen by the same reward model: what sampling more buys without any training of the policy.
//
//   npm run build && node scripts/report-best-of.mjs runs/demo [RUN...]
//
// Reads the run's models and the results of its stages; nothing is trained or written.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { bestOfEach, bestOfKl, scores } from "../dist/demo/baselines.js";
import { summarizeGold, promptMean } from "../dist/demo/policies.js";
import { samplesOf } from "../dist/demo/stages/saved.js";
import { openRewardModel } from "../dist/model/reward-model.js";
import { createRuntime } from "../dist/open/open-network.js";
import { mean } from "../dist/statistics/estimates.js";
import { pairedDifference } from "../dist/statistics/means.js";

const read = (...path) => readFileSync(join(...path), "utf8");
const decimal = ({ estimate, low, high }) => `${estimate.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
const percent = ({ estimate }) => `${(100 * estimate).toFixed(1)}%`;
const runtime = createRuntime();

for (const run of process.argv.slice(2)) {
  const result = JSON.parse(read(run, "result.json"));
  const { key } = JSON.parse(read(run, "lineage.json")).stages.find(({ manifest }) => manifest.stage === "baseline").manifest;
  const stages = join(dirname(run), "stages");
  const stage = readdirSync(stages).find((name) => name === `baseline-${key.slice(0, 12)}`);
  const many = samplesOf(JSON.parse(read(stages, stage, "result", "baseline.json")).many);
  const n = many[0].responses.length;
  const { runner, tokenizer } = await openRewardModel(runtime, join(run, "reward"));
  const scored = await scores(runner, tokenizer, many, { rows: 64, padId: tokenizer.padId, packing: "auto" });
  const best = bestOfEach(many, scored, n);
  const { gold, toHarm, refusesHarm, refusesSafe, wrongSteps } = summarizeGold(best);
  const golds = read(run, "samples.jsonl").trim().split("\n").map((line) => JSON.parse(line));
  const ofPpo = new Map(golds.map(({ prompt, ppo }) => [prompt, mean(ppo.map((answer) => answer.gold))]));
  const difference = pairedDifference(
    best.map(({ prompt }) => ofPpo.get(prompt.text)),
    best.map((own) => promptMean(own, (answer) => answer.gold.total)),
  );
  const ppo = result.evaluation.policies.find(({ name }) => name === "PPO, best temperature");
  console.log(
    `seed ${result.seed}: best of ${n} (at most ${bestOfKl(n).toFixed(2)} nats) gold ${decimal(gold)}, refuses ${percent(refusesHarm)} of harmful requests, ` +
      `complies ${percent(toHarm.complies)}, refuses ${percent(refusesSafe)} of safe ones, wrong steps ${percent(wrongSteps)}; PPO at T ${ppo.temperature} ` +
      `(${ppo.kl.estimate.toFixed(2)} nats) less that ${decimal(difference)}, n ${best.length} prompts`,
  );
}
process.exit();

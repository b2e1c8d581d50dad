// PPO at its best temperature against two ways that use the same reward model and train no policy: the best of all
// samples that a demo drew of SFT (12 of each prompt, at the usual temperature), and SFT's own answer at its best
// temperature or one fixed refusal, whichever the reward model scores higher.
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
import { EOS_TOKEN, goldUtility, promptWithText } from "../dist/worlds/assistant/index.js";
import { ALTERNATIVES, REFUSALS } from "../dist/worlds/assistant/phrases.js";

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
  const scoresOf = (asked) => scores(runner, tokenizer, asked, { rows: 64, padId: tokenizer.padId, packing: "auto" });
  const answers = read(run, "samples.jsonl").trim().split("\n").map((line) => JSON.parse(line));
  const ofPpo = new Map(answers.map(({ prompt, ppo }) => [prompt, mean(ppo.map((answer) => answer.gold))]));

  /** What the answers of a way come to, and PPO's gold less theirs on the same prompts. */
  const told = (samples) => {
    const { gold, toHarm, refusesHarm, refusesSafe, unsafeToSafe, wrongSteps } = summarizeGold(samples);
    const difference = pairedDifference(
      samples.map(({ prompt }) => ofPpo.get(prompt.text)),
      samples.map((own) => promptMean(own, (answer) => answer.gold.total)),
    );
    return (
      `gold ${decimal(gold)}, refuses ${percent(refusesHarm)} of harmful requests, complies ${percent(toHarm.complies)}, ` +
      `refuses ${percent(refusesSafe)} of safe ones, unsafe advice to ${percent(unsafeToSafe)} of them, wrong steps ${percent(wrongSteps)}; PPO less that ${decimal(difference)}`
    );
  };

  const best = bestOfEach(many, await scoresOf(many), n);

  /** A text as it is scored: as the policy would have said it, with the end of its turn. */
  const said = (prompt, text) => ({ ids: tokenizer.encode(text + EOS_TOKEN), text, gold: goldUtility(prompt, text) });
  const refusal = `${REFUSALS[0]} ${ALTERNATIVES[0]}`;
  const withRefusal = answers.map(({ prompt: text, sft }) => {
    const prompt = promptWithText(text);
    return { prompt, responses: [refusal, ...sft.map((answer) => answer.text)].map((own) => said(prompt, own)) };
  });
  const scored = await scoresOf(withRefusal);
  const gated = withRefusal.map(({ prompt, responses: [fixed, ...own] }, i) => ({
    prompt,
    responses: own.map((answer, k) => (scored[i][0] > scored[i][k + 1] ? fixed : answer)),
  }));

  const [ppo, sft] = ["PPO", "SFT"].map((name) =>
    result.evaluation.policies.find((policy) => policy.name === `${name}, best temperature`),
  );
  console.log(
    `seed ${result.seed}, n ${best.length} prompts, PPO at T ${ppo.temperature} (${ppo.kl.estimate.toFixed(2)} nats)\n` +
      `  best of ${n} (at most ${bestOfKl(n).toFixed(2)} nats): ${told(best)}\n` +
      `  SFT at T ${sft.temperature}, or "${refusal}": ${told(gated)}`,
  );
}
process.exit();

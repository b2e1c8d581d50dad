/**
 * Does a base in 8 bits change the result of a run? From a demo's SFT model and reward model, PPO trains a LoRA adapter
 * on the base in f32 and another on the base in 8 bits, with each of several seeds; the policies and the start answer
 * the held-out prompts, and the gold utility judges them. Two runs of PPO diverge after the first difference in
 * rounding, so that only the mean over seeds shows the effect of the base. Writes docs/results/int8-outcome.md.
 *
 *   node scripts/check-int8.mjs runs/demo        seeds 1 to 5
 *   node scripts/check-int8.mjs runs/demo 8
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { clusterMeanInterval, pairedStudentInterval, studentInterval } from "../dist/statistics/means.js";
import { rateInterval } from "../dist/statistics/rates.js";
import { goldUtility, prompts } from "../dist/worlds/assistant/index.js";
import { machine } from "./machine.mjs";

const [given, count = "5", ...rest] = process.argv.slice(2);
const seeds = Array.from({ length: Number(count) }, (_, i) => i + 1);
const demo = resolve(given ?? "");
if (given === undefined || rest.length > 0 || !(seeds.length > 1) || !existsSync(join(demo, "reward"))) {
  console.error("usage: node scripts/check-int8.mjs DEMO_RUN [SEEDS]   (at least 2; a folder that `plumb demo` left behind)");
  process.exit(2);
}
const SAMPLES = 4;
const ITERATIONS = 30;
const folder = mkdtempSync(join(os.tmpdir(), "plumb-int8-"));
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
/** Runs a command in a temporary folder, which gets its runs. */
const plumb = (...args) =>
  execFileSync(process.execPath, [main, ...args, "--quiet"], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
const question = ({ text }) => [{ role: "user", content: text }];
const jsonl = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

const [asked, questions] = [join(folder, "train.jsonl"), join(folder, "held-out.jsonl")];
writeFileSync(asked, jsonl(prompts("train").map((prompt) => ({ prompt: question(prompt) }))));
const heldOut = prompts("report");
writeFileSync(questions, jsonl(heldOut.flatMap((prompt) => Array(SAMPLES).fill({ messages: question(prompt) }))));

function judged(...model) {
  const args = ["--input", questions, "--max-new-tokens", "48", "--temperature", "1", "--seed", "2", "--batch-size", "64"];
  const answers = plumb("generate", ...model, ...args).trim().split("\n").map((line) => JSON.parse(line).completion);
  const rows = heldOut.map((prompt, i) => answers.slice(SAMPLES * i, SAMPLES * (i + 1)).map((text) => goldUtility(prompt, text)));
  const share = (kinds, test) => {
    const asked = rows.filter((_, i) => kinds.includes(heldOut[i].kind));
    return rateInterval(asked.map((own) => own.map((answer) => (test(answer) ? 1 : 0))));
  };
  return {
    gold: clusterMeanInterval(rows.map((own) => own.map(({ total }) => total))),
    harmful: share(["harmful"], ({ features }) => features.unsafe),
    refusal: share(["benign", "alarming"], ({ features }) => features.refused),
  };
}

const sft = join(demo, "sft");
const BASES = ["f32", "int8"];
const start = judged("--model", sft);
const found = { f32: [], int8: [] };
let error;
for (const seed of seeds)
  for (const base of BASES) {
    const settings = {
      base,
      "lora.r": 16,
      "lora.alpha": 32,
      iterations: ITERATIONS,
      batchSize: 128,
      microBatchSize: 64,
      miniBatches: 2,
      epochs: 2,
      maxNewTokens: 48,
      learningRate: 0.002,
      schedule: "linear",
      klCoefficient: 0.1,
      missingEosPenalty: 1,
      valueCoefficient: 0.5,
      evalPrompts: 0,
      seed,
      name: `${base}-${seed}`,
    };
    const set = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
    const ran = plumb("ppo", "--model", sft, "--reward-model", join(demo, "reward"), "--data", asked, ...set, "--json");
    error = JSON.parse(ran.trim().split("\n").at(-1)).base.int8 ?? error;
    const result = judged("--model", sft, "--adapter", join(folder, "runs", settings.name, "model"));
    found[base].push(result);
    console.error(`seed ${seed}, base in ${base}: gold ${result.gold.estimate.toFixed(2)}`);
  }
rmSync(folder, { recursive: true, force: true });

const number = ({ estimate, low, high }) => `${estimate.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
const percent = ({ estimate, low, high }) => `${(100 * estimate).toFixed(1)}% (${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)})`;
const golds = (base) => found[base].map(({ gold }) => gold.estimate);
const [exact, rounded] = BASES.map((base) => studentInterval(golds(base)));
const difference = pairedStudentInterval(golds("int8"), golds("f32"));
const within = rounded.estimate >= exact.low && rounded.estimate <= exact.high;
const of = (...kinds) => heldOut.filter(({ kind }) => kinds.includes(kind)).length;
const row = (name, { gold, harmful, refusal }) => `| ${name} | ${number(gold)} | ${percent(harmful)} | ${percent(refusal)} |`;
const document = `# PPO on a base in 8 bits

- Command: \`node scripts/check-int8.mjs DEMO_RUN ${seeds.length}\`, DEMO_RUN the folder of a finished demo
- Processor: ${machine()}.
- Seeds: ${seeds.join(", ")} of PPO, each on both bases; one seed of the demo, whose SFT and reward model all runs begin with.
- Design: PPO with LoRA (r = 16, ${ITERATIONS} iterations), then ${SAMPLES} answers to each of ${heldOut.length} held-out prompts (${of("harmful")} harmful ones, ${of("benign", "alarming")} safe ones),
  all on the base in f32. n = ${seeds.length} seeds.
- Intervals: 95%. Means: Student's t over seeds of PPO, the difference paired by seed; they leave out what another demo's models would do. Rows are
  one policy over prompts, the ${SAMPLES} answers to one being one cluster (docs/results/intervals.md).

The 8-bit base differs by ${error.klPerToken.toFixed(4)} nats per token (gradient cosine ${error.gradientCosine.toFixed(3)}) from the one in f32.

| | gold utility | complies with harmful requests | refuses safe requests |
|---|---|---|---|
${[
  row("SFT model", start),
  ...seeds.flatMap((seed, i) => BASES.map((base) => row(`seed ${seed}, base in ${base}`, found[base][i]))),
].join("\n")}

Mean gold over seeds: ${number(exact)} on the base in f32, ${number(rounded)} on the base in 8 bits; the difference within seeds is
${number(difference)}. The mean on the 8-bit base is ${within ? "within" : "**outside**"} the interval of the one in f32.
`;
writeFileSync("docs/results/int8-outcome.md", document);
console.log(document);
process.exitCode = within ? 0 : 1;

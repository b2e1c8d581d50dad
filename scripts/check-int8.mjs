/**
 * Does a base in 8 bits change what a run comes to? From a demo's SFT model and reward model, PPO trains one LoRA adapter
 * on the base in f32 and one on the base in 8 bits, with the same seed; both policies and the start answer the held-out
 * prompts, and the gold utility judges them. Writes docs/results/int8-outcome.md.
 *
 *   node scripts/check-int8.mjs runs/demo
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { bootstrapMean } from "../dist/evaluate/bootstrap.js";
import { wilsonInterval } from "../dist/evaluate/statistics.js";
import { goldUtility, prompts } from "../dist/worlds/assistant/index.js";

const [given, ...rest] = process.argv.slice(2);
const demo = resolve(given ?? "");
if (given === undefined || rest.length > 0 || !existsSync(join(demo, "reward"))) {
  console.error("usage: node scripts/check-int8.mjs DEMO_RUN   (a folder that `plumb demo` left behind)");
  process.exit(2);
}
const SAMPLES = 4;
const folder = mkdtempSync(join(os.tmpdir(), "plumb-int8-"));
const main = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
/** A command; its runs go into a folder of its own. */
const plumb = (...args) =>
  execFileSync(process.execPath, [main, ...args, "--quiet"], { cwd: folder, encoding: "utf8", maxBuffer: 1 << 28 });
const question = ({ text }) => [{ role: "user", content: text }];
const jsonl = (rows) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

const [asked, questions] = [join(folder, "train.jsonl"), join(folder, "held-out.jsonl")];
writeFileSync(asked, jsonl(prompts("train").map((prompt) => ({ prompt: question(prompt) }))));
const heldOut = prompts("heldout");
writeFileSync(questions, jsonl(heldOut.flatMap((prompt) => Array(SAMPLES).fill({ messages: question(prompt) }))));

function judged(...model) {
  const args = ["--input", questions, "--max-new-tokens", "48", "--temperature", "1", "--seed", "2", "--batch-size", "64"];
  const answers = plumb("generate", ...model, ...args).trim().split("\n").map((line) => JSON.parse(line).completion);
  const rows = heldOut.map((prompt, i) => answers.slice(SAMPLES * i, SAMPLES * (i + 1)).map((text) => goldUtility(prompt, text)));
  const share = (kinds, test) => {
    const all = rows.filter((_, i) => kinds.includes(heldOut[i].kind)).flat();
    return wilsonInterval(all.filter(test).length, all.length);
  };
  return {
    gold: bootstrapMean(rows.map((own) => own.reduce((n, { total }) => n + total, 0) / SAMPLES)),
    harmful: share(["harmful"], ({ features }) => features.unsafe),
    refusal: share(["benign", "alarming"], ({ features }) => features.refused),
  };
}

const sft = join(demo, "sft");
const found = { "SFT model": { ...judged("--model", sft), kl: undefined } };
const reports = {};
for (const base of ["f32", "int8"]) {
  const settings = {
    base,
    "lora.r": 16,
    "lora.alpha": 32,
    iterations: 30,
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
    seed: 1,
    name: base,
  };
  const set = Object.entries(settings).flatMap(([key, value]) => ["--set", `${key}=${value}`]);
  const ran = plumb("ppo", "--model", sft, "--reward-model", join(demo, "reward"), "--data", asked, ...set, "--json");
  reports[base] = JSON.parse(ran.trim().split("\n").at(-1));
  const adapter = join(folder, "runs", base, "model");
  found[`PPO, base in ${base}`] = judged("--model", sft, "--adapter", adapter);
}
rmSync(folder, { recursive: true, force: true });

const number = ({ estimate, low, high }) => `${estimate.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
const percent = ({ estimate, low, high }) => `${(100 * estimate).toFixed(1)}% (${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)})`;
const [exact, rounded] = [found["PPO, base in f32"].gold, found["PPO, base in int8"].gold];
const within = rounded.estimate >= exact.low && rounded.estimate <= exact.high;
const error = reports.int8.base.int8;
const document = `# PPO on a base in 8 bits

Made by \`node scripts/check-int8.mjs DEMO_RUN\`: from one demo's SFT and reward model, PPO with LoRA (r = 16, ${reports.f32.iterations}
iterations) on the base in f32 and on the base in 8 bits. ${SAMPLES} answers to each of ${heldOut.length} held-out prompts; intervals are 95%.
The 8-bit base differs by ${error.klPerToken.toFixed(4)} nats per token (gradient cosine ${error.gradientCosine.toFixed(3)}) from the one in f32. Both policies
answer on the base in f32, with their adapter.

| | gold utility | complies with harmful requests | refuses safe requests |
|---|---|---|---|
${Object.entries(found)
  .map(([name, { gold, harmful, refusal }]) => `| ${name} | ${number(gold)} | ${percent(harmful)} | ${percent(refusal)} |`)
  .join("\n")}

The outcome on the 8-bit base is ${within ? "within" : "**outside**"} the interval of the one on the base in f32.
`;
writeFileSync("docs/results/int8-outcome.md", document);
console.log(document);
process.exitCode = within ? 0 : 1;

// Writes docs/results/over-optimization.md and its curve from a run of recipes/over-optimization.yaml:
//
//   npx plumb demo recipes/over-optimization.yaml && node scripts/report-over-optimization.mjs runs/over-optimization
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [dir] = process.argv.slice(2);
if (!dir) {
  console.error("usage: node scripts/report-over-optimization.mjs RUN");
  process.exit(2);
}
const result = JSON.parse(readFileSync(join(dir, "result.json"), "utf8"));
const { curve } = result;
const best = curve.reduce((a, b) => (b.gold > a.gold ? b : a));
const last = curve[curve.length - 1];
const first = curve[0];
const row = (c) =>
  `| ${c.iteration} | ${Math.abs(c.kl).toFixed(1)} | ${c.proxy.toFixed(2)} | ${c.gold.toFixed(2)} (${c.low.toFixed(2)} to ${c.high.toFixed(2)}) |`;
const falls = last.high < best.low;

const document = `# Over-optimisation, on purpose

\`npx plumb demo recipes/over-optimization.yaml\`: raters who love length, and a KL coefficient of 0.001. Gold is the mean
gold utility on 285 held-out prompts with its 95% bootstrap interval; the proxy is the mean reward-model score of the
iteration's training responses, in deviations of the SFT model's.

| iteration | KL, nats per response | proxy | gold |
|---|---|---|---|
${curve.map(row).join("\n")}

The proxy goes from ${first.proxy.toFixed(2)} to ${last.proxy.toFixed(2)}. Gold peaks at ${best.gold.toFixed(2)} (iteration ${best.iteration}) and ends at
${last.gold.toFixed(2)}; the two intervals ${falls ? "do not overlap: the fall is real" : "overlap"}. Responses grow from ${result.sft.length.toFixed(1)} to ${result.ppo.length.toFixed(1)} tokens.

![proxy and gold by iteration](over-optimization.svg)
`;
writeFileSync("docs/results/over-optimization.md", document);
copyFileSync(join(dir, "over-optimization.svg"), "docs/results/over-optimization.svg");
console.log(document);

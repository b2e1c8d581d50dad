import { benchSchema, runBench, runProfile } from "../../bench/run.js";
import { profileReport } from "../bench/profile-report.js";
import { benchReport } from "../bench/report.js";
import { defineCommand } from "../command.js";

export default defineCommand({
  description:
    "Measures this machine and the engine on it, at SmolLM2-135M's shape with random weights: the bare matrix product, " +
    "memory bandwidth, LoRA and full training steps, decoding, and a PPO iteration. Each ratio compares things " +
    "measured in turn in one run. Run nothing else meanwhile.\n\n" +
    "With --profile it shows instead where the time of each goes, by phase, operation, size of product and part of the " +
    "network, next to the best that the machine reaches, and writes a trace for ui.perfetto.dev or chrome://tracing.",
  examples: [
    { command: "plumb bench", does: "the table, and runs/bench.json" },
    { command: "plumb bench --repeats 9 --json", does: "more repeats; JSON on stdout" },
    {
      command: "plumb bench --profile --works lora,lora-int8",
      does: "where a LoRA step's time goes, and runs/trace.json",
    },
  ],
  schema: benchSchema,
  async run({ ui }, config) {
    const onProgress = (what: string): void => ui.step(what);
    if (!config.profile) {
      const { result, out } = await runBench(config, onProgress);
      await ui.result(result, () => benchReport(result, out));
      return;
    }
    const { figures, out } = await runProfile(config, onProgress);
    const written = `written to ${out} and ${config.trace}`;
    await ui.result(figures, () => `${profileReport(figures)}\n\n${written}`);
  },
});

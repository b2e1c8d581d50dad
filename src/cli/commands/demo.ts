import { demoSchema } from "../../demo/config.js";
import { runDemo } from "../../demo/run.js";
import { defineCommand } from "../command.js";
import { demoReport } from "../demo/report.js";
import { trainingHostOf } from "../host.js";

export default defineCommand({
  description:
    "Runs the whole RLHF loop in the built-in world: a small language model is trained from scratch, fine-tuned on " +
    "demonstrations of mixed quality, sampled in pairs, judged by simulated raters, some of whom are careless, biased or " +
    "hostile, given a reward model, improved by rejection sampling and by PPO under a KL tether, and evaluated by the gold utility, which the " +
    "raters judge by and no model sees. Bars that the run misses are named at the end and stand in the JSON; the command succeeds all the same. The raters vote over the HTTP API of a feedback server, into plumb.db in the run's folder.\n\n" +
    "Each part is a stage whose result is stored in runs/stages. A run reuses what an earlier or interrupted run computed " +
    "with the same settings; `plumb lineage` shows what a run was made from, `plumb stages` what is stored.",
  examples: [
    { command: "plumb demo", does: "the whole loop, in a few minutes on two cores" },
    {
      command: "plumb demo --set ppo.klCoefficient=0.1",
      does: "another tether; everything before PPO is reused from the first run",
    },
    { command: "plumb demo --seed 2 --json", does: "another seed; figures with intervals as JSON" },
    {
      command: "plumb demo recipes/over-optimization.yaml",
      does: "few votes and no KL tether: the proxy rises, the gold utility rises, peaks and falls",
    },
  ],
  schema: demoSchema,
  runsIn: "root",
  async run(context, config) {
    const result = await runDemo(config, trainingHostOf(context));
    if (result !== undefined) await context.ui.result(result, () => demoReport(result));
  },
});

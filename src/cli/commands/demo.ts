import { join } from "node:path";
import { Run, unusedRunName, writeFileAtomically } from "../../artifacts/index.js";
import { barsOf } from "../../demo/bars.js";
import { type DemoConfig, demoSchema } from "../../demo/config.js";
import type { DemoModels, DemoResult } from "../../demo/events.js";
import { demo } from "../../demo/loop.js";
import {
  type Checkpoint,
  figures,
  type OverOptimization,
  overOptimization,
} from "../../demo/over-optimization.js";
import type { Phase } from "../../demo/phases.js";
import type { GoldSamples } from "../../demo/policies.js";
import { exportMerged } from "../../model/export.js";
import { saveRewardModel } from "../../model/reward-model.js";
import { createRuntime } from "../../open/open-network.js";
import { defineCommand } from "../command.js";
import { raterTable } from "../demo/rater-table.js";
import {
  bars,
  overOptimizationPlot,
  overOptimizationSvg,
  resultTables,
  rewardTable,
  sampleLines,
  warningLines,
} from "../demo/report.js";
import type { Progress } from "../progress.js";
import { formatDuration } from "../progress.js";

export default defineCommand({
  description:
    "Runs the whole RLHF loop in the built-in world: a small language model is trained from nothing, fine-tuned on " +
    "demonstrations of mixed quality, sampled in pairs, judged by simulated raters of whom some are careless, biased or " +
    "hostile, given a reward model, improved by rejection sampling and by PPO under a KL tether, and evaluated by the gold utility, which the " +
    "raters judge by and no model is given. The raters vote over the HTTP API of a feedback server, into plumb.db in the run's folder.",
  examples: [
    { command: "plumb demo", does: "the whole loop, in a few minutes on two cores" },
    { command: "plumb demo --seed 2 --json", does: "another seed; figures with intervals as JSON" },
    {
      command: "plumb demo recipes/over-optimization.yaml",
      does: "few votes and no KL tether: the proxy rises, the gold utility rises, peaks and falls",
    },
  ],
  schema: demoSchema,
  run: runDemo,
});

/** The votes' database, in the run's folder. */
const DATABASE = "plumb.db";

const TITLES: Record<Phase, string> = {
  pretrain: "1 language model",
  sft: "2 fine-tuning",
  preferences: "3 preferences",
  reward: "4 reward model",
  rejection: "5 rejection sampling",
  ppo: "6 PPO",
  evaluate: "7 evaluation",
};

type Context = Parameters<ReturnType<typeof defineCommand>["run"]>[0];

async function runDemo({ ui, signal }: Context, config: DemoConfig): Promise<void> {
  const started = performance.now();
  const runtime = createRuntime();
  const name = await unusedRunName(config.root, config.name);
  const run = await Run.create({ root: config.root, name, command: "demo", config });
  const curve: Checkpoint[] = [];
  let bar: Progress | undefined;
  let phase: Phase | undefined;
  let count = 0;
  try {
    for await (const event of demo(runtime, config, join(run.dir, DATABASE))) {
      if (event.kind === "step") {
        if (event.phase !== phase) {
          bar?.end();
          bar = ui.progress({ label: TITLES[event.phase], total: event.steps, unit: "steps" });
          phase = event.phase;
        }
        const named = Object.entries(event.metrics).map(([key, value]) => [`${event.phase}/${key}`, value]);
        if (named.length > 0) run.appendMetrics(++count, Object.fromEntries(named) as Record<string, number>);
        bar?.update(event.step, bars(event.phase, event.metrics));
      } else if (event.kind === "checkpoint") {
        curve.push(event.checkpoint);
      } else if (event.kind === "models") await saveModels(run.dir, event.models, config);
      else if (event.kind === "samples") writeSamples(run, event.sft, event.ppo);
      else if (event.kind === "alarm")
        ui.warn(
          `iteration ${event.alarm.iteration}: the score rises, and the policy ${event.alarm.behaviour} otherwise than before`,
        );
      else {
        bar?.end();
        const seconds = (performance.now() - started) / 1000;
        const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
        const peakMemoryMb = maxRSS / 1024;
        const processorSeconds = (userCPUTime + systemCPUTime) / 1e6;
        const result = {
          ...event.result,
          bars: barsOf(event.result),
          ...(curve.length > 1 && {
            ...{ curve: curve.map(figures), overOptimization: overOptimization(curve, event.result.alarms) },
          }),
          seconds,
          processorSeconds,
          peakMemoryMb,
          run: run.dir,
        };
        await run.writeResult(result);
        if (result.overOptimization)
          await writeFileAtomically(
            join(run.dir, "over-optimization.svg"),
            overOptimizationSvg(curve, result.overOptimization),
          );
        await ui.result(result, () => summary(result, run.dir));
      }
      if (signal.aborted) {
        ui.info(`stopped; the demo starts anew each time (metrics so far are in ${run.dir})`);
        return;
      }
    }
  } finally {
    bar?.end();
    run.close();
  }
}

/** The three models as folders that every other command takes. */
async function saveModels(dir: string, models: DemoModels, config: DemoConfig): Promise<void> {
  const { tokenizer, sft, policy, reward, normalization } = models;
  await exportMerged(join(dir, "sft"), sft, tokenizer);
  await exportMerged(join(dir, "policy"), policy, tokenizer);
  const { maxLength } = config.reward;
  const base = join(dir, "sft");
  await saveRewardModel(join(dir, "reward"), reward, { ...normalization, maxLength, base, tokenizer });
}

function writeSamples(run: Run, sft: readonly GoldSamples[], ppo: readonly GoldSamples[]): void {
  sft.forEach((before, i) => {
    const { prompt, responses } = before;
    const show = (r: GoldSamples["responses"][number]) => ({ text: r.text, gold: r.gold.total });
    run.appendSample(i + 1, {
      prompt: prompt.text,
      kind: prompt.kind,
      sft: responses.map(show),
      ppo: ppo[i].responses.map(show),
    });
  });
}

interface Result extends DemoResult {
  seconds: number;
  bars: ReturnType<typeof barsOf>;
  curve?: ReturnType<typeof figures>[];
  overOptimization?: OverOptimization;
}

function summary(result: Result, dir: string): string {
  const parts = [raterTable(result.votes), rewardTable(result), resultTables(result), warningLines(result)];
  if (result.curve && result.overOptimization)
    parts.push(overOptimizationPlot(result.curve, result.overOptimization));
  parts.push(sampleLines(dir, result.seed));
  parts.push(
    `${formatDuration(result.seconds)} in all. Figures with intervals: ${join(dir, "result.json")}`,
    `The votes: plumb serve --db ${join(dir, DATABASE)}; their audit log: plumb audit verify --db ${join(dir, DATABASE)}`,
    `Talk to it: plumb generate --model ${join(dir, "policy")} --prompt "What colour is the crab?"`,
  );
  return parts.filter((part) => part !== "").join("\n\n");
}

/** The demo as a run, with progress and a folder for votes, models, samples, metrics and result. */
import { join } from "node:path";
import { checkWritable, Run, unusedRunName, writeFileAtomically } from "../artifacts/index.js";
import type { LiveMetrics, ProgressBar } from "../base/host.js";
import { exportMerged } from "../model/export.js";
import { saveRewardModel } from "../model/reward-model.js";
import { Pipeline, writeLineage } from "../pipeline/index.js";
import type { TrainingHost } from "../train/host.js";
import { barsOf } from "./bars.js";
import { type DemoConfig, demoSchema } from "./config.js";
import { checkMethods } from "./direct.js";
import { type DemoEvent, type DemoModels, type DemoResult, isKept } from "./events.js";
import { demo } from "./loop.js";
import { METHOD_TITLES } from "./methods.js";
import { type Checkpoint, figures, type OverOptimization, overOptimization } from "./over-optimization.js";
import { overOptimizationSvg } from "./over-optimization-svg.js";
import type { Phase } from "./phases.js";
import type { GoldSamples } from "./policies.js";

/** File name of the votes' database in the run's folder. */
export const DATABASE = "plumb.db";
/** Folder of the stages' results, within the folder of runs. */
const STAGES = "stages";

const TITLES: Record<Phase, string> = {
  pretrain: "1 language model",
  sft: "2 fine-tuning",
  preferences: "3 preferences",
  reward: "4 reward model",
  rejection: "5 rejection sampling",
  ppo: "6 PPO",
  ...METHOD_TITLES,
  evaluate: "7 evaluation",
};

/** What `result.json` holds. */
export interface DemoRun extends DemoResult {
  bars: ReturnType<typeof barsOf>;
  curve?: ReturnType<typeof figures>[];
  overOptimization?: OverOptimization;
  seconds: number;
  processorSeconds: number;
  peakMemoryMb: number;
  /** The run's folder. */
  run: string;
}

/** @returns undefined after an interruption, with everything done so far stored. */
export async function runDemo(config: DemoConfig, host: TrainingHost): Promise<DemoRun | undefined> {
  checkMethods(config);
  const started = performance.now();
  const { root, resume, fresh } = config;
  if (!resume) await checkWritable(root, "runs");
  const name = resume ? config.name : await unusedRunName(root, config.name);
  // Older runs recorded the name that was asked for, also where a number was added to it.
  const mayChange = ["root", "name"];
  const run = await Run.create({
    root,
    name,
    command: "demo",
    config: { ...config, name },
    schema: demoSchema,
    resume,
    mayChange,
  });
  const pipeline = new Pipeline<DemoEvent>(join(root, STAGES), host, { fresh, keeps: isKept });
  const curve: Checkpoint[] = [];
  let finished: DemoRun | undefined;
  let bar: ProgressBar | undefined;
  let phase: Phase | undefined;
  let count = 0;
  try {
    for await (const event of demo(host.runtime, config, join(run.dir, DATABASE), pipeline)) {
      if (event.kind === "step") {
        const named = Object.entries(event.metrics).map(([key, value]) => [`${event.phase}/${key}`, value]);
        if (named.length > 0) run.appendMetrics(++count, Object.fromEntries(named) as Record<string, number>);
        if (event.replayed) continue;
        if (event.phase !== phase) {
          bar?.end();
          const start = Math.max(0, event.step - 1);
          bar = host.progress({ label: TITLES[event.phase], total: event.steps, start, unit: "steps" });
          phase = event.phase;
        }
        bar?.update(event.step, liveMetrics(event.phase, event.metrics));
      } else if (event.kind === "checkpoint") curve.push(event.checkpoint);
      else if (event.kind === "models") await saveModels(run.dir, event.models, config);
      else if (event.kind === "samples") writeSamples(run, event.sft, event.ppo);
      else if (event.kind === "alarm") {
        const { iteration, behaviour } = event.alarm;
        host.warn(
          `iteration ${iteration}: the score rises, and how often the policy ${behaviour} gets worse`,
        );
      } else {
        bar?.end();
        bar = undefined;
        await writeLineage(run.dir, pipeline.store, await pipeline.settle());
        finished = { ...withCurve(event.result, curve), ...costSince(started), run: run.dir };
        await run.writeResult({ ...finished });
        if (finished.overOptimization)
          await writeFileAtomically(
            join(run.dir, "over-optimization.svg"),
            overOptimizationSvg(curve, finished.overOptimization),
          );
      }
      if (finished === undefined && host.signal.aborted) {
        await pipeline.drain();
        host.interrupted(name, true);
        return undefined;
      }
    }
    return finished;
  } finally {
    bar?.end();
    run.close();
  }
}

function withCurve(result: DemoResult, curve: readonly Checkpoint[]) {
  const bars = barsOf(result);
  if (curve.length <= 1) return { ...result, bars };
  return {
    ...{ ...result, bars },
    ...{ curve: curve.map(figures), overOptimization: overOptimization(curve, result.alarms) },
  };
}

function costSince(started: number): Pick<DemoRun, "seconds" | "processorSeconds" | "peakMemoryMb"> {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return {
    seconds: (performance.now() - started) / 1000,
    processorSeconds: (userCPUTime + systemCPUTime) / 1e6,
    peakMemoryMb: maxRSS / 1024,
  };
}

/** The figures next to each phase's progress bar. */
function liveMetrics(phase: Phase, metrics: Readonly<Record<string, number>>): LiveMetrics {
  switch (phase) {
    case "pretrain":
    case "sft":
    case "rejection":
      return { loss: metrics.loss };
    case "reward":
      return { loss: metrics.loss, accuracy: metrics.accuracy };
    case "ppo":
    case "grpo":
      return { reward: metrics["objective/scores"], KL: metrics["objective/kl"] };
    case "preferences":
    case "evaluate":
      return {};
    case "orpo":
    case "kto":
      return { loss: metrics.loss };
    default:
      return { loss: metrics.loss, accuracy: metrics["rewards/accuracies"] };
  }
}

/** Saves the three models as folders that every other command opens. */
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

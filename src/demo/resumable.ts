import { z } from "zod";
import type { Step } from "../algorithms/step.js";
import type { NetworkTrainer } from "../model/runner.js";
import { restoreTrainer, trainerTensors } from "../model/trainer-state.js";
import type { StageState, StageWork } from "../pipeline/index.js";
import { type Phase, type StepEvent, stepOf } from "./phases.js";

const stateSchema = z.object({
  done: z.number().int().nonnegative(),
  updates: z.number().int().nonnegative(),
});

/**
 * The steps of one trainer, resumed from where an interrupted run left it.
 *
 * @param steps gives the algorithm's steps without the first `done`.
 */
export async function* resumableSteps(
  phase: Phase,
  trainer: NetworkTrainer,
  work: StageWork,
  steps: (done: number) => AsyncIterable<Step>,
): AsyncGenerator<StepEvent> {
  let done = 0;
  if (work.saved) {
    const saved = stateSchema.parse(work.saved.state);
    await restoreTrainer(phase, trainer, work.saved.tensors, saved.updates);
    done = saved.done;
  }
  work.checkpointBy(
    async (): Promise<StageState> => ({
      tensors: await trainerTensors(phase, trainer),
      state: { done, updates: trainer.optimizer.steps },
    }),
  );
  for await (const step of steps(done)) {
    done = step.step;
    yield stepOf(phase, step);
  }
}

import type { WorkHost } from "../open/host.js";

/** What starts a training run: a terminal, a program or a test. */
export interface TrainingHost extends WorkHost {
  /** Called when the run was interrupted. @param begun whether it has steps to resume from. */
  interrupted(run: string, begun: boolean): void;
}

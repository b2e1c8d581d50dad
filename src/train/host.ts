import type { WorkHost } from "../open/host.js";

/** Who starts a training run: a terminal, a job of the server, a test. */
export interface TrainingHost extends WorkHost {
  /** The run was interrupted. @param begun whether it has steps to go on from. */
  interrupted(run: string, begun: boolean): void;
}

import type { WorkHost } from "../open/host.js";
import { createRuntime } from "../open/open-network.js";
import type { TrainingHost } from "../train/host.js";
import type { CommandContext } from "./command.js";
import { resumingCommand } from "./interrupt.js";

/** The terminal as the host of long work. */
export function hostOf({ ui, signal }: CommandContext): WorkHost {
  return {
    runtime: createRuntime(),
    signal,
    info: (message) => ui.info(message),
    warn: (message) => ui.warn(message),
    progress: (options) => ui.progress(options),
  };
}

/** The terminal as the host of a run; it prints how to resume an interrupted one. */
export function trainingHostOf(context: CommandContext): TrainingHost {
  const { ui, commandLine } = context;
  return {
    ...hostOf(context),
    interrupted(run, begun) {
      if (!begun) {
        ui.info("Nothing was begun; the same command starts it again.");
        return;
      }
      ui.info(`Saved. To go on:\n  ${resumingCommand(commandLine, run)}`);
    },
  };
}

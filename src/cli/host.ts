import type { WorkHost } from "../open/host.js";
import { createRuntime } from "../open/open-network.js";
import type { CommandContext } from "./command.js";

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

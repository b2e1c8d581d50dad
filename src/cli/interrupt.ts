import type { Ui } from "./ui.js";

/** The exit status after Ctrl-C or SIGTERM, by the shell's convention for SIGINT. */
export const EXIT_INTERRUPTED = 130;

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/**
 * The first Ctrl-C (or SIGTERM) aborts the returned signal, so that the command can save and end. The second ends the
 * process at once, by the signal itself and without any cleanup, because native threads may be busy.
 */
export function watchInterrupts(ui: Ui, endsBySignal = false): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const handle = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) {
      dispose();
      process.kill(process.pid, name);
      return;
    }
    const stopping = endsBySignal ? "stopping" : "stopping after this step, and saving";
    ui.warn(`${stopping}; press Ctrl-C again to quit at once`);
    controller.abort();
  };
  const orphaned = endsBySignal ? watchParent(() => handle("SIGTERM")) : undefined;
  const dispose = () => {
    clearInterval(orphaned);
    for (const name of SIGNALS) process.off(name, handle);
  };
  for (const name of SIGNALS) process.on(name, handle);
  return { signal: controller.signal, dispose };
}

/** Milliseconds between two looks at the parent. */
const LOOK = 500;

/**
 * Calls back once the parent has ended, where npx started this process: npm and its shell end by a
 * signal without passing it on, and whoever stopped them would leave the server running. @returns undefined elsewhere.
 */
function watchParent(ended: () => void): NodeJS.Timeout | undefined {
  if (process.env.npm_command !== "exec") return undefined;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    ended();
  }, LOOK).unref();
  return timer;
}

/** The command that resumes a run. @param commandLine as it was typed. */
export function resumingCommand(commandLine: string, run: string): string {
  // The name may have been taken, so that a number was added to it.
  const words = commandLine.replace(/ --(resume|fresh)\b/g, "").replace(/ --name[ =]\S+/, "");
  return `${words} --name ${run} --resume`;
}

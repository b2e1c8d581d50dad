import { PlumbError } from "../base/errors.js";
import type { Ui } from "./ui.js";

/** The exit status for a defect of Plumbline (sysexits.h, EX_SOFTWARE). */
export const EXIT_DEFECT = 70;

/** Reports what went wrong. @returns the exit status for it. */
export function reportError(error: unknown, ui: Ui): number {
  if (error instanceof PlumbError) {
    ui.error(error.message, error.hint);
    return error.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  ui.error(
    `this is a defect of Plumbline, not of your input\n${stack}`,
    "Please report it, with the command and these lines.",
  );
  return EXIT_DEFECT;
}

/** Ends the process quietly when the reader of stdout or stderr is gone (`plumb ... | head`). */
export function endOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      throw error;
    });
  }
}

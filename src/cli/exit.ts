import { PlumbError } from "../base/errors.js";
import { systemError } from "../base/system-error.js";
import { Ui } from "./ui.js";

/** The exit status for a defect of Plumbline (sysexits.h, EX_SOFTWARE). */
export const EXIT_DEFECT = 70;

/**
 * An error as it is told to people: a fault of the user's machine, such as a full disk or a folder that may not be
 * written, becomes a PlumbError. Any other error stays as it is, and counts as a defect.
 */
export const forPeople = (error: unknown): unknown =>
  error instanceof PlumbError ? error : (systemError(error) ?? error);

/** Reports what went wrong. @returns the exit status for it. */
export function reportError(error: unknown, ui: Ui): number {
  const told = forPeople(error);
  if (told instanceof PlumbError) {
    ui.error(told.message, told.hint);
    return told.exitCode;
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  ui.error(
    `this is a defect of Plumbline, not of your input\n${stack}`,
    "Please report it, with the command and these lines.",
  );
  return EXIT_DEFECT;
}

/**
 * Ends the process quietly when the reader of stdout or stderr is gone (`plumb ... | head`), and with a message when
 * one of them cannot be written, as when it goes to a file on a full disk.
 */
export function endOnBrokenPipe(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") process.exit(0);
      process.exit(reportError(error, new Ui({ json: false, quiet: false, color: !process.env.NO_COLOR })));
    });
  }
}

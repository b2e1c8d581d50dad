import { PlumbError } from "../base/errors.js";
import { systemError } from "../base/system-error.js";
import { Ui } from "./ui.js";

/** The exit status for a defect of Plumbline (sysexits.h, EX_SOFTWARE). */
const EXIT_DEFECT = 70;

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

/** Tells an error that nothing caught as any other defect, and ends with its status. */
export function endOnDefect(): void {
  process.on("uncaughtException", (error) => {
    const ui = new Ui({ json: false, quiet: false, color: !process.env.NO_COLOR });
    process.exit(reportError(error, ui));
  });
}

/** The exit status of work that was done, but whose messages on stderr could not be written (sysexits.h, EX_IOERR). */
const EXIT_UNHEARD = 74;

/**
 * Ends the process quietly when the reader of stdout is gone (`plumb ... | head`), and with a message when stdout
 * cannot be written, as when it goes to a file on a full disk. Where messages on stderr cannot be written, the work
 * goes on unheard, and the status says so: hours of training and raters' votes are worth more than what is said of
 * them.
 */
export function watchOutputs(): void {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    process.exit(reportError(error, new Ui({ json: false, quiet: false, color: !process.env.NO_COLOR })));
  });
  process.stderr.on("error", () => {
    process.exitCode ||= EXIT_UNHEARD;
  });
}

/** For a command that goes on after its result is told: a reader of stdout that leaves from now on ends nothing. */
export function goOnWithoutStdout(): void {
  process.stdout.removeAllListeners("error");
  process.stdout.on("error", () => undefined);
}

/** How long a command that has ended waits for who reads its messages. */
const HEARD_MILLISECONDS = 1000;

/**
 * Once a command has ended, its messages need not be read: a reader of stderr that does not read keeps no process
 * alive.
 */
export function endUnheard(): void {
  const look = () => {
    if (process.stderr.writableLength === 0) return;
    if (process.stdout.writableLength === 0) process.exit(process.exitCode || EXIT_UNHEARD);
    setTimeout(look, HEARD_MILLISECONDS).unref();
  };
  setTimeout(look, HEARD_MILLISECONDS).unref();
}

import type { z } from "zod";
import type { Ui } from "./ui.js";

/** What a command gets from the command line that runs it. */
export interface CommandContext {
  /** Whether results go to stdout as JSON; `ui.result` obeys it. */
  json: boolean;
  ui: Ui;
  /** Aborted by Ctrl-C: save, say how to resume, and return. The exit status is then 130. */
  signal: AbortSignal;
  /** The command line as it was typed, for messages on how to resume: `plumb ppo --name a`. */
  commandLine: string;
  /** Every command; `plumb doctor` checks a recipe's sections by their schemas. */
  commands: readonly CommandEntry[];
}

/** A command: what it is for, its settings, and what it does. */
export interface Command<S extends z.ZodObject = z.ZodObject> {
  /** Paragraphs for --help. */
  description: string;
  examples: { command: string; does: string }[];
  /** Every setting, each with `.describe()`; flags, recipe keys, help and checks follow from it. */
  schema: S;
  /**
   * The setting that may be given without its flag, as in `plumb data FILE`; a list takes several arguments. For a
   * command without one, the argument is a recipe.
   */
  positional?: keyof S["shape"] & string;
  /** The setting with the folder of runs, for a command whose runs `resume` goes on with. */
  runsIn?: keyof S["shape"] & string;
  /** Ctrl-C or SIGTERM is the normal end of this command: the exit status is then 0. */
  endsBySignal?: true;
  /** @throws PlumbError for what the user can correct; any other error counts as a defect. */
  run(context: CommandContext, config: z.output<S>): Promise<void>;
}

/** A command in the list of commands. It is loaded only when it is called, so that help is quick. */
export interface CommandEntry {
  /** One word, or two where commands belong together: `tasks import`. */
  name: string;
  /** One line for the list of commands. */
  summary: string;
  load(): Promise<Command>;
}

/** Declares a command; the schema gives `run` the type of its config. */
export function defineCommand<S extends z.ZodObject>(command: Command<S>): Command {
  return command as unknown as Command;
}

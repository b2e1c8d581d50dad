import type { z } from "zod";
import type { Ui } from "./ui.js";

/** What a command may use of its surroundings. */
export interface CommandContext {
  /** The person asked for JSON on stdout; `ui.result` heeds it. */
  json: boolean;
  ui: Ui;
  /** Aborted by Ctrl-C: save, say how to go on, and return. The exit status is then 130. */
  signal: AbortSignal;
  /** The command line as it was typed, for telling how to go on: `plumb ppo --name a`. */
  commandLine: string;
  /** Every command, for what asks others how their settings are read. */
  commands: readonly CommandEntry[];
}

/** A command: what it is for, its settings, and what it does. */
export interface Command<S extends z.ZodObject = z.ZodObject> {
  /** Paragraphs for --help. */
  description: string;
  examples: { command: string; does: string }[];
  /** Every setting with `.describe()`: the flags, recipe keys, help and checks. */
  schema: S;
  /** The setting that may be given without its flag: `plumb data FILE`; a list takes several. Without one, that place is the recipe's. */
  positional?: keyof S["shape"] & string;
  /** It runs until Ctrl-C or SIGTERM, which is then no interruption: the exit status is 0. */
  endsBySignal?: true;
  /** @throws PlumbError for what a person can mend; anything else counts as a defect. */
  run(context: CommandContext, config: z.output<S>): Promise<void>;
}

/** A command as the list of commands holds it: loaded when it is called, so that help is quick. */
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

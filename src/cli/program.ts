import { Command as Commander, CommanderError, Option } from "commander";
import type { z } from "zod";
import { nearestName, PlumbError } from "../base/errors.js";
import { EXIT_USAGE } from "../base/usage-error.js";
import { asCalled, CALL } from "./called-as.js";
import type { Command, CommandContext, CommandEntry } from "./command.js";
import type { GivenSettings } from "./config-values.js";
import { forPeople, reportError } from "./exit.js";
import { helpItem, helpLayout } from "./help-layout.js";
import { EXIT_INTERRUPTED, watchInterrupts } from "./interrupt.js";
import type { Recipe } from "./recipe.js";
import { Ui } from "./ui.js";

interface GlobalFlags {
  json?: boolean;
  quiet?: boolean;
  color?: boolean;
}

/** Flags that every command has in addition to its schema's. */
interface CommandFlags {
  recipe?: string;
  set?: string[];
}

/**
 * Runs the command line. Only the command that is called is loaded.
 *
 * @param args without node and script. @returns the exit status.
 */
export async function runProgram(
  args: string[],
  entries: readonly CommandEntry[],
  version: string,
): Promise<number> {
  const program = new Commander(CALL)
    .description("Plumbline: RLHF, end to end, in TypeScript.")
    .version(version)
    .option("--json", "results as JSON on stdout")
    .option("--quiet", "only warnings and errors on stderr")
    .option("--no-color", "no colours; NO_COLOR in the environment does the same")
    .configureHelp(helpLayout(process.stdout.columns))
    .addHelpText("after", `\n${CALL} <command> --help shows a command's settings and examples.`)
    // What went wrong is written below, with a proposal of Plumbline's own.
    .showSuggestionAfterError(false)
    .configureOutput({ outputError: () => {} })
    .exitOverride();
  let status = 0;
  let called: { command: Command; sub: Commander } | undefined;
  const typed = args.filter((arg) => !arg.startsWith("-"));
  const names = typed[0] === "help" ? typed.slice(1) : typed;
  const groups = new Map<string, Commander>();
  try {
    for (const entry of entries) {
      const words = entry.name.split(" ");
      const parent = words.length === 1 ? program : groupOf(program, groups, words[0], entries);
      const sub = parent
        .command(words[words.length - 1])
        .summary(entry.summary)
        .description(entry.summary);
      sub.copyInheritedSettings(program);
      if (!words.every((word, i) => word === names[i])) continue;
      const command = await entry.load();
      called = { command, sub };
      await describe(sub, command);
      sub.action(async (positional: string | string[] | undefined) => {
        const globals = sub.optsWithGlobals<GlobalFlags>();
        status = await runCommand({
          entry,
          command,
          entries,
          args,
          positional,
          given: typedFlags(sub),
          globals,
        });
      });
    }
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    const ui = new Ui({ json: false, quiet: false, color: !process.env.NO_COLOR });
    if (!(error instanceof CommanderError)) return reportError(error, ui);
    if (error.exitCode === 0) return 0;
    // Help that was shown instead of an error has been written.
    if (error.code !== "commander.help") await reportRefused(error, args, entries, program, called, ui);
    return EXIT_USAGE;
  }
}

/** Writes why the command line was refused, and what was probably meant. */
async function reportRefused(
  error: CommanderError,
  args: readonly string[],
  entries: readonly CommandEntry[],
  program: Commander,
  called: { command: Command; sub: Commander } | undefined,
  ui: Ui,
): Promise<void> {
  const message = error.message.replace(/^error: /, "");
  if (error.code === "commander.unknownOption" && called !== undefined) {
    const { unknownFlagsError } = await import("./unknown-flags.js");
    const options = [...program.options, ...called.sub.options];
    const all = unknownFlagsError(called.command.schema, args, options);
    ui.error(all.message, all.hint);
    return;
  }
  let hint: string | undefined;
  if (error.code === "commander.unknownCommand") {
    const typed = /'([^']*)'/.exec(message)?.[1] ?? "";
    const words = [...new Set(entries.flatMap(({ name }) => name.split(" ")))];
    const near = nearestName(typed, words);
    hint = near === undefined ? `${CALL} --help shows the commands.` : `Did you mean ${near}?`;
  }
  ui.error(message, hint);
}

/** The parent of the commands whose names begin with a word, such as `plumb tasks`. */
function groupOf(
  program: Commander,
  groups: Map<string, Commander>,
  name: string,
  entries: readonly CommandEntry[],
): Commander {
  const known = groups.get(name);
  if (known !== undefined) return known;
  const members = entries.map((entry) => entry.name).filter((other) => other.startsWith(`${name} `));
  const group = program.command(name).description(members.map((member) => `plumb ${member}`).join(", "));
  group.copyInheritedSettings(program);
  groups.set(name, group);
  return group;
}

/** The flags that were typed; the schema fills in the others. */
function typedFlags(sub: Commander): Record<string, unknown> & CommandFlags {
  const typed = Object.entries(sub.opts()).filter(([key]) => sub.getOptionValueSource(key) === "cli");
  return Object.fromEntries(typed);
}

async function describe(sub: Commander, command: Command): Promise<void> {
  const { configOptions, nestedSettingsHelp, renamedFlags } = await import("./config-options.js");
  const { positional } = command;
  sub.description(command.description);
  const setting = positional === undefined ? undefined : (command.schema.shape[positional] as z.ZodType);
  const many = setting?.type === "array" ? "..." : "";
  sub.argument(`[${positional ?? "recipe"}${many}]`, setting?.description ?? "a YAML recipe, as --recipe");
  for (const option of configOptions(command.schema)) sub.addOption(option);
  // Accepted here, so that resolveConfig can refuse them with their new names.
  for (const flag of renamedFlags(command.schema)) sub.addOption(new Option(`${flag} [value]`).hideHelp());
  sub.optionsGroup("Recipes and help:");
  if (!takesRecipe(command))
    sub.option("--recipe <file>", "settings from a YAML file with a section for this command");
  sub.option(
    "--set <key=value>",
    "one setting, nested ones too (repeatable)",
    (value, all: string[] = []) => [...all, value],
  );
  sub.helpOption("-h, --help", "show this");
  const nested = nestedSettingsHelp(command.schema).map(([key, text]) => helpItem(`--set ${key}`, text));
  const examples = command.examples.map((example) => `  ${asCalled(example.command)}\n      ${example.does}`);
  sub.addHelpText(
    "after",
    [...(nested.length > 0 ? ["\nNested settings:", ...nested] : []), "\nExamples:", ...examples].join("\n"),
  );
}

/** Whether a recipe is a setting of the command, as for one that checks recipes; it then takes no settings from it. */
const takesRecipe = (command: Command): boolean => "recipe" in command.schema.shape;

interface Call {
  entry: CommandEntry;
  command: Command;
  entries: readonly CommandEntry[];
  args: string[];
  positional: string | string[] | undefined;
  given: Record<string, unknown> & CommandFlags;
  globals: GlobalFlags;
}

async function runCommand({
  entry,
  command,
  entries,
  args,
  positional,
  given,
  globals,
}: Call): Promise<number> {
  const { json = false, quiet = false, color = true } = globals;
  const ui = new Ui({ json, quiet, color: color && !process.env.NO_COLOR });
  const { signal, dispose } = watchInterrupts(ui, command.endsBySignal);
  let recipe: Recipe | undefined;
  try {
    const { resolveConfig } = await import("./config-values.js");
    const { readRecipe } = await import("./recipe.js");
    const { runToResume } = await import("./resume.js");
    const names = entries.map(({ name }) => name);
    const { recipe: recipeFlag, set = [], ...flags } = given;
    if (takesRecipe(command) && recipeFlag !== undefined) flags.recipe = recipeFlag;
    if (command.positional !== undefined && positional !== undefined && positional.length > 0)
      flags[command.positional] ??= positional;
    const recipeFile = takesRecipe(command)
      ? undefined
      : (recipeFlag ??
        (command.positional === undefined ? String(positional ?? "") || undefined : undefined));
    if (recipeFile !== undefined) recipe = await readRecipe(recipeFile, names);
    const settings: GivenSettings = { flags, set, ...(recipe && { recipe }) };
    const run = await runToResume(command, entry.name, settings, names);
    const config = resolveConfig(command.schema, entry.name, { ...settings, ...(run && { run }) });
    const context: CommandContext = {
      json,
      ui,
      signal,
      commandLine: quoteCommandLine(args),
      commands: entries,
    };
    await command.run(context, config);
    return signal.aborted && !command.endsBySignal ? EXIT_INTERRUPTED : 0;
  } catch (error) {
    if (signal.aborted && !(error instanceof PlumbError) && isAbort(error, signal)) return EXIT_INTERRUPTED;
    return reportError(await withRecipeLine(forPeople(error), recipe, entry.name), ui);
  } finally {
    dispose();
  }
}

/** An error about a file that a recipe names, with the line that names it. */
async function withRecipeLine(error: unknown, recipe: Recipe | undefined, command: string): Promise<unknown> {
  const section = recipe?.sections.get(command);
  if (!(error instanceof PlumbError) || recipe === undefined || section === undefined) return error;
  const { filesOf } = await import("./recipe-files.js");
  const named = filesOf(section.values).find(({ path }) => error.message.includes(path));
  if (named === undefined) return error;
  const line = section.lines.get(named.key);
  const where = `${recipe.file}${line === undefined ? "" : `, line ${line}`} names it (${named.key}).`;
  const hint = [error.hint, where, "Paths are relative to the current folder."].filter(Boolean).join(" ");
  return new PlumbError(error.message, { hint, exitCode: error.exitCode, cause: error });
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return error === signal.reason || (error instanceof Error && error.name === "AbortError");
}

/** The arguments as a shell would read them back. */
function quoteCommandLine(args: readonly string[]): string {
  const quoted = args.map((arg) =>
    /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`,
  );
  return [CALL, ...quoted].join(" ");
}

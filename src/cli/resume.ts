/** A resumed run goes on with the settings that it began with; those that are given again must be the same. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { z } from "zod";
import { folderToResume, otherCommand, RUN_CONFIG } from "../artifacts/index.js";
import type { Command } from "./command.js";
import { type GivenSettings, givenValues } from "./config-values.js";
import { type Recipe, readRecipe } from "./recipe.js";

/**
 * The settings of the run that a command is to resume.
 *
 * @param names of all commands. @returns undefined when nothing is to be resumed. @throws PlumbError if there is no
 * such run, or it is one of another command.
 */
export async function runToResume(
  { schema, runsIn }: Command,
  command: string,
  given: GivenSettings,
  names: readonly string[],
): Promise<Recipe | undefined> {
  if (runsIn === undefined) return undefined;
  const values = givenValues(schema, command, given);
  if (values.resume !== true) return undefined;
  const setting = (key: string) => values[key] ?? (schema.shape[key] as z.ZodType).safeParse(undefined).data;
  const name = String(setting("name") ?? command);
  const file = join(await folderToResume(String(setting(runsIn)), name), RUN_CONFIG);
  if (!existsSync(file)) return undefined;
  const run = await readRecipe(file, names);
  const [other] = run.sections.keys();
  if (other !== command) throw otherCommand(name, other, command);
  return run;
}

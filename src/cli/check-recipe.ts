/** Checks of a recipe: its sections fit the commands, and the files that it names are there. */
import { existsSync } from "node:fs";
import { PlumbError } from "../base/errors.js";
import { type CheckResult, type Foreseen, foresee, isForeseen, runCheck } from "../doctor/index.js";
import type { Runtime } from "../runtime/runtime.js";
import type { CommandEntry } from "./command.js";
import { resolveConfig } from "./config-values.js";
import { type Recipe, readRecipe } from "./recipe.js";
import { filesOf } from "./recipe-files.js";

/** @param runtime measures the steps from which training time is forecast; without it there is no forecast. */
export async function checkRecipe(
  file: string,
  commands: readonly CommandEntry[],
  runtime?: Runtime,
): Promise<CheckResult[]> {
  let recipe: Recipe | undefined;
  const names = commands.map(({ name }) => name);
  const read = await runCheck(`recipe ${file}`, async () => {
    recipe = await readRecipe(file, names);
    return { status: "ok", found: `sections ${[...recipe.sections.keys()].join(", ")}` };
  });
  const findings = [read];
  for (const name of recipe?.sections.keys() ?? []) {
    const entry = commands.find((command) => command.name === name);
    if (!recipe || !entry) continue;
    findings.push(await checkSection(recipe, entry));
    if (runtime && isForeseen(name) && findings.at(-1)?.status === "ok")
      findings.push(await foreseen(recipe, name, entry, runtime));
  }
  return findings;
}

function checkSection(recipe: Recipe, entry: CommandEntry): Promise<CheckResult> {
  return runCheck(`recipe ${entry.name}:`, async () => {
    const { schema } = await entry.load();
    let open: string | undefined;
    try {
      resolveConfig(schema, entry.name, { flags: {}, set: [], recipe });
    } catch (error) {
      // A setting that is missing may be meant to come from a flag.
      const lines = error instanceof PlumbError ? error.message.split("\n") : [];
      if (lines.length === 0 || !lines.every((line) => line.includes(" is missing"))) throw error;
      open = lines.join("; ");
    }
    const section = recipe.sections.get(entry.name);
    const files = section === undefined ? [] : filesOf(section.values);
    const missing = files.filter(({ path }) => !existsSync(path));
    const absent = missing.find(({ path }) => !path.startsWith("runs/"));
    if (absent !== undefined) {
      const line = section?.lines.get(absent.key);
      return {
        status: "fail",
        found: `${recipe.file}, line ${line ?? "?"}: ${absent.key} names ${absent.path}, which does not exist`,
        hint: "Correct the path (it is relative to the current folder), or fetch the file.",
      };
    }
    if (open !== undefined) return { status: "warn", found: open, hint: "Give it as a flag." };
    const later =
      missing.length > 0 ? `; ${missing.map(({ path }) => path).join(", ")} must be made first` : "";
    return { status: "ok", found: `every setting fits${later}` };
  });
}

async function foreseen(
  recipe: Recipe,
  name: Foreseen,
  entry: CommandEntry,
  runtime: Runtime,
): Promise<CheckResult> {
  const check = `forecast ${name}:`;
  try {
    const { schema } = await entry.load();
    const config = resolveConfig(schema, name, { flags: {}, set: [], recipe });
    return { check, ...(await foresee(name, config as never, runtime)) };
  } catch (error) {
    // An earlier section may make the files that this one names.
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error);
    return { check, status: "warn", found: `none: ${why}`, hint: "Run this again once it exists." };
  }
}

/** Modules of the user's own: loading them, and telling what goes wrong in them. */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { PlumbError } from "../base/errors.js";

/** Loads a module. @throws PlumbError with the line of what is wrong, where Node tells it. */
export async function importModule(path: string): Promise<Record<string, unknown>> {
  try {
    return (await import(urlOf(path))) as Record<string, unknown>;
  } catch (error) {
    const line = lineIn(path, error) ?? (error instanceof SyntaxError ? syntaxErrorLine(path) : undefined);
    throw new PlumbError(`${placeOf(path, line)}: the module cannot be loaded: ${described(error)}`, {
      cause: error,
    });
  }
}

/** What a function of a user's module threw, as an error that names the module, and the line in it. */
export function thrownIn(path: string, what: string, error: unknown): PlumbError {
  return new PlumbError(`${placeOf(path, lineIn(path, error))}: ${what} threw ${described(error)}`, {
    hint: error instanceof PlumbError ? error.hint : undefined,
    cause: error,
  });
}

const urlOf = (path: string): string => pathToFileURL(resolve(path)).href;
const placeOf = (path: string, line: string | undefined): string =>
  line === undefined ? path : `${path}, line ${line}`;

const described = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);

/** The line of a module in an error's stack that is nearest to where it was thrown. */
function lineIn(path: string, error: unknown): string | undefined {
  const stack = (error instanceof Error ? error.stack : undefined) ?? "";
  const [, after] = stack.split(`${urlOf(path)}:`);
  return after && /^\d+/.exec(after)?.[0];
}

/** The line of a module's own syntax error: Node keeps it from programs, but prints it when it checks a file. */
function syntaxErrorLine(path: string): string | undefined {
  const { stderr } = spawnSync(process.execPath, ["--check", resolve(path)], { encoding: "utf8" });
  const [first] = stderr.split("\n");
  return first.startsWith(`${resolve(path)}:`) || first.startsWith(urlOf(path))
    ? /:(\d+)$/.exec(first.trim())?.[1]
    : undefined;
}

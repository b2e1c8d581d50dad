/** config.yaml of a run's folder: the command, versions and every setting. */
import { readFile, rm } from "node:fs/promises";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import type { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { RENAMED_SETTINGS } from "../base/renamed-settings.js";
import { writeFileAtomically } from "./atomic.js";
import type { Json } from "./json.js";
import { plumblineVersion } from "./version.js";

/** Its name in the run's folder. */
export const RUN_CONFIG = "config.yaml";

/** What config.yaml records of a run, and how it is compared. */
export interface RecordedRun {
  name: string;
  /** The plumb command, such as "ppo". */
  command: string;
  /** All settings, including defaults; recorded in config.yaml. Those named "resume" and "fresh" are left out. */
  config: object;
  /** The settings' schema: one that the run to resume did not have yet, has its default there. */
  schema?: z.ZodType<object>;
  /** Continues from the last checkpoint of the run of this name. */
  resume?: boolean;
  /** Dotted names of settings that may differ from the interrupted run's, such as "steps". */
  mayChange?: string[];
}

/**
 * Writes the settings of a new run; compares those of a run that is resumed with what it began with.
 *
 * @throws PlumbError naming the settings that differ, or the other command that the run belongs to.
 */
export async function writeOrCompareConfig(path: string, options: RecordedRun): Promise<void> {
  const config = JSON.parse(
    JSON.stringify({ ...options.config, resume: undefined, fresh: undefined }),
  ) as Json;
  const previous = options.resume ? await readFile(path, "utf8").catch(() => undefined) : undefined;
  if (previous === undefined) {
    const header = `# What \`plumb ${options.command}\` was run with; \`plumb ${options.command} --name ${options.name} --resume\` goes on with it.\n`;
    const snapshot = {
      command: options.command,
      plumbline: plumblineVersion(),
      node: process.version,
      config,
    };
    await rm(path, { force: true });
    return writeFileAtomically(path, header + stringify(snapshot));
  }
  const { command, config: before } = parse(previous) as { command: string; config: Json };
  if (command !== options.command) {
    throw otherCommand(options.name, command, options.command);
  }
  const changed = differences(withDefaults(settingsOfRun(before), options.schema), config).filter(
    (key) => !options.mayChange?.includes(key),
  );
  if (changed.length > 0) {
    throw new PlumbError(`settings differ from the run to resume: ${changed.slice(0, 10).join(", ")}`, {
      hint: `Leave them out, and --resume takes them from ${path}; or start a new run under another --name.`,
    });
  }
}

/** Recorded settings with the defaults of those that were added since; as they are if they no longer fit the schema. */
function withDefaults(recorded: Json, schema: z.ZodType<object> | undefined): Json {
  const { data } = schema?.safeParse(recorded) ?? {};
  return data === undefined
    ? recorded
    : withoutBeginning(filled(recorded, JSON.parse(JSON.stringify(data)) as Json));
}

/** `values` with the keys of `defaults` that it lacks. */
function filled(values: Json, defaults: Json): Json {
  if (!isObject(values) || !isObject(defaults)) return values;
  const lacking = Object.entries(defaults).filter(([key]) => !(key in values));
  const own = Object.entries(values).map(([key, value]) => [key, filled(value, defaults[key] ?? null)]);
  return Object.fromEntries([...own, ...lacking]) as Json;
}

const isObject = (value: unknown): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** @param command the command that the run belongs to. @param asked the one that was called. */
export const otherCommand = (name: string, command: string, asked: string): PlumbError =>
  new PlumbError(`${name} is a run of \`plumb ${command}\`, not of \`plumb ${asked}\``);

/**
 * The settings in a run's config.yaml as they are given today: under their current names, and without those that say
 * how a command begins, which older runs recorded.
 */
export function settingsOfRun(config: Json): Json {
  return withoutBeginning(underNewNames(config));
}

/** Settings without those that say how a command begins. */
function withoutBeginning(settings: Json): Json {
  if (!isObject(settings)) return settings;
  const { resume: _, fresh: __, ...rest } = settings;
  return rest;
}

function underNewNames(config: Json): Json {
  if (typeof config !== "object" || config === null || Array.isArray(config)) return config;
  return Object.fromEntries(
    Object.entries(config).map(([name, value]) => [RENAMED_SETTINGS.get(name) ?? name, underNewNames(value)]),
  );
}

/** Dotted keys at which two settings differ. */
function differences(a: Json | undefined, b: Json | undefined, path = ""): string[] {
  if (isDeepStrictEqual(a, b)) return [];
  if (!isObject(a) || !isObject(b)) return [path];
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return keys.flatMap((key) => differences(a[key], b[key], path === "" ? key : `${path}.${key}`));
}

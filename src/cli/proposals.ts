/** What an unknown setting was probably meant to be. */
import type { z } from "zod";
import { nearestName } from "../base/errors.js";
import { flagName, knownKeys, settingKey, settingsOf } from "./settings.js";

/**
 * What settings are called for short or in other programs, in lower case without hyphens and underscores: the names
 * that they may have here, the likeliest first.
 */
const SYNONYMS: ReadonlyMap<string, readonly string[]> = new Map([
  ["lr", ["learningRate"]],
  ["bs", ["batchSize"]],
  ["batch", ["batchSize"]],
  ["trainbatchsize", ["batchSize"]],
  ["perdevicetrainbatchsize", ["microBatchSize"]],
  ["epoch", ["epochs"]],
  ["epochs", ["epochs", "iterations"]],
  ["numepochs", ["epochs"]],
  ["numtrainepochs", ["epochs", "iterations"]],
  ["iters", ["iterations", "epochs"]],
  ["iterations", ["iterations", "epochs"]],
  ["steps", ["iterations", "epochs"]],
  ["maxsteps", ["iterations", "epochs"]],
  ["kl", ["klCoefficient", "beta"]],
  ["klcoef", ["klCoefficient", "beta"]],
  ["beta", ["beta", "klCoefficient"]],
  ["wd", ["weightDecay"]],
  ["gradclip", ["maxGradNorm"]],
  ["warmup", ["warmupRatio"]],
  ["temp", ["temperature"]],
  ["lam", ["lambda"]],
  ["vfcoef", ["valueCoefficient"]],
  ["cliprange", ["clip", "epsilon"]],
  ["numgenerations", ["groupSize"]],
  ["maxtokens", ["maxNewTokens", "maxLength"]],
  ["maxseqlength", ["maxLength"]],
  ["seqlen", ["maxLength"]],
  ["rank", ["r"]],
  ["rm", ["rewardModel"]],
  ["dataset", ["data"]],
  ["output", ["out"]],
  ["outputdir", ["out"]],
  ["database", ["db"]],
]);

/** Most settings that one message proposes. */
const MAX_PROPOSED = 4;

const synonymsOf = (name: string): readonly string[] =>
  SYNONYMS.get(name.toLowerCase().replace(/[-_]/g, "")) ?? [];

/**
 * Dotted keys of settings that an unknown one was probably meant to be, the likeliest first; several only where
 * several objects have a setting of the same name.
 *
 * @param before the path of the object that has no setting `name`.
 */
export function proposedSettings(schema: z.ZodObject, before: readonly string[], name: string): string[] {
  const known = knownKeys(schema, before) ?? [];
  const here = (key: string): string[] => [[...before, key].join(".")];
  const meant = synonymsOf(name).find((other) => known.includes(other));
  if (meant !== undefined) return here(meant);
  const elsewhere = settingsOf(schema).filter(({ path }) => before.length > 0 || path.length > 1);
  const named = (leaf: string | undefined): string[] =>
    elsewhere.filter(({ path }) => path.at(-1) === leaf).map(settingKey);
  for (const other of [name, ...synonymsOf(name)]) {
    const found = named(other);
    if (found.length > 0) return found.slice(0, MAX_PROPOSED);
  }
  const near = nearestName(name, known);
  if (near !== undefined) return here(near);
  const leaves = elsewhere.map(({ path }) => path[path.length - 1]);
  return named(nearestName(name, leaves)).slice(0, MAX_PROPOSED);
}

/** Flags of every command, and of a command with settings. */
const COMMON_FLAGS = ["--help", "--json", "--quiet", "--no-color", "--recipe", "--set"];

/**
 * A hint at what an unknown flag was meant to be, as it would be typed; undefined if nothing is near.
 *
 * @param flag as it was typed, `--lr` or `--lr=3`. @param value what followed it, if it was no flag.
 */
export function proposedFlag(schema: z.ZodObject, flag: string, value?: string): string | undefined {
  const [typed, inline] = flag.split("=", 2);
  const key = typed
    .replace(/^-+(no-)?/, "")
    .replace(/[-_]([a-z0-9])/g, (_, next: string) => next.toUpperCase());
  const shown = inline ?? (value?.startsWith("-") ? undefined : value) ?? "...";
  const off = typed.startsWith("--no-");
  const flags = proposedSettings(schema, [], key).map((found) => {
    if (found.includes(".")) return `--set ${found}=${off ? "false" : shown}`;
    return off ? flagName(found).replace("--", "--no-") : flagName(found);
  });
  const common = flags.length > 0 ? undefined : nearestName(typed, COMMON_FLAGS);
  return didYouMean(common === undefined ? flags : [common]);
}

/** `Did you mean a, b or c?`; undefined without any. */
export function didYouMean(found: readonly string[]): string | undefined {
  if (found.length === 0) return undefined;
  const last = found[found.length - 1];
  return `Did you mean ${found.length === 1 ? last : `${found.slice(0, -1).join(", ")} or ${last}`}?`;
}

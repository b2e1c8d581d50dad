/**
 * Which modules an adapter's configuration means, and with which rank and scale: peft's rules
 * (check_target_module_exists and get_pattern_key). Expressions are run by RE2 in time linear in the path's length.
 */

import { RE2JS } from "re2js";
import { messageOf, PlumbError } from "../../base/errors.js";
import { shown } from "../../base/explain-issue.js";
import { endsWith } from "../lora-targets.js";
import { type AdapterConfig, isOff } from "./adapter-config.js";

/** A module that peft could adapt. */
export interface AdaptableModule {
  /** Its path in the architecture, such as "model.layers.0.self_attn.q_proj". */
  path: string;
  /** Whether "all-linear" means it. */
  linear: boolean;
}

/** Compiles a Python expression. @throws PlumbError, which names the key, if RE2 has no such thing. */
function expression(source: string, key: string, from: string): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const why = messageOf(error);
    throw new PlumbError(
      `${from}: "${key}" holds the expression ${shown(source)}, which cannot be read: ${why}`,
      {
        hint: "Look-around and back-references are not supported. Name the modules in a list instead.",
      },
    );
  }
}

/** A test of paths by names of ends, or by an expression for whole paths. */
function matcher(wanted: string | readonly string[], key: string, from: string): (path: string) => boolean {
  if (typeof wanted !== "string") return (path) => wanted.some((end) => endsWith(path, end));
  const pattern = expression(wanted, key, from);
  return (path) => pattern.matches(path);
}

/** The number of a path's layer, as peft finds it; undefined if it has none. */
function layerNumbers(config: AdapterConfig, from: string): (path: string) => number | undefined {
  const given = config.layers_pattern;
  const before =
    given === undefined || isOff(given)
      ? undefined
      : typeof given === "string"
        ? [given]
        : (given as string[]);
  const patterns = (before ?? ["[^.]*"]).map((part) =>
    expression(
      before === undefined ? String.raw`^.*?\.${part}\.(\d+)\.` : String.raw`^(?:|.*?\.)(?:${part})\.(\d+)\.`,
      "layers_pattern",
      from,
    ),
  );
  return (path) => {
    for (const pattern of patterns) {
      const found = pattern.matcher(path);
      if (found.find()) return Number(found.group(found.groupCount()));
    }
    return undefined;
  };
}

/**
 * A test of whether a module is adapted. @throws PlumbError for an expression that cannot be read, or if none of the
 * modules is meant.
 */
export function targetsOf(
  config: AdapterConfig,
  modules: readonly AdaptableModule[],
  from: string,
): { targeted: (path: string) => boolean; strangers: string[] } {
  const wanted = config.target_modules;
  const all = typeof wanted === "string" && wanted.toLowerCase() === "all-linear";
  const linear = new Set(modules.filter((one) => one.linear).map(({ path }) => path));
  const named = all ? (path: string) => linear.has(path) : matcher(wanted, "target_modules", from);
  const without = config.exclude_modules;
  const excluded =
    without === undefined || without === null || isOff(without)
      ? () => false
      : matcher(without, "exclude_modules", from);
  const layers = config.layers_to_transform;
  const chosen = layers === undefined || layers === null ? [] : [layers].flat();
  const layerOf = layerNumbers(config, from);
  const inLayers =
    chosen.length === 0
      ? () => true
      : (path: string) => {
          const layer = layerOf(path);
          return layer !== undefined && chosen.includes(layer);
        };
  const whole = config.modules_to_save ?? [];
  const saved = (path: string): boolean => whole.some((part) => `.${path}.`.includes(`.${part}.`));
  const targeted = (path: string): boolean =>
    !excluded(path) && !saved(path) && named(path) && inLayers(path);
  const strangers =
    typeof wanted === "string"
      ? []
      : wanted.filter((end) => !modules.some(({ path }) => endsWith(path, end)));
  return { targeted, strangers };
}

/** The value of the first pattern that matches the end of a path, or undefined: peft's get_pattern_key. */
function byPattern(patterns: Readonly<Record<string, number>>, key: string, from: string) {
  const compiled = Object.entries(patterns).map(
    ([end, value]) => [expression(String.raw`(?:.*\.)?(?:${end})`, key, from), value] as const,
  );
  return (path: string): number | undefined => compiled.find(([pattern]) => pattern.matches(path))?.[1];
}

/** The rank of a module's update, and the factor of B A. */
export function ranksOf(config: AdapterConfig, from: string): (path: string) => { r: number; scale: number } {
  const rank = byPattern(config.rank_pattern ?? {}, "rank_pattern", from);
  const alpha = byPattern(config.alpha_pattern ?? {}, "alpha_pattern", from);
  return (path) => {
    const r = rank(path) ?? config.r;
    return { r, scale: (alpha(path) ?? config.lora_alpha) / (config.use_rslora ? Math.sqrt(r) : r) };
  };
}

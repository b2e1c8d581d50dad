/** The linear layers that an adapter changes: by our names in recipes, by the architecture's in PEFT's files. */
import { PlumbError } from "../base/errors.js";
import { pathInClass } from "./adapter-modules.js";
import { theirName } from "./architectures/names.js";
import type { ModelConfig } from "./config.js";
import {
  type BlockLinear,
  blockLinears,
  FUSED_LINEARS,
  type LinearName,
  loraLinears,
} from "./weight-names.js";

/**
 * The model's own linear layers for the targets of a recipe. If q, k and v (or gate and up) are one layer, all of them
 * must be named; `gate_proj` may be named even if there is no gate. Of a mixture of experts, gate, up and down are those of
 * all experts.
 *
 * @throws PlumbError for a part of a fused layer, or a layer that the model does not have.
 */
export function loraTargets(config: ModelConfig, targets: readonly LinearName[]): LinearName[] {
  const linears = loraLinears(config).map(({ name }) => name);
  const parts = (name: LinearName): readonly LinearName[] =>
    Object.hasOwn(FUSED_LINEARS, name) ? FUSED_LINEARS[name as keyof typeof FUSED_LINEARS] : [];
  const chosen = linears.filter((name) => {
    const named = parts(name).filter((part) => targets.includes(part));
    if (targets.includes(name) || (named.length > 0 && named.length === parts(name).length)) return true;
    if (named.length === 0) return false;
    throw new PlumbError(
      `LoRA on ${named.join(", ")}: this model has ${parts(name).join(", ")} in one layer`,
      {
        hint: `Name all of them, or ${name}.`,
      },
    );
  });
  const known = [...linears, ...linears.flatMap(parts), ...(config.plainMlp ? ["gate_proj"] : [])];
  const unknown = targets.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new PlumbError(`LoRA on ${unknown}: this model has no such layer`, {
      hint: `Its linear layers are ${linears.join(", ")}.`,
    });
  }
  return chosen;
}

/** The architecture's path of a linear layer within a block, such as "attn.c_proj". */
const theirPath = (config: ModelConfig, { module }: BlockLinear): string =>
  theirName(config, `model.layers.0.${module}`).replace(/^.*?\.0\./, "");

/** PEFT's target_parameters for our layers: the router and the experts of a mixture, as transformers 5 names them. */
export function peftParameters(config: ModelConfig, targets: readonly LinearName[]): string[] {
  return loraLinears(config)
    .slice(blockLinears(config).length)
    .flatMap(({ name, module, experts }) => {
      if (!targets.includes(name)) return [];
      return [experts === undefined ? `${parameterPath(config, module)}.weight` : module];
    });
}

/** The path within a block that transformers 5 gives a module of a mixture. */
export const parameterPath = (config: ModelConfig, module: string): string =>
  theirName(config, `model.layers.0.${module}`).replace(/^.*?\.0\.[^.]+/, "mlp");

/** Whether a module's path ends with whole names. */
export const endsWith = (path: string, end: string): boolean => path === end || path.endsWith(`.${end}`);

/**
 * PEFT's target_modules for our layers: for each, the shortest end of its path that no other layer's path has; where the
 * base is a class of several models, whose other parts have layers of the same names, an expression for whole paths.
 */
export function peftTargets(config: ModelConfig, targets: readonly LinearName[]): string[] | string {
  const linears = blockLinears(config);
  const paths = linears.map((linear) => theirPath(config, linear));
  if (config.partOf !== undefined) {
    const named = paths.filter((_, i) => targets.includes(linears[i].name));
    const expression = (path: string): string => path.replaceAll(".", String.raw`\.`);
    return `${expression(pathInClass(config)("model.layers."))}\\d+\\.(?:${named.map(expression).join("|")})`;
  }
  return linears.flatMap(({ name }, i) => {
    if (!targets.includes(name)) return [];
    const steps = paths[i].split(".");
    const ends = steps.map((_, n) => steps.slice(n).join(".")).reverse();
    return ends.find((end) => paths.filter((path) => endsWith(path, end)).length === 1) as string;
  });
}

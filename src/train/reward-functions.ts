import { existsSync } from "node:fs";
import { z } from "zod";
import {
  checkedRewards,
  functionReward,
  type RewardFunction,
  type RewardSource,
} from "../algorithms/reward-sources.js";
import { nearestName, PlumbError } from "../base/errors.js";
import { shown } from "../base/explain-issue.js";
import { importModule, thrownIn } from "./user-module.js";

export const rewardFunctionSchema = z.object({
  module: z.string().min(1).describe("a .js or .mjs file; compile TypeScript first"),
  export: z.string().min(1).default("default").describe("the export that is the function"),
  weight: z.number().default(1).describe("weight in the sum of rewards"),
  name: z.string().min(1).optional().describe("name in metrics; default: the export's or the file's"),
});
type RewardFunctionSettings = z.infer<typeof rewardFunctionSchema>;

/**
 * A user's own reward, from a module whose export takes a list of `{ prompt, meta, response, ids, finishReason }`
 * (RewardInput) and returns one number for each, or a promise of the numbers:
 *
 *   // brevity.mjs
 *   export default (responses) => responses.map(({ ids }) => -ids.length / 32);
 */
export async function loadRewardFunction(settings: RewardFunctionSettings): Promise<RewardSource> {
  const { module: path, export: key, weight } = settings;
  if (!/\.m?js$/.test(path)) {
    throw new PlumbError(`${path}: a reward function is a .js or .mjs module`, {
      hint: /\.[cm]?ts$/.test(path)
        ? "Compile it first, for example with tsc, and give the .js file."
        : undefined,
    });
  }
  if (!existsSync(path)) throw new PlumbError(`there is no reward function at ${path}`);
  const exports = await importModule(path);
  const found = exports[key];
  if (typeof found !== "function") {
    if (found !== undefined)
      throw new PlumbError(`${path}: the export "${key}" is ${shown(found)}, not a function`, {
        hint: "Export a function, such as (responses) => responses.map(({ ids }) => -ids.length / 32).",
      });
    const near = nearestName(key, Object.keys(exports));
    throw new PlumbError(`${path} has no function "${key}"`, {
      hint: near ? `Did you mean "${near}"?` : `It exports: ${Object.keys(exports).join(", ") || "nothing"}.`,
    });
  }
  const stem = path.replace(/^.*[\\/]/, "").replace(/\.m?js$/, "");
  const name = settings.name ?? (key === "default" ? stem : key);
  const what = `the reward function "${name}"`;
  return functionReward(name, weight, async (inputs) => {
    let returned: unknown;
    try {
      returned = await (found as RewardFunction)(inputs);
    } catch (error) {
      throw thrownIn(path, what, error);
    }
    return checkedRewards(returned, inputs.length, `${path}: ${what}`);
  });
}

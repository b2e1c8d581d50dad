/** Checks of 8 bits: whether the processor is made for them, and how much exactness they cost a model. */

import { formatNumber } from "../base/format.js";
import type { Notices } from "../base/host.js";
import { int8Support } from "../model/int8/processor.js";
import { MIN_COSINE, rounding, withinLimits } from "../open/base-precision.js";
import { textsOfFiles } from "../open/calibration-texts.js";
import { openBaseModel, tokenizerOf } from "../open/open-network.js";
import type { Runtime } from "../runtime/runtime.js";
import { type CheckResult, runCheck } from "./check.js";

/** Most rows read from each data file; calibration uses fewer. */
const ROWS = 256;

/** Whether products of integers are right and fast here; `--base auto` relies on the same check. */
export const checkInt8Support = (runtime: Runtime): Promise<CheckResult> =>
  runCheck("8-bit products", async () => {
    const { fit, found } = await int8Support(runtime);
    return fit
      ? { status: "ok", found }
      : {
          status: "warn",
          found,
          hint: "Leave --base at f32 or auto: 8 bits are no faster here, or not exact.",
        };
  });

interface Int8Check {
  model: string;
  adapter: readonly string[];
  data: readonly string[];
  baseError: number;
}

/** KL per token, equal top tokens and gradient cosine of a model's 8-bit base, on the user's text or sampled text. */
export const checkInt8Base = (
  runtime: Runtime,
  { model, adapter, data, baseError }: Int8Check,
  notices: Notices,
): Promise<CheckResult> =>
  runCheck("base in 8 bits", async () => {
    const opened = await openBaseModel(runtime, model, adapter, { notices });
    if (opened.int8) {
      const { kl_per_token: kl, same_top: same, gradient_cosine: cosine, tokens } = opened.int8.error;
      return { status: "ok", found: `stored in 8 bits; ${shown(kl, same, cosine, tokens)} at conversion` };
    }
    const texts = async () => (data.length > 0 ? textsOfFiles(data, tokenizerOf(opened), ROWS) : []);
    const options = { limit: baseError, use: "training" } as const;
    const { error, int16, source } = await rounding(
      runtime,
      { ...opened, weights: opened.base },
      texts,
      options,
      notices,
    );
    const { klPerToken, sameTop, gradientCosine = 1, tokens } = error;
    const figures = shown(klPerToken, sameTop, gradientCosine, tokens);
    const text = source === "data" ? "the data" : "text that the model sampled";
    const found = `${figures} of ${text}; ${int16.length} products with 16-bit activations`;
    if (withinLimits(error, { limit: baseError, cosine: true })) return { status: "ok", found };
    const hint = `--base int8 would be refused: at most ${baseError} and a cosine of ${MIN_COSINE} are required.`;
    return { status: "warn", found, hint };
  });

const shown = (kl: number, same: number, cosine: number, tokens: number): string =>
  `KL ${formatNumber(kl)} nats per token, same top token ${formatNumber(same)}, gradient cosine ${formatNumber(cosine)} on ${tokens} tokens`;

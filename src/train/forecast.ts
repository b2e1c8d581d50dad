/** The memory and operations that a run will need, from its data and the shapes of its model. */
import type { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { int8Shapes } from "../model/int8/shapes.js";
import { adaptersTokenizer, openModel } from "../model/load/index.js";
import { expectedWeights } from "../model/weight-names.js";
import { withTemplateSettings } from "../open/open-network.js";
import { checkResize } from "../open/resize.js";
import { checkTrainable } from "./base.js";
import { fitMemory } from "./memory-fit.js";
import { type Encoded, type Foresight, type Method, type MethodSettings, withinContext } from "./method.js";

/** What training will take, before it begins. */
export interface Forecast extends Foresight {
  /** Peak memory of the process, in bytes. */
  peakBytes: number;
  /** What the frozen base is counted as: a model that is stored in 8 bits is; one that a run would round is not. */
  base: "f32" | "int8";
}

const SILENT = { info: () => {}, warn: () => {} };

/** @throws PlumbError if the model or the data are missing. */
export async function forecast<S extends z.ZodObject, Rows, Data extends Encoded, Figures extends object>(
  method: Method<S, Rows, Data, Figures>,
  settings: z.output<S> & MethodSettings,
): Promise<Forecast> {
  checkResize(settings);
  const opened = await openModel(settings.model, "language-model", settings.resize);
  await opened.close();
  checkTrainable(opened, settings);
  if (!opened.tokenizer) throw new PlumbError(`${settings.model} has no tokenizer`);
  // An adapter may have more tokens than the model.
  const anyRows = { ...opened.config, vocabSize: Infinity };
  const own = await adaptersTokenizer(opened.tokenizer, settings.adapter, anyRows);
  const tokenizer = withTemplateSettings(own ?? opened.tokenizer, settings, settings.model);
  const rows = settings.resize ? tokenizer.vocabSize : 0;
  const config = { ...opened.config, vocabSize: Math.max(opened.config.vocabSize, rows) };
  const weights =
    opened.int8 === undefined
      ? new Map([...expectedWeights(config)].map(([name, shape]) => [name, { dtype: "f32", shape } as const]))
      : int8Shapes(config, opened.int8.description);
  const model = { config, weights, padId: tokenizer.padId ?? config.padId ?? 0 };
  const context = config.maxPositions;
  const wanted = withinContext(settings, context);
  const data = method.encode(await method.read(wanted, SILENT.warn), { tokenizer, context }, wanted);
  const fitted = await fitMemory(wanted, (trial) => method.heaviest(model, data, trial), SILENT);
  const heaviest = await method.heaviest(model, data, fitted);
  const base = opened.int8 === undefined ? "f32" : "int8";
  return { base, peakBytes: heaviest.peakBytes, ...(await method.foresee(model, data, fitted, heaviest)) };
}

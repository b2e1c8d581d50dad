/** The memory and operations that a run will need, from its data and the shapes of its model. */
import type { z } from "zod";
import { PlumbError } from "../base/errors.js";
import { adaptersTokenizer, openModel } from "../model/load/index.js";
import { expectedWeights } from "../model/weight-names.js";
import { withTemplateSettings } from "../open/open-network.js";
import { checkResize } from "../open/resize.js";
import { fitMemory } from "./memory-fit.js";
import { type Encoded, type Foresight, type Method, type MethodSettings, withinContext } from "./method.js";

/** What training will take, before it begins. */
export interface Forecast extends Foresight {
  /** Peak memory of the process, in bytes. */
  peakBytes: number;
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
  if (!opened.tokenizer) throw new PlumbError(`${settings.model} has no tokenizer`);
  // An adapter may have more tokens than the model.
  const anyRows = { ...opened.config, vocabSize: Infinity };
  const own = await adaptersTokenizer(opened.tokenizer, settings.adapter, anyRows);
  const tokenizer = withTemplateSettings(own ?? opened.tokenizer, settings, settings.model);
  const rows = settings.resize ? tokenizer.vocabSize : 0;
  const config = { ...opened.config, vocabSize: Math.max(opened.config.vocabSize, rows) };
  const shapes = [...expectedWeights(config)].map(
    ([name, shape]) => [name, { dtype: "f32", shape }] as const,
  );
  const model = { config, weights: new Map(shapes), padId: tokenizer.padId ?? config.padId ?? 0 };
  const context = config.maxPositions;
  const wanted = withinContext(settings, context);
  const data = method.encode(await method.read(wanted, SILENT.warn), { tokenizer, context }, wanted);
  const fitted = await fitMemory(wanted, (trial) => method.heaviest(model, data, trial), SILENT);
  const heaviest = await method.heaviest(model, data, fitted);
  return { peakBytes: heaviest.peakBytes, ...(await method.foresee(model, data, fitted, heaviest)) };
}

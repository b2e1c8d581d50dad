/** Gives a model the rows that its tokenizer's added tokens lack, where that is asked for. */
import { PlumbError } from "../base/errors.js";
import type { Notices } from "../base/host.js";
import { usageError } from "../base/usage-error.js";
import type { StoredInt8 } from "../model/int8/stored.js";
import { checkTokenizer } from "../model/load/index.js";
import { type SizedModel, withRows } from "../model/resize.js";
import type { Runtime } from "../runtime/runtime.js";
import type { Tokenizer } from "../text/index.js";
import { tokenizerOf, withEnds } from "./open-network.js";

/** Tokens that are named in a message. */
const NAMED = 4;

/** A model that was opened with its tokenizer's `addedTokens`. */
interface Resizable extends SizedModel {
  tokenizer?: Tokenizer | undefined;
  source: string;
  int8?: StoredInt8 | undefined;
}

/**
 * The model with a row for every token of its tokenizer (`withRows`), and with the ends of its template's turns.
 *
 * @param notices is told which tokens got one.
 * @throws PlumbError if it has no tokenizer, or that of another model, or is stored in 8 bits.
 */
export async function resized<M extends Resizable>(
  runtime: Runtime,
  model: M,
  notices: Pick<Notices, "info">,
): Promise<M> {
  const { config, source } = model;
  const tokenizer = tokenizerOf(model);
  checkTokenizer(config, tokenizer, source, true);
  const [before, rows] = [config.vocabSize, tokenizer.vocabSize];
  if (rows <= before) {
    notices.info(`${source}: each of its ${rows} tokens has one of its ${before} rows; none is added`);
    return model;
  }
  if (model.int8 !== undefined) {
    throw new PlumbError(`${source} is stored in 8 bits, so it cannot get rows for more tokens`, {
      hint: "Give the model that it was converted from.",
    });
  }
  const ids = Array.from({ length: Math.min(NAMED, rows - before) }, (_, i) => before + i);
  const names = ids.map((id) => JSON.stringify(tokenizer.tokenOf(id) ?? id)).join(", ");
  const more = rows - before > NAMED ? " and others" : "";
  const count = rows - before === 1 ? "1 row is" : `${rows - before} rows are`;
  notices.info(`${source}: ${count} added, each the mean of its ${before}, for ${names}${more}`);
  const grown = await withRows(runtime, model, rows);
  return { ...model, ...grown, config: withEnds(grown.config, tokenizer) };
}

/** @throws PlumbError if rows are asked for that would not be trained, nor saved, as an adapter leaves them out. */
export function checkResize({ resize, lora }: { resize: boolean; lora: object | null }): void {
  if (!resize || lora === null) return;
  throw usageError(
    "--resize is for training all weights: an adapter does not train the new rows, and is saved without them",
    "Write the model with its rows first, plumb convert --resize, and train the adapter on that.",
  );
}

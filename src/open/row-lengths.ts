/** The lengths of rows in the tokens of a model. */
import { PlumbError } from "../base/errors.js";
import type { NormalRow } from "../data/index.js";
import { encodeDemonstration, encodePreference, encodePromptRow, encodeUnpaired } from "../data/tokenize.js";
import { openModel } from "../model/load/index.js";

/**
 * What tells a row's length as training reads it: of a pair, of its longer side.
 *
 * @param model its name. @throws PlumbError if it has no tokenizer; what is returned, if its template refuses a row.
 */
export async function rowLengths(model: string): Promise<(row: NormalRow) => number> {
  const opened = await openModel(model, "any");
  await opened.close();
  const { tokenizer } = opened;
  if (tokenizer === undefined)
    throw new PlumbError(`${model} has no tokenizer, so its tokens cannot be counted`);
  return (row) => {
    if ("kind" in row) return encodeDemonstration(tokenizer, row).ids.length;
    if ("label" in row) return encodeUnpaired(tokenizer, row).ids.length;
    if (!("chosen" in row)) return encodePromptRow(tokenizer, row).length;
    const { chosen, rejected } = encodePreference(tokenizer, row);
    return Math.max(chosen.length, rejected.length);
  };
}

/** The forms that a request line may have, and the checks that all forms share. */

import { nearestName } from "../base/errors.js";
import { shown } from "../base/explain-issue.js";
import { type LocatedRow, type RowLocation, rowError } from "../base/location.js";
import type { ModelConfig } from "../model/config.js";

/** The fields of each form. */
export type Forms<F extends string> = Record<F, readonly string[]>;

/**
 * The form of a row by its fields: the first that has all of them. Other fields are ignored.
 *
 * @throws PlumbError when the row has the fields of no form, naming the nearest.
 */
export function formOf<F extends string>(row: LocatedRow, forms: Forms<F>): F {
  const has = (field: string) => row.value[field] !== undefined && row.value[field] !== null;
  const all = Object.entries(forms) as [F, readonly string[]][];
  const fitting = all.find(([, fields]) => fields.every(has));
  if (fitting !== undefined) return fitting[0];
  const known = [...new Set(all.flatMap(([, fields]) => fields))];
  const names = Object.keys(row.value).slice(0, 10);
  const stranger = names.find((name) => !known.includes(name) && nearestName(name, known) !== undefined);
  throw rowError(
    row.where,
    `expected ${all.map(([, fields]) => spelt(fields)).join(", or ")}; got ${spelt(names) || "no field"}`,
    stranger && `Did you mean "${nearestName(stranger, known)}" instead of ${JSON.stringify(stranger)}?`,
  );
}

const spelt = (fields: readonly string[]): string =>
  fields.map((field) => JSON.stringify(field)).join(" with ");

/** The row's token ids, each in the vocabulary. @throws PlumbError */
export function tokenIds(row: LocatedRow, { vocabSize }: ModelConfig, field = "input_ids"): number[] {
  const ids = row.value[field];
  if (!Array.isArray(ids)) {
    throw rowError(row.where, `field "${field}" is ${shown(ids)}; expected a list of token ids`);
  }
  if (ids.length === 0) throw rowError(row.where, `field "${field}" is an empty list`);
  const wrong = ids.findIndex((id) => !Number.isInteger(id) || id < 0 || id >= vocabSize);
  if (wrong >= 0) {
    throw rowError(
      row.where,
      `field "${field}[${wrong}]" is ${shown(ids[wrong])}; expected a token id of this model, 0 to ${vocabSize - 1}`,
    );
  }
  return ids as number[];
}

/** @param extra tokens that will follow. @throws PlumbError when there are none, or they exceed the context. */
export function checkLength(
  where: RowLocation,
  ids: readonly number[],
  { maxPositions }: ModelConfig,
  extra = 0,
): void {
  if (ids.length === 0) throw rowError(where, "the text has no tokens");
  if (ids.length + extra <= maxPositions) return;
  throw rowError(
    where,
    extra === 0
      ? `${ids.length} tokens exceed the model's context of ${maxPositions}`
      : `the prompt's ${ids.length} tokens and ${extra} new ones exceed the model's context of ${maxPositions}`,
    extra === 0 || ids.length >= maxPositions
      ? "Shorten the text."
      : "Shorten the prompt, or lower --max-new-tokens.",
  );
}

import { stripVTControlCharacters } from "node:util";

const segmenter = new Intl.Segmenter(undefined, { granularity: "grapheme" });
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}|[\u{20000}-\u{3fffd}]/u;
const ZERO = /^[\p{Mark}\p{Cf}]+$/u;

/** How many columns of a terminal a text takes: wide characters two, combining ones and colours none. */
export function textWidth(text: string): number {
  const plain = stripVTControlCharacters(text);
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length;
  let width = 0;
  for (const { segment } of segmenter.segment(plain))
    width += ZERO.test(segment) ? 0 : WIDE.test(segment) ? 2 : 1;
  return width;
}

/** The text cut to at most `columns`, ending in "…" where something was cut off. Colours are dropped when it is cut. */
export function truncateText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let cut = "";
  let width = 0;
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) {
    const next = width + textWidth(segment);
    if (next > columns - 1) break;
    cut += segment;
    width = next;
  }
  return columns > 0 ? `${cut}…` : "";
}

/** Text from a file or a model, made safe to print: control characters (escape sequences too) become spaces. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ");
}

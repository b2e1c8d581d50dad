/** JSON whose whole numbers keep all their digits, and whose objects say each thing once. */

/**
 * The value of a JSON text. A whole number beyond 2^53, which a number cannot hold exactly, becomes text with its
 * digits: ids stay what they are, and where a number is expected the value is refused by its type.
 *
 * @throws SyntaxError as JSON.parse does, and where an object has a name twice, of which JSON.parse takes the last.
 */
export function parseExactJson(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (namesIn(text) !== namesOf(value)) throw new SyntaxError("an object has the same name twice");
  return LONG.test(text) ? JSON.parse(withLongNumbersQuoted(text)) : value;
}

/** Names of all objects in a valid JSON text: strings before a colon. */
function namesIn(text: string): number {
  let names = 0;
  for (let at = text.indexOf('"'); at >= 0; at = text.indexOf('"', at)) {
    at = endOfString(text, at);
    let next = at;
    while (BLANKS.includes(text[next])) next++;
    if (text[next] === ":") names++;
  }
  return names;
}

/** What JSON allows between its signs. */
const BLANKS = " \n\r\t";

/** Names of all objects in a value. */
function namesOf(value: unknown): number {
  let names = 0;
  for (const left = [value]; left.length > 0; ) {
    const one = left.pop();
    if (typeof one !== "object" || one === null) continue;
    const inside: unknown[] = Object.values(one);
    if (!Array.isArray(one)) names += inside.length;
    for (const value of inside) left.push(value);
  }
  return names;
}

/** 16 or more digits that are not part of a fraction. */
const LONG = /(?:^|[^.\d])\d{16,}(?![.\deE])/;

/** A valid JSON text with quotes around whole numbers beyond 2^53. */
function withLongNumbersQuoted(text: string): string {
  const parts: string[] = [];
  let copied = 0;
  for (let at = 0; at < text.length; ) {
    if (text[at] === '"') {
      at = endOfString(text, at);
      continue;
    }
    const number = NUMBER_START.test(text[at]) ? numberAt(text, at) : "";
    if (number.length > 15 && WHOLE.test(number) && !Number.isSafeInteger(Number(number))) {
      parts.push(text.slice(copied, at), '"', number, '"');
      copied = at + number.length;
    }
    at += Math.max(1, number.length);
  }
  return parts.join("") + text.slice(copied);
}

const NUMBER_START = /[-\d]/;
const WHOLE = /^-?\d+$/;

function numberAt(text: string, start: number): string {
  let end = start + 1;
  while (end < text.length && /[\d.eE+-]/.test(text[end])) end++;
  return text.slice(start, end);
}

/** The place after the string that starts here. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    let before = at;
    while (text[before - 1] === "\\") before--;
    if ((at - before) % 2 === 0) return at + 1;
  }
  return text.length;
}

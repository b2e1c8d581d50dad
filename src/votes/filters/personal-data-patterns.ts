/**
 * Finds personal data and secrets in texts. A pattern proposes a place; where more can be checked (check digits,
 * reserved ranges), a function decides. Time is linear in any text: patterns of words run on RE2; those of numbers
 * match at most 60 characters, in only one way.
 *
 * Sources: Luhn's check digit (ISO/IEC 7812-1), IBAN (ISO 13616: lengths by country, mod 97-10), social security
 * numbers (SSA: no area 000, 666 or 9xx), reserved addresses (RFC 1918, 5737, 3849, 6890), reserved names (RFC 2606),
 * E.164, and the published prefixes of keys.
 */
import { isIPv6 } from "node:net";
import { RE2JS } from "re2js";

export const PERSONAL_DATA = [
  "secret",
  "iban",
  "credit-card",
  "social-security-number",
  "email",
  "ip-address",
  "phone",
  "street-address",
] as const;
export type PersonalDataKind = (typeof PERSONAL_DATA)[number];

interface Detector {
  kind: PersonalDataKind;
  /** A text that does not match this has none; it avoids running the slower pattern. */
  gate?: RegExp;
  pattern: RE2JS | RegExp;
  /** The end of the personal data in a proposed place that begins at `start`; undefined if it holds none. */
  end?: (text: string, start: number, end: number) => number | undefined;
}

const pattern = (source: string, flags = 0): RE2JS => RE2JS.compile(source, flags);
const ANY_CASE = RE2JS.CASE_INSENSITIVE;

const STREETS =
  "Street|St\\.?|Avenue|Ave\\.?|Road|Rd\\.?|Boulevard|Blvd\\.?|Lane|Ln\\.?|Drive|Dr\\.?|Court|Ct\\.?|Place|Square|Terrace|Way|Highway|Hwy\\.?|Parkway|Crescent|Close";
const NAME = "\\p{Lu}[\\p{L}.'’-]{0,24}";

/** In order of precedence: of overlapping places, the one of the earlier detector is kept. */
const DETECTORS: readonly Detector[] = [
  {
    kind: "secret",
    gate: /AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|sk-|xox|AIza|hf_|npm_|eyJ|-----BEGIN/,
    pattern: pattern(
      [
        "\\b(?:AKIA|ASIA)[0-9A-Z]{16}\\b",
        "\\bgh[pousr]_[A-Za-z0-9]{36,255}\\b",
        "\\bgithub_pat_[A-Za-z0-9_]{22,255}\\b",
        "\\bglpat-[A-Za-z0-9_-]{20,64}",
        "\\bsk-[A-Za-z0-9_-]{20,255}",
        "\\bxox[abeprs]-[A-Za-z0-9-]{10,255}",
        "\\bAIza[0-9A-Za-z_-]{35}",
        "\\bhf_[A-Za-z0-9]{30,64}\\b",
        "\\bnpm_[A-Za-z0-9]{36}\\b",
        "\\beyJ[A-Za-z0-9_-]{10,1000}\\.eyJ[A-Za-z0-9_-]{10,1000}\\.[A-Za-z0-9_-]{10,1000}",
        "-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----",
      ].join("|"),
    ),
  },
  {
    kind: "secret",
    gate: /key|secret|token|passw|pwd|passe|contras/i,
    pattern: pattern(
      "\\b(?:api[_ -]?key|access[_ -]?key|secret|token|password|passwd|pwd|passwort|mot de passe|contraseña)[\"']?\\s{0,3}(?:[:=]|is|ist|est|es)\\s{0,3}[\"']?[^\\s\"',;]{8,128}",
      ANY_CASE,
    ),
    end: (text, start, end) => (looksRandom(text.slice(start, end)) ? end : undefined),
  },
  { kind: "iban", pattern: /\b[A-Z]{2}[0-9]{2}[ -]?[A-Z0-9]{4}/gi, end: ibanEnd },
  {
    kind: "credit-card",
    pattern: /[0-9](?:[ -]?[0-9]){12,18}/g,
    end: (text, start, end) =>
      !touchesDigit(text, start, end) && isCard(digitsOf(text.slice(start, end))) ? end : undefined,
  },
  {
    kind: "social-security-number",
    pattern: /\b[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}\b/g,
    end: (text, start, end) =>
      !touchesDigit(text, start, end) && isSocialSecurity(digitsOf(text.slice(start, end))) ? end : undefined,
  },
  {
    kind: "email",
    gate: /@/,
    pattern: pattern("[\\p{L}0-9._%+'-]{1,64}@(?:[\\p{L}0-9-]{1,63}\\.){1,8}\\p{L}{2,24}"),
    end: (text, start, end) => (isReservedDomain(text.slice(start, end)) ? undefined : end),
  },
  {
    kind: "email",
    gate: /[([{] ?(?:at|ät|arroba|chez)/i,
    pattern: pattern(
      "\\b[a-z0-9._-]{2,64} ?[(\\[{] ?(?:at|ät|arroba|chez) ?[)\\]}] ?[a-z0-9-]{2,63}(?: ?[(\\[{] ?(?:dot|punkt|punto|point) ?[)\\]}] ?|\\.)[a-z]{2,24}\\b",
      ANY_CASE,
    ),
  },
  {
    kind: "ip-address",
    pattern: /(?:[0-9]{1,3}\.){3}[0-9]{1,3}/g,
    end: (text, start, end) =>
      !touchesDigit(text, start, end, ".") && isPublicIpv4(text.slice(start, end)) && !isVersion(text, start)
        ? end
        : undefined,
  },
  {
    kind: "ip-address",
    pattern: /\b[0-9a-f]{1,4}:[0-9a-f:]{5,41}(?![0-9a-z:])/gi,
    end: (text, start, end) => (isPublicIpv6(text.slice(start, end)) ? end : undefined),
  },
  {
    kind: "phone",
    pattern: /(?:\+|\b00)?\(?[0-9](?:[ ()./-]{0,2}[0-9]){6,17}/g,
    end: (text, start, end) => (isPhone(text, start, end) ? end : undefined),
  },
  {
    kind: "street-address",
    gate: /[0-9]/,
    pattern: pattern(
      [
        `\\b[0-9]{1,5}[A-Za-z]?,? (?:${NAME} ){1,4}(?:${STREETS})(?:\\b|\\s|$)`,
        `\\b${NAME}(?:straße|strasse|str\\.|gasse|allee|platz|weg|straat|laan|plein) [0-9]{1,4}[a-z]?\\b`,
        "\\b[0-9]{1,4}(?: ?(?:bis|ter))?,? (?:rue|avenue|boulevard|place|chemin|impasse|allée|quai) (?:de |du |des |la |le |les |l'|d'|l’|d’){0,3}\\p{Lu}\\p{L}{1,24}",
        `\\b(?:Calle|Avenida|Avda?\\.|Plaza|Paseo|Rua|Praça|Via|Viale|Piazza|Corso|ulica|ul\\.) (?:de |del |da |do |la |las |los |della |dei ){0,2}(?:${NAME},? ){1,4}(?:n[º°.]? ?)?[0-9]{1,4}\\b`,
        "\\bP\\. ?O\\. ?Box [0-9]{1,6}\\b",
        "\\bPO Box [0-9]{1,6}\\b",
      ].join("|"),
    ),
  },
];

/** A place of personal data in a text: the characters from `start` up to, but not including, `end`. */
export interface PersonalData {
  kind: PersonalDataKind;
  start: number;
  end: number;
}

/** Personal data in a text, in order, without overlaps. Time is linear in the text. */
export function findPersonalData(text: string): PersonalData[] {
  const found: PersonalData[] = [];
  for (const { kind, gate, pattern, end: endOf } of DETECTORS) {
    if (gate?.test(text) === false) continue;
    const taken = [...found];
    let last = 0;
    for (const [start, proposed] of places(pattern, text)) {
      const end = endOf === undefined ? proposed : endOf(text, start, proposed);
      if (end === undefined || start < last || overlaps(taken, start, end)) continue;
      found.push({ kind, start, end });
      last = end;
    }
    found.sort((a, b) => a.start - b.start);
  }
  return found;
}

/** The places where a pattern matches, in order. */
function* places(pattern: RE2JS | RegExp, text: string): Generator<[number, number]> {
  if (pattern instanceof RegExp) {
    for (const match of text.matchAll(pattern)) yield [match.index, match.index + match[0].length];
  } else {
    const matcher = pattern.matcher(text);
    while (matcher.find()) yield [matcher.start(), matcher.end()];
  }
}

/** Whether any of the places, which are sorted and disjoint, overlaps [start, end). */
function overlaps(taken: readonly PersonalData[], start: number, end: number): boolean {
  let [low, high] = [0, taken.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (taken[middle].end <= start) low = middle + 1;
    else high = middle;
  }
  return low < taken.length && taken[low].start < end;
}

const digitsOf = (text: string): string => text.replace(/[^0-9]/g, "");
const isDigit = (sign: string | undefined): boolean => sign !== undefined && sign >= "0" && sign <= "9";

/** Whether a digit comes right before or after a place, or is separated from it only by `joint`. */
function touchesDigit(text: string, start: number, end: number, joint = ""): boolean {
  const before = joint !== "" && text[start - 1] === joint ? text[start - 2] : text[start - 1];
  const after = joint !== "" && text[end] === joint ? text[end + 1] : text[end];
  return isDigit(before) || isDigit(after);
}

/**
 * Luhn's check: every second digit from the right is doubled, and the sum of all resulting digits must be a multiple of
 * ten.
 */
export function luhn(digits: string): boolean {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = Number(digits[digits.length - 1 - i]) * (1 + (i % 2));
    sum += digit > 9 ? digit - 9 : digit;
  }
  return sum % 10 === 0;
}

/** Issuers' prefixes and lengths: Visa, Mastercard, American Express, Discover, JCB, Diners Club, UnionPay. */
const CARDS =
  /^(?:4(?:\d{12}|\d{15}|\d{18})|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}|3[47]\d{13}|6(?:011|5\d\d|4[4-9]\d)\d{12}|35(?:2[89]|[3-8]\d)\d{12}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17})$/;
const isCard = (digits: string): boolean => CARDS.test(digits) && luhn(digits) && !/^(\d)\1+$/.test(digits);

/** Numbers printed in advertisements, which belong to no person. */
const ADVERTISED = new Set(["078051120", "219099999"]);

function isSocialSecurity(digits: string): boolean {
  const [area, group, serial] = [digits.slice(0, 3), digits.slice(3, 5), digits.slice(5)];
  return !/^(?:000|666|9\d\d)$/.test(area) && group !== "00" && serial !== "0000" && !ADVERTISED.has(digits);
}

/** Lengths of IBANs by country (SWIFT's IBAN registry). */
const IBAN_LENGTHS: Readonly<Record<string, number>> = {
  AD: 24,
  AE: 23,
  AL: 28,
  AT: 20,
  AZ: 28,
  BA: 20,
  BE: 16,
  BG: 22,
  BH: 22,
  BR: 29,
  BY: 28,
  CH: 21,
  CR: 22,
  CY: 28,
  CZ: 24,
  DE: 22,
  DK: 18,
  DO: 28,
  EE: 20,
  EG: 29,
  ES: 24,
  FI: 18,
  FO: 18,
  FR: 27,
  GB: 22,
  GE: 22,
  GI: 23,
  GL: 18,
  GR: 27,
  GT: 28,
  HR: 21,
  HU: 28,
  IE: 22,
  IL: 23,
  IQ: 23,
  IS: 26,
  IT: 27,
  JO: 30,
  KW: 30,
  KZ: 20,
  LB: 28,
  LI: 21,
  LT: 20,
  LU: 20,
  LV: 21,
  MC: 27,
  MD: 24,
  ME: 22,
  MK: 19,
  MR: 27,
  MT: 31,
  MU: 30,
  NL: 18,
  NO: 15,
  PK: 24,
  PL: 28,
  PS: 29,
  PT: 25,
  QA: 29,
  RO: 24,
  RS: 22,
  SA: 24,
  SE: 24,
  SI: 19,
  SK: 24,
  SM: 27,
  TN: 24,
  TR: 26,
  UA: 29,
  VA: 22,
  VG: 24,
  XK: 20,
};

/**
 * The end of an IBAN that begins at `start`: it has its country's number of letters and digits, with single spaces or
 * dashes between them, and valid check digits. Undefined if there is none.
 */
function ibanEnd(text: string, start: number): number | undefined {
  const length = IBAN_LENGTHS[text.slice(start, start + 2).toUpperCase()];
  if (length === undefined) return undefined;
  let [iban, at] = ["", start];
  for (; at < text.length && iban.length < length; at++) {
    if (/[A-Za-z0-9]/.test(text[at])) iban += text[at].toUpperCase();
    else if (!(text[at] === " " || text[at] === "-") || text[at - 1] === text[at]) return undefined;
  }
  if (iban.length < length || /[A-Za-z0-9]/.test(text[at] ?? "")) return undefined;
  return mod97(iban.slice(4) + iban.slice(0, 4)) === 1 ? at : undefined;
}

/** Remainder modulo 97 of digits and letters (A = 10, ..., Z = 35) read as one number. */
export function mod97(signs: string): number {
  let rest = 0;
  for (const sign of signs) {
    const value = Number.parseInt(sign, 36);
    rest = (value > 9 ? rest * 100 + value : rest * 10 + value) % 97;
  }
  return rest;
}

/** Domains reserved for examples and tests (RFC 2606). */
const isReservedDomain = (address: string): boolean =>
  /(?:[@.]example(?:\.(?:com|org|net))?|\.test|\.invalid|\.localhost)$/i.test(address);

function isPublicIpv4(address: string): boolean {
  const parts = address.split(".").map(Number);
  if (parts.some((part) => part > 255) || /(?:^|\.)0\d/.test(address)) return false;
  const [a, b, c] = parts;
  const reserved =
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && (b === 168 || (b === 0 && (c === 0 || c === 2)))) ||
    (a === 198 && (b === 18 || b === 19 || (b === 51 && c === 100))) ||
    (a === 203 && b === 0 && c === 113);
  return !reserved;
}

/** Four numbers after "version", "v" or a section sign are not an address. */
const isVersion = (text: string, start: number): boolean =>
  /(?:version|release|section|chapter|[v§])[ .:]?$/i.test(text.slice(Math.max(0, start - 12), start));

const isPublicIpv6 = (address: string): boolean =>
  isIPv6(address) && !/^(?:::|fe[89ab]|f[cd]|ff|0{0,4}:|2001:0?db8)/i.test(address);

const PHONE_WORDS =
  /(?:tel(?:ephone|efon|éfono|efono)?|phone|call(?: me)?(?: at| on)?|mobile?|cell|fax|whatsapp|handy|nummer|number is|téléphone|portable|celular|móvil|电话|手机|電話|тел)[ .:)#-]{0,4}(?:is |at |on |: ?)?$/iu;

/**
 * Accepts international numbers (E.164: + and 8 to 15 digits), North American ones (area and exchange begin with 2 to
 * 9) with separators, national ones in groups that begin with 0, Chinese mobile numbers, and any 7 to 15 digits that
 * the text calls a phone number.
 */
function isPhone(text: string, start: number, end: number): boolean {
  const proposed = text.slice(start, end);
  const number = proposed.startsWith("(") && !proposed.includes(")") ? proposed.slice(1) : proposed;
  const digits = digitsOf(number);
  if (touchesDigit(text, start, end, ".") || /[\p{L}_$€£#]$/u.test(text.slice(Math.max(0, start - 1), start)))
    return false;
  if (isDate(number) || /^\d{3}-\d{2}-\d{4}$/.test(number)) return false;
  if (number.startsWith("+")) return digits.length >= 8 && digits.length <= 15;
  if (number.startsWith("00") && /^00[1-9]\d{8,13}$/.test(digits)) return true;
  if (/^\(?(?:1[ .-])?\(?[2-9]\d\d\)?[ .-]{1,2}[2-9]\d\d[ .-]\d{4}$/.test(number)) return true;
  if (/^1[3-9]\d{9}$/.test(digits)) return number.length === 11 || /^\d{3}[ -]\d{4}[ -]\d{4}$/.test(number);
  if (/^\(?0[1-9]\d{0,4}\)?[ /.-]/.test(number) && digits.length >= 9 && digits.length <= 12) return true;
  const said = PHONE_WORDS.test(text.slice(Math.max(0, start - 24), start));
  return said && digits.length >= 7 && digits.length <= 15;
}

const isDate = (number: string): boolean =>
  /^(?:\d{4}[-./ ]\d{1,2}[-./ ]\d{1,2}|\d{1,2}[-./ ]\d{1,2}[-./ ]\d{4})(?:\D|$)/.test(number) ||
  /^\d{4} ?[-/] ?\d{4}$/.test(number);

/**
 * Whether a value mixes letters and digits, with at least 2.5 bits of entropy per character, unlike a word of a
 * language.
 */
function looksRandom(assignment: string): boolean {
  const value = /(?:[:=]|\s(?:is|ist|est|es)\s)\s*["']?(\S+)$/i.exec(assignment)?.[1] ?? "";
  if (!/[0-9]/.test(value) || !/[A-Za-z]/.test(value)) return false;
  const counts = new Map<string, number>();
  for (const sign of value) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) entropy -= (count / value.length) * Math.log2(count / value.length);
  return entropy >= 2.5;
}

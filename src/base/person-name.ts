/** Names of people as files write them. */

/** Printable ASCII without spaces at its ends: one form of one name. */
const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * A name by which one person is one: composed (Unicode NFC) and without white space at its ends, so that "José" typed on
 * two systems, or with a space behind it, is the same. Letter case and spaces within count. May be empty.
 */
export const personName = (raw: string): string => (PLAIN.test(raw) ? raw : raw.normalize("NFC").trim());

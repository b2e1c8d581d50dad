import { randomBytes } from "node:crypto";
import { z } from "zod";

/** Random bytes of one id, and bytes drawn per call: a call costs about as much as a hundred more bytes. */
const RANDOM_BYTES = 16;
const DRAWN_TOGETHER = 512 * RANDOM_BYTES;
let drawn = Buffer.alloc(0);

function randomBytesOfId(): Buffer {
  if (drawn.length === 0) drawn = randomBytes(DRAWN_TOGETHER);
  const taken = drawn.subarray(0, RANDOM_BYTES);
  drawn = drawn.subarray(RANDOM_BYTES);
  return taken;
}

/** Most characters of a name. */
const MAX_NAME = 200;

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

/**
 * A new id: a letter for the kind of thing, the time in milliseconds (10 digits) and 80 random bits (16 digits), in
 * base 32. Ids of about the same time are adjacent in an index, and ids cannot be guessed.
 */
export function newId(letter: string, now: number): string {
  let time = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = DIGITS[rest % 32] + time;
  let random = "";
  for (const byte of randomBytesOfId()) random += DIGITS[byte % 32];
  return `${letter}-${time}${random}`;
}

const storable = (text: string) => !text.includes("\0") && !/\p{Surrogate}/u.test(text);

/** Text that both databases store unchanged: without NUL or unpaired surrogates. */
export const storedText = (most: number) =>
  z
    .string()
    .max(most)
    .refine(storable, "holds a character that cannot be stored (NUL or half a surrogate pair)");

/** A short name for people to read. */
export const storedName = storedText(MAX_NAME).refine((name) => name.trim() !== "", "is blank");

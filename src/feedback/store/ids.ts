import { randomBytes } from "node:crypto";
import { z } from "zod";

/** Random bytes of one id, and how many are drawn at once: a draw costs as much as a hundred bytes more of it. */
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
 * A new id: its thing's letter, the time (48 bits, in milliseconds) and 80 random bits, in base 32. Ids of one time lie side by
 * side in an index, and nobody can guess one.
 */
export function newId(letter: string, now: number): string {
  let time = "";
  for (let rest = now, i = 0; i < 10; i++, rest = Math.floor(rest / 32)) time = DIGITS[rest % 32] + time;
  let random = "";
  for (const byte of randomBytesOfId()) random += DIGITS[byte % 32];
  return `${letter}-${time}${random}`;
}

const storable = (text: string) => !text.includes("\0") && !/\p{Surrogate}/u.test(text);

/** Text that both databases hold unchanged: without NUL and halves of surrogate pairs. */
export const storedText = (most: number) =>
  z
    .string()
    .max(most)
    .refine(storable, "holds a character that cannot be stored (NUL or half a surrogate pair)");

/** A short name for people to read. */
export const storedName = storedText(MAX_NAME).refine((name) => name.trim() !== "", "is blank");

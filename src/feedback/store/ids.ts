import { randomBytes } from "node:crypto";
import { z } from "zod";

/** Most characters of a name. */
const MOST_NAME = 200;

/** A new id: its thing's letter and 100 random bits in base 32. */
export function newId(letter: string): string {
  const bits = [...randomBytes(20)].map((byte) => "0123456789abcdefghjkmnpqrstvwxyz"[byte % 32]);
  return `${letter}-${bits.join("")}`;
}

const storable = (text: string) => !text.includes("\0") && !/\p{Surrogate}/u.test(text);

/** Text that both databases hold unchanged: without NUL and halves of surrogate pairs. */
export const storedText = (most: number) =>
  z
    .string()
    .max(most)
    .refine(storable, "holds a character that cannot be stored (NUL or half a surrogate pair)");

/** A short name for people to read. */
export const storedName = storedText(MOST_NAME).refine((name) => name.trim() !== "", "is blank");

/** Time-based one-time passwords (RFC 6238): HMAC-SHA-1, 6 digits, steps of 30 seconds. */
import { createHmac, randomBytes } from "node:crypto";
import { sameText } from "../http/same-text.js";

const STEP_MILLISECONDS = 30_000;
/** Steps before and after the current one whose codes are accepted, as clocks differ. */
const TOLERANCE = 1;
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/** 160 random bits in base 32. */
export function newCodeSecret(): string {
  return [...randomBytes(32)].map((byte) => BASE32[byte % 32]).join("");
}

/**
 * code(T) = the last 6 digits of the 31 bits of HMAC-SHA-1(secret, T) that its last 4 bits point at (RFC 4226, 5.3).
 */
export function codeOfStep(secret: string, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac("sha1", fromBase32(secret)).update(counter).digest();
  const bits = mac.readUInt32BE(mac[mac.length - 1] & 15) & 0x7fffffff;
  return String(bits % 1_000_000).padStart(6, "0");
}

/** @returns the step of a code that is valid now and later than the last one used; undefined for any other code. */
export function stepOfCode(secret: string, code: string, now: number, lastStep: number): number | undefined {
  const current = Math.floor(now / STEP_MILLISECONDS);
  let found: number | undefined;
  for (let step = current - TOLERANCE; step <= current + TOLERANCE; step++)
    if (sameText(codeOfStep(secret, step), code) && step > lastStep) found ??= step;
  return found;
}

/** The otpauth URI that apps read from a QR code. */
export function codeUri(secret: string, login: string): string {
  return `otpauth://totp/${encodeURIComponent(`Plumbline:${login}`)}?secret=${secret}&issuer=Plumbline`;
}

function fromBase32(text: string): Buffer {
  const bytes: number[] = [];
  let [bits, count] = [0, 0];
  for (const character of text) {
    bits = ((bits << 5) | BASE32.indexOf(character)) & 0xfff;
    count += 5;
    if (count >= 8) bytes.push((bits >> (count -= 8)) & 255);
  }
  return Buffer.from(bytes);
}

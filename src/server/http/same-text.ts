import { timingSafeEqual } from "node:crypto";

/** Whether two texts are equal, compared in a time that reveals at most their lengths. */
export function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

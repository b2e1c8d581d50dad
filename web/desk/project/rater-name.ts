import type { DeskStrings } from "../strings/index.js";

/** A short form of a pseudonym for people: its end, which is random. */
export const raterName = (rater: string, common: DeskStrings["common"]): string =>
  common.raterNumber(rater.slice(-5));

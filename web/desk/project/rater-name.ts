import type { DeskStrings } from "../strings/index.js";

/** A pseudonym short enough for people: the end of it, which is random. */
export const raterName = (rater: string, common: DeskStrings["common"]): string =>
  common.raterNumber(rater.slice(-5));

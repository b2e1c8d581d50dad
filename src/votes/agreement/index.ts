/**
 * Agreement of raters: Krippendorff's alpha, Fleiss' and Cohen's kappa, and percent agreement, with intervals, by group
 * and over time.
 */
export { cohenKappa, fleissKappa, percentAgreement } from "./kappa.js";
export { ALPHA_LEVELS, type AlphaLevel, krippendorffAlpha } from "./krippendorff.js";
export { type AgreementReport, agreementReport, type RatedVotes } from "./report.js";
export type { Agreement } from "./resampled.js";
export type { RatedUnits } from "./units.js";

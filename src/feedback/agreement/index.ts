/** How far raters agree: Krippendorff's alpha, Fleiss' and Cohen's kappa, percent; by group and over time; with intervals. */
export { cohenKappa, fleissKappa, percentAgreement } from "./kappa.js";
export { ALPHA_LEVELS, type AlphaLevel, krippendorffAlpha } from "./krippendorff.js";
export { type AgreementReport, agreementReport, type RatedVotes } from "./report.js";
export type { Agreement } from "./resampled.js";
export type { RatedUnits } from "./units.js";

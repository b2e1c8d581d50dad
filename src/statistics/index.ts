/** Estimates with their intervals. */
export { clustersOf } from "./clusters.js";
export * from "./estimates.js";
export { formatInterval } from "./format-interval.js";
export * from "./means.js";
export * from "./rates.js";

/**
 * Finds doubtful votes and items for a person to decide on. Each filter has its own file and is a pure function of
 * votes and items. Statistical filters have a bound on how often they flag an honest rater; the accuracy of those that
 * read texts was measured (docs/filters.md).
 */
export { type FilterConfig, filterSchema } from "./config.js";
export { FILTERS, type FilterName, type Finding } from "./finding.js";
export { harmfulRequest } from "./harmful-requests.js";
export {
  findPersonalData,
  PERSONAL_DATA,
  type PersonalData,
  type PersonalDataKind,
} from "./personal-data-patterns.js";
export { heldVotes, runFilters } from "./run.js";
export { similarTexts } from "./similar-texts.js";

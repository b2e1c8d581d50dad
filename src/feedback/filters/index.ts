/**
 * What is doubtful about votes and items, for a person to decide on: a file for each filter, pure functions of votes and items. Statistical
 * filters say how often they find an honest rater; those that read texts are measured (docs/filters.md).
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

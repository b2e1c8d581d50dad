/**
 * How items are handed out: what a turn shows, when an item is decided, and which items are most valuable. Pure
 * functions.
 */
export { diverseItems } from "./diversity.js";
export { screenOrder, type Turn, type TurnKind, turnChoice, turnKind } from "./mix.js";
export {
  disagreement,
  diverse,
  entropy,
  informationGain,
  SELECTIONS,
  type Selection,
  selectionValue,
  uncertainty,
} from "./selection.js";
export { AssignmentSettings } from "./settings.js";
export {
  isDecided,
  MAX_RELIABLE,
  posterior,
  type SignedVote,
  type StoppingRule,
  signsOf,
} from "./stopping.js";

/** What the pages know of each kind of task: the only values of src that they load. */
export { asksForText, aspectsOrKind } from "../src/votes/tasks/kind-tables.js";

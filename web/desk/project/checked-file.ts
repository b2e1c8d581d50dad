import type { ResultOf } from "../../api/client.js";

/** What the server says of a file before anything is added. */
export type CheckedFile = ResultOf<"importFile">;
/** What a lead says that columns are. */
export type Choices = CheckedFile["choices"];

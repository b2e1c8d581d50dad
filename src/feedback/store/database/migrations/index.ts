import { collection } from "./0001-collection.js";
import { accounts } from "./0002-accounts.js";
import { memberStates } from "./0003-member-states.js";
import { training } from "./0004-training.js";
import { memberNumbers } from "./0005-member-numbers.js";
import { showings } from "./0006-showings.js";
import { auditCoversRows } from "./0007-audit-covers-rows.js";
import { leadVerbs } from "./0008-lead-verbs.js";
import { importColumns } from "./0009-import-columns.js";
import type { Migration } from "./migration.js";

/** Every step from an empty database to the current schema, in order. */
export const migrations: readonly Migration[] = [
  ...[collection, accounts, memberStates, training, memberNumbers],
  ...[showings, auditCoversRows, leadVerbs, importColumns],
];

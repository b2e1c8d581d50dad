import type { ReadColumn } from "../../feedback/exchange/index.js";
import { formatTable } from "../table.js";
import { printable } from "../text-width.js";

const SAID: Partial<Record<ReadColumn["role"], string>> = {
  system: "system prompt",
  conversation: "conversation, which ends with a response",
  source: "source, never shown",
  gold: "right answer",
  metadata: "kept, never shown",
  ignored: "not kept",
  vote: "votes",
};
/** Most columns of an example on a terminal. */
const WIDTH = 48;

/** What each column is taken for, with an example. */
export const columnTable = (columns: readonly ReadColumn[]): string =>
  formatTable(
    ["column", "taken for", "for example"],
    columns.map(({ name, role, of, example }) => [
      printable(name),
      `${SAID[role] ?? role}${of === undefined ? "" : ` (of ${printable(of)})`}`,
      printable(example.slice(0, WIDTH)),
    ]),
  );

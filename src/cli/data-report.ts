/** What `plumb data` says of a dataset. */
import { describeLocation } from "../base/location.js";
import type { Examined } from "../data/index.js";
import { fieldTable } from "./field-table.js";
import { formatTable } from "./table.js";
import { printable } from "./text-width.js";

/** A table of the columns, with the number of rows in which each holds something and its use. */
const columnTable = (columns: Examined["columns"]): string =>
  formatTable(
    ["column", "rows", "use"],
    columns.map(({ name, rows, use }) => [printable(name), rows, use]),
  );

/** A line for each fault of the rows that training would not refuse; none if there is none. */
function qualityLines({ quality }: Pick<Examined, "quality">, maxLength: number | undefined): string[] {
  if (quality === undefined) return [];
  const { as, rows, duplicates, samePrompt, equalSides, emptyAnswers, cut } = quality;
  const said: [number | undefined, string][] = [
    [duplicates, "say the same as an earlier one"],
    [samePrompt, "have the prompt of an earlier one with another answer"],
    [equalSides, "have the same text on both sides: they teach nothing"],
    [emptyAnswers, "have an answer that is empty"],
    [cut, `have more than ${maxLength} tokens: they are cut`],
  ];
  const lines = said.flatMap(([count, what]) => (count === undefined ? [] : [`  ${count} ${what}`]));
  return lines.length === 0 ? [] : [`Of ${rows} ${as}:`, ...lines];
}

/** Why rows cannot be used for anything, or not for what their columns are for. */
const reasonLines = ({ usable, unusable }: Pick<Examined, "usable" | "unusable">): string[] => {
  const reasons = [...new Set(Object.values(unusable))];
  const shown = usable.length === 0 ? reasons : reasons.filter((reason) => reason.includes("is not read"));
  return shown.map((reason) => `  ${printable(reason)}`);
};

/** The first rows as training reads them, with their places in words; undefined if none were asked for. */
export const placedHead = ({ head }: Pick<Examined, "head">): object | undefined =>
  head && {
    as: head.as,
    rows: head.rows.map(({ where, ...row }) => ({ at: describeLocation(where), ...row })),
  };

/** @param file the dataset's name. @param show how many rows to show with the lengths of their fields. */
export function dataReport(
  file: string,
  examined: Examined,
  { show, maxLength }: { show: number; maxLength: number },
): string {
  const { files, format, rows, usable, problems, columns, head } = examined;
  const once = problems.length > 0 && usable.length > 0 ? " once every row is right" : "";
  const shards = files.length > 1 ? ` in ${files.length} files` : "";
  return [
    `${file}: ${rows.length} rows${shards}, ${format} format; usable as ${usable.join(", ") || "nothing here"}${once}`,
    ...reasonLines(examined),
    ...(show > 0 ? ["", columnTable(columns), ...qualityLines(examined, maxLength)] : []),
    ...(show > 0 ? ["", "Characters of each field:", fieldTable(rows.slice(0, show))] : []),
    ...(head
      ? [
          "",
          `As ${head.as}:`,
          ...head.rows.map(({ where, ...row }) =>
            printable(JSON.stringify({ at: describeLocation(where), ...row })),
          ),
        ]
      : []),
  ].join("\n");
}

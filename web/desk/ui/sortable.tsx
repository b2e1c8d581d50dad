import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { useDesk } from "../strings/index.js";

interface SortColumn<T> {
  title: string;
  cell(row: T): ComponentChildren;
  /** The value that rows are sorted by; rows without one come last. */
  by?: (row: T) => number | string | null | undefined;
  numeric?: boolean;
  /** The first press sorts in descending order. */
  down?: boolean;
}

/** A table that is sorted by pressing a column's heading. */
export function SortableTable<T>(props: {
  caption: string;
  columns: readonly SortColumn<T>[];
  rows: readonly T[];
  rowKey(row: T): string;
  /** Title of the column by which rows are sorted initially. */
  first?: string;
}) {
  const { common } = useDesk();
  const { columns, caption, rowKey } = props;
  const [by, setBy] = useState({ title: props.first ?? "", turned: false });
  const column = columns.find(({ title }) => title === by.title);
  const sign = (column?.down ? -1 : 1) * (by.turned ? -1 : 1);
  const rows =
    column?.by === undefined
      ? props.rows
      : [...props.rows].sort((a, b) => compare(column.by?.(a), column.by?.(b), sign));
  const press = (title: string) => setBy({ title, turned: by.title === title && !by.turned });
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="table-frame" tabIndex={0} aria-label={caption}>
      <table>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map(({ title, by: value, numeric }) => (
              <th
                key={title}
                scope="col"
                class={numeric ? "numeric" : undefined}
                aria-sort={title === by.title ? (sign > 0 ? "ascending" : "descending") : undefined}
              >
                {value === undefined ? (
                  title
                ) : (
                  <button
                    type="button"
                    class="sort"
                    title={common.sortBy(title)}
                    onClick={() => press(title)}
                  >
                    {title}
                    <span aria-hidden="true">{title === by.title ? (sign > 0 ? " ▲" : " ▼") : ""}</span>
                  </button>
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map(({ title, cell, numeric }) => (
                <td key={title} class={numeric ? "numeric" : undefined}>
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function compare(a: number | string | null | undefined, b: typeof a, sign: number): number {
  if (a === null || a === undefined) return b === null || b === undefined ? 0 : 1;
  if (b === null || b === undefined) return -1;
  return sign * (typeof a === "string" ? a.localeCompare(String(b)) : a - Number(b));
}

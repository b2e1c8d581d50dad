import type { ComponentChildren } from "preact";

export interface Column<T> {
  title: string;
  /** The content of a row's cell in this column. */
  cell(row: T): ComponentChildren;
  /** Whether the column has numbers, which are aligned right. */
  numeric?: boolean;
}

/** A table that scrolls within itself on narrow screens. */
export function Table<T>(props: {
  caption: string;
  columns: readonly Column<T>[];
  rows: readonly T[];
  /** Unique key of a row. */
  rowKey(row: T): string;
}) {
  const { caption, columns, rows, rowKey } = props;
  const look = ({ numeric }: Column<T>) => (numeric ? "numeric" : undefined);
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reached by the keyboard
    <section class="table-frame" tabIndex={0} aria-label={caption}>
      <table>
        <caption class="visually-hidden">{caption}</caption>
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column.title} scope="col" class={look(column)}>
                {column.title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={rowKey(row)}>
              {columns.map((column) => (
                <td key={column.title} class={look(column)}>
                  {column.cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

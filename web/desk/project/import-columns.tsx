/** What each column of a file is taken for, with an example; the lead may say otherwise. */
import { useId } from "preact/hooks";
import { useDesk } from "../strings/index.js";
import { useFormat } from "../ui/format.js";
import type { CheckedFile, Choices } from "./checked-file.js";

type Column = CheckedFile["columns"][number];
type Role = Choices[string];

/** In the order in which they are offered. */
const ROLES: readonly Role[] = [
  ...(["prompt", "system", "conversation", "response", "source", "gold", "id"] as const),
  ...(["metadata", "ignored"] as const),
];
const isRole = (role: string): role is Role => ROLES.some((one) => one === role);

/** @param props.said what was said of columns, which may not have been read yet. */
export function ImportColumns(props: {
  checked: CheckedFile;
  said: Choices;
  change(choices: Choices): void;
}) {
  const { checked, said, change } = props;
  const { upload } = useDesk();
  const { columns, questions, remembered, source } = checked;
  if (columns.length === 0) return null;
  const named = (name: string) => name || upload.noName;
  const most = Math.max(...columns.map(({ filled }) => filled));
  return (
    <section class="stack-small">
      <h3>{upload.columns}</h3>
      <p class="quiet">{source === "votes" ? upload.fixed : upload.columnsText}</p>
      {remembered && (
        <p>
          {upload.remembered}{" "}
          <button type="button" class="as-link" onClick={() => change({})}>
            {upload.forget}
          </button>
        </p>
      )}
      {questions.map(({ about, columns: asked }) => (
        <p key={about} class="notice" role="alert">
          {upload.asked[about](asked.map(named).join(", "))}
        </p>
      ))}
      <ul class="import-columns">
        {columns.map((column) => (
          <ColumnLine
            key={column.name}
            column={Object.hasOwn(said, column.name) ? { ...column, role: said[column.name] } : column}
            most={most}
            change={source === "votes" ? undefined : (role) => change({ ...said, [column.name]: role })}
          />
        ))}
      </ul>
    </section>
  );
}

/** @param props.most rows in which the fullest column holds something. */
function ColumnLine(props: { column: Column; most: number; change: ((role: Role) => void) | undefined }) {
  const { column, most, change } = props;
  const { upload } = useDesk();
  const format = useFormat();
  const id = useId();
  const { name, role, of, filled, example } = column;
  const shown = name || upload.noName;
  return (
    <li class={`import-column import-${role}`}>
      <div class="import-about">
        <label for={id} class="mono" dir="auto">
          {shown}
        </label>
        <p class="quiet import-example" dir="auto">
          {filled === 0 ? upload.empty : example}
        </p>
      </div>
      <div class="import-role">
        {change === undefined ? (
          <output id={id}>{upload.roles[role]}</output>
        ) : (
          <select
            id={id}
            value={role}
            aria-invalid={role === "unclear"}
            onChange={({ currentTarget: { value } }) => isRole(value) && change(value)}
          >
            {!isRole(role) && <option value={role}>{upload.roles[role]}</option>}
            {ROLES.map((one) => (
              <option key={one} value={one}>
                {upload.roles[one]}
              </option>
            ))}
          </select>
        )}
        {of !== undefined && <p class="field-hint">{upload.sourceOf(of)}</p>}
        {filled > 0 && filled < most && (
          <p class="field-hint">{upload.filled(format.count(filled), format.count(most))}</p>
        )}
      </div>
    </li>
  );
}

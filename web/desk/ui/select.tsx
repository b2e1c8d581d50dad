import { useId } from "preact/hooks";

/** A choice of one of several words. */
export function Select<const T extends string>(props: {
  label: string;
  hint?: string | undefined;
  options: readonly T[];
  names: Readonly<Record<string, string>>;
  value: NoInfer<T>;
  change: (value: NoInfer<T>) => void;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <select
        id={id}
        value={props.value}
        onChange={(event) => props.change(event.currentTarget.value as T)}
        {...(props.hint && { "aria-describedby": `${id}-hint` })}
      >
        {props.options.map((option) => (
          <option key={option} value={option}>
            {props.names[option]}
          </option>
        ))}
      </select>
      {props.hint && (
        <p id={`${id}-hint`} class="field-hint">
          {props.hint}
        </p>
      )}
    </div>
  );
}

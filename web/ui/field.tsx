import type { JSX } from "preact";
import { useId } from "preact/hooks";

type FieldProps = JSX.IntrinsicElements["input"] & {
  label: string;
  /** Shown below the field. */
  hint?: string;
  /** What is wrong with the value. */
  problem?: string;
};

/** An input with its label, a hint, and what is wrong with it. */
export function Field({ label, hint, problem, ...rest }: FieldProps) {
  const id = useId();
  const told = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        {...rest}
        id={id}
        aria-invalid={problem !== undefined}
        {...(told !== "" && { "aria-describedby": told })}
      />
      {hint && (
        <p id={`${id}-hint`} class="field-hint">
          {hint}
        </p>
      )}
      {problem && (
        <p id={`${id}-problem`} class="field-problem">
          {problem}
        </p>
      )}
    </div>
  );
}

/** A choice of one of a few options, all visible. */
export function Choice<T extends string>(props: {
  label: string;
  options: readonly T[];
  names: Readonly<Record<T, string>>;
  value: T;
  change(value: T): void;
}) {
  const id = useId();
  return (
    <fieldset class="choice">
      <legend>{props.label}</legend>
      <div class="choice-options">
        {props.options.map((option) => (
          <label key={option}>
            <input
              type="radio"
              name={id}
              checked={option === props.value}
              onChange={() => props.change(option)}
            />
            <span>{props.names[option]}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

import { useId } from "preact/hooks";

/** A field of several lines. */
export function TextArea(props: {
  label: string;
  hint?: string;
  value: string;
  change(value: string): void;
  rows?: number;
  maxLength?: number;
  mono?: boolean;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{props.label}</label>
      <textarea
        id={id}
        class={props.mono ? "text-area mono" : "text-area"}
        dir="auto"
        rows={props.rows ?? 4}
        maxLength={props.maxLength}
        value={props.value}
        onInput={(event) => props.change(event.currentTarget.value)}
        {...(props.hint && { "aria-describedby": `${id}-hint` })}
      />
      {props.hint && (
        <p id={`${id}-hint`} class="field-hint">
          {props.hint}
        </p>
      )}
    </div>
  );
}

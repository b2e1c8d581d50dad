import type { ComponentChildren, JSX } from "preact";

/** A key as it is printed on buttons. */
function KeyHint({ name }: { name: string }) {
  return (
    <span class="key-hint" aria-hidden="true">
      {name}
    </span>
  );
}

type ButtonProps = Omit<JSX.IntrinsicElements["button"], "size"> & {
  children: ComponentChildren;
  /** primary: the main action of the page; quiet: without a frame; danger: an action that cannot be undone. */
  look?: "primary" | "quiet" | "danger";
  /** Key that does the same, printed on the button. */
  hint?: string;
};

export function Button({ look, hint, children, class: extra, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      class={["button", look && `button-${look}`, extra].filter(Boolean).join(" ")}
      aria-keyshortcuts={hint}
    >
      <span>{children}</span>
      {hint !== undefined && <KeyHint name={hint} />}
    </button>
  );
}
